/**
 * What a kernel is, apart from any device: WGSL, the buffers it binds, and its launch shape. Everything in
 * `src/kernels` is pure: a spec (shapes as numbers) goes in, a `Kernel` comes out, and `src/gpu` compiles and runs it.
 * Shapes are constants of the shader or, where one text serves many shapes, its `params`; what changes from step to step is
 * in a buffer.
 */

import { kept } from '../known.js';
import type { Element, Kernel, Tail } from './types.js';

export type { Element, Kernel, Tail } from './types.js';

export interface KernelSource {
  name: string;
  /** Bound read-only, in this order, before the outputs. */
  read?: Readonly<Record<string, Element>>;
  /** Bound read-write (outputs, and state updated in place). */
  write: Readonly<Record<string, Element>>;
  workgroups: readonly [number, number, number];
  /** u32 numbers that the shader may read as `params.name`, so that kernels of many shapes share one text (see `numbers`). */
  params?: Readonly<Record<string, number>> | undefined;
  flops?: number;
  /** The rest of the shader, with `fn main`. The buffers named above are declared already, and extensions are enabled. */
  wgsl: string;
  /** The one output, if of f32 or vec4 of them: the shader writes it by `put(value, index)` alone, so that maps can follow there. */
  puts?: string | undefined;
  tail?: Tail;
}

/** Assembles a kernel: declares its buffers in order and appends the body. */
export function kernel(source: KernelSource): Kernel {
  const { puts, tail } = source;
  const read = Object.entries({ ...source.read, ...tail?.read });
  const write = Object.entries({ ...(tail?.keeps === false ? {} : source.write), ...tail?.write });
  const declarations = [...read, ...write].map(([name, element], binding) => {
    const access = binding < read.length ? 'read' : 'read_write';
    return `@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${element}>;`;
  });
  const fields = Object.entries({ ...source.params, ...tail?.params });
  if (fields.length > 0) {
    declarations.push(
      `struct Params { ${fields.map(([name]) => `${name}: u32`).join(', ')} }`,
      `@group(0) @binding(${declarations.length}) var<uniform> params: Params;`,
    );
  }
  if (puts) {
    const element = source.write[puts] ?? 'f32';
    const follow =
      element === 'f32'
        ? 'tail(value, place);'
        : ['x', 'y', 'z', 'w'].map((part, k) => `tail(value.${part}, 4u * place + ${k}u);`).join(' ');
    const own = tail?.keeps === false ? '' : `${puts}[place] = value; `;
    declarations.push(`${tail?.module ?? ''}\nfn put(value: ${element}, place: u32) { ${own}${tail ? follow : ''} }`);
  }
  const text = [...declarations, '', source.wgsl.trim(), ''].join('\n');
  return {
    name: source.name + (tail?.name ?? ''),
    wgsl: `${/subgroup_/.test(text) ? 'enable subgroups;\n' : ''}${/<f16/.test(text) ? 'enable f16;\n' : ''}${text}`,
    access: [...read.map(() => 'read' as const), ...write.map(() => 'write' as const)],
    workgroups: source.workgroups,
    params: fields[0] && fields.map(([, value]) => value >>> 0),
    flops: source.flops,
    withTail: tail || !puts ? undefined : (behind) => kernel({ ...source, tail: behind }),
  };
}

/** Whole numbers as WGSL expressions of the same names: fields of `params`, or constants of the text. */
export function numbers<Name extends string>(values: Readonly<Record<Name, number>>, asData = true) {
  const made = Object.entries<number>(values).map(([name, value]) => [
    name,
    asData ? `params.${name}` : `${value >>> 0}u`,
  ]);
  return Object.fromEntries(made) as Readonly<Record<Name, string>>;
}

/**
 * Interns kernels: the same spec gives the same `Kernel` object, so that pipelines are cached by identity and no WGSL is
 * generated twice. Specs are flat objects of numbers, strings, booleans and arrays of these. Of each kind of kernel the last
 * 1,024 that were made are kept.
 */
export function interned<Specs extends readonly object[], Made>(make: (...specs: Specs) => Made): typeof make {
  const made = new Map<string, Made>();
  return (...specs) => kept(made, JSON.stringify(specs), () => make(...specs));
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
  const rows = Math.max(1, Math.ceil(groups / MAX_WORKGROUPS));
  return [Math.ceil(groups / rows), rows, 1];
}

/** Head of a one-dimensional `main`: declares the function and its index `i`, and returns past `count` (a WGSL expression). */
export const linearMain = (count: string | number): string => `
@compute @workgroup_size(${LINEAR_WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * ${LINEAR_WORKGROUP}u;
  if (i >= ${typeof count === 'number' ? `${count}u` : count}) { return; }`;

/**
 * A kernel with an invocation for each i below `size`, which runs `body`. The text knows the size, unless it finds it in `count`,
 * WGSL, such as the length of an array.
 */
export const linearKernel = ({
  size,
  count = `${size}u`,
  body,
  ...source
}: Omit<KernelSource, 'workgroups' | 'wgsl'> & { size: number; count?: string; body: string }): Kernel =>
  kernel({ ...source, workgroups: linear(size), wgsl: `${linearMain(count)}\n${body}\n}` });

/** A float as a WGSL literal that keeps its value. */
export function f32(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`no WGSL literal for ${value}`);
  const text = Math.fround(value).toString();
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}
