/**
 * What a kernel is, apart from any device: WGSL, the buffers it binds, and its launch shape. Everything in
 * `src/kernels` is pure: a spec (shapes as numbers) goes in, a `Kernel` comes out, and `src/gpu` compiles and runs it.
 * Shapes are constants of the shader or, where one text serves many shapes, its `params`; what changes from step to step is
 * in a buffer.
 */

/** Element type of a storage buffer as the shader sees it. bool tensors are u32 of 0 or 1. */
export type Element = 'f32' | 'i32' | 'u32' | 'vec4<f32>' | 'vec4<i32>' | 'vec4<u32>';

export interface Kernel {
  /** Dotted, as in `conv2d.weightGrad.partial`; shown by the profiler and in errors. */
  readonly name: string;
  /** The complete shader; its entry point is `main`. */
  readonly wgsl: string;
  /** How each binding of group 0 is used, in binding order: inputs first, then outputs. */
  readonly access: readonly ('read' | 'write')[];
  readonly workgroups: readonly [number, number, number];
  /** The u32 fields of the uniform `params`, bound after `access`; they never change. */
  readonly params?: readonly number[];
  /** Multiplications and additions of one launch, where they are what a kernel spends its time on. */
  readonly flops?: number;
}

export interface KernelSource {
  name: string;
  /** Bound read-only, in this order, before the outputs. */
  read?: Readonly<Record<string, Element>>;
  /** Bound read-write (outputs, and state updated in place). */
  write: Readonly<Record<string, Element>>;
  workgroups: readonly [number, number, number];
  /** u32 numbers that the shader reads as `params.name`, so that kernels of many shapes share one text (see {@link numbers}). */
  params?: Readonly<Record<string, number>> | undefined;
  flops?: number;
  /** WGSL that must precede everything, such as `enable subgroups;`. */
  enable?: string;
  /** The rest of the shader, with `fn main`. The buffers named above are declared already. */
  wgsl: string;
}

/** Assembles a kernel: declares its buffers in order and appends the body. */
export function kernel(source: KernelSource): Kernel {
  const read = Object.entries(source.read ?? {});
  const write = Object.entries(source.write);
  const declarations = [...read, ...write].map(([name, element], binding) => {
    const access = binding < read.length ? 'read' : 'read_write';
    return `@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${element}>;`;
  });
  const fields = Object.entries(source.params ?? {});
  if (fields.length > 0) {
    declarations.push(
      `struct Params { ${fields.map(([name]) => `${name}: u32`).join(', ')} }`,
      `@group(0) @binding(${declarations.length}) var<uniform> params: Params;`,
    );
  }
  return {
    name: source.name,
    wgsl: `${source.enable ?? ''}${declarations.join('\n')}\n\n${source.wgsl.trim()}\n`,
    access: [...read.map(() => 'read' as const), ...write.map(() => 'write' as const)],
    workgroups: source.workgroups,
    ...(fields.length > 0 ? { params: fields.map(([, value]) => value >>> 0) } : {}),
    ...(source.flops === undefined ? {} : { flops: source.flops }),
  };
}

/** Whole numbers as WGSL expressions of the same names: fields of `params`, or constants of the text. */
export function numbers<Name extends string>(values: Readonly<Record<Name, number>>, asData: boolean) {
  const made = Object.entries<number>(values).map(([name, value]) => [
    name,
    asData ? `params.${name}` : `${value >>> 0}u`,
  ]);
  return Object.fromEntries(made) as Readonly<Record<Name, string>>;
}

/**
 * Interns kernels: the same spec gives the same `Kernel` object, so that pipelines are cached by identity and no WGSL is
 * generated twice. Specs are flat objects of numbers, strings, booleans and arrays of these.
 */
export function interned<Specs extends readonly object[], Made>(make: (...specs: Specs) => Made): typeof make {
  const made = new Map<string, Made>();
  return (...specs) => {
    const key = JSON.stringify(specs);
    let value = made.get(key);
    if (value === undefined) {
      value = make(...specs);
      made.set(key, value);
    }
    return value;
  };
}

/** Workgroups per dimension that every adapter allows. */
const MAX_WORKGROUPS = 65535;

/** Invocations per workgroup of the one-dimensional kernels. */
export const LINEAR_WORKGROUP = 64;

/**
 * Launch shape for `count` independent invocations, folded into two dimensions where one is too short.
 * {@link linearMain} computes the matching index in the shader.
 */
export function linear(count: number): readonly [number, number, number] {
  const groups = Math.ceil(count / LINEAR_WORKGROUP);
  if (groups <= MAX_WORKGROUPS) return [groups, 1, 1];
  const rows = Math.ceil(groups / MAX_WORKGROUPS);
  return [Math.ceil(groups / rows), rows, 1];
}

/** Head of a one-dimensional `main`: declares the function and its index `i`, and returns past `count` (a WGSL expression). */
export const linearMain = (count: string | number): string => `
@compute @workgroup_size(${LINEAR_WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * ${LINEAR_WORKGROUP}u;
  if (i >= ${typeof count === 'number' ? `${count}u` : count}) { return; }`;

/** A kernel with an invocation for each i below `size`, which runs `body`. */
export const linearKernel = ({
  size,
  body,
  ...source
}: Omit<KernelSource, 'workgroups' | 'wgsl'> & { size: number; body: string }): Kernel =>
  kernel({ ...source, workgroups: linear(size), wgsl: `${linearMain(size)}\n${body}\n}` });

/** A float as a WGSL literal that keeps its value. */
export function f32(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`no WGSL literal for ${value}`);
  const text = Math.fround(value).toString();
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}
