/**
 * Kernels over flat arrays: elements are made one by one from the elements at the same index. An invocation makes several,
 * a workgroup's width apart, so that neighbouring lanes touch neighbouring memory; where everything is a multiple of four
 * long, an element is a vec4.
 *
 * The shader does not know the size: a workgroup whose elements all exist runs straight through, the last one looks before
 * each. So a function has one pipeline (two with vec4) for all sizes.
 * Launch: one workgroup per `workgroup` · `perInvocation` elements, folded into two dimensions.
 *
 * SwiftShader on two cores, Chromium 156, 2026-11, relu on 2²²: one element per invocation 51 ms; 4, 16 and 64, unrolled,
 * 19, 12 and 16 ms; in a loop 25, 18 and 17; four vec4 9.5, sixteen 11.5. Workgroups of 16 or 4 lanes are slower throughout
 * (16 elements: 17 and 41 ms). Of functions with helpers, on 2²⁰ in Node, unrolled and in a loop (2026-12): exp 9.7 and 8.6 ms,
 * sin 21.4 and 20.4, pow 67 and 50; they compile in 53 and 15 ms, 109 and 27, 337 and 23.
 */
import { elementOf } from './floats.js';
import { type Element, type Kernel, kernel } from './kernel.js';
import type { Flat, Made } from './types.js';

export type { Flat, Scalar } from './types.js';

/** For software adapters: what a launch costs there is spread over 16 elements. */
export const SOFTWARE_FLAT: Flat = { workgroup: 64, perInvocation: 4, vector: true };
/** For software adapters and kernels with many arrays: with more at a time SwiftShader runs out of registers. */
export const SOFTWARE_FLAT_MANY: Flat = { workgroup: 64, perInvocation: 2, vector: true };
/** For GPUs: enough invocations to hide the latency of memory. */
export const GPU_FLAT: Flat = { workgroup: 256, perInvocation: 1, vector: true };

/** What a tuner may try. */
export const FLAT_CANDIDATES: readonly Flat[] = [
  SOFTWARE_FLAT,
  SOFTWARE_FLAT_MANY,
  GPU_FLAT,
  { workgroup: 256, perInvocation: 4, vector: true },
  { workgroup: 128, perInvocation: 2, vector: true },
  { workgroup: 64, perInvocation: 1, vector: true },
  { workgroup: 64, perInvocation: 16, vector: false },
  { workgroup: 16, perInvocation: 16, vector: true },
  { workgroup: 256, perInvocation: 4, vector: false },
];

/** How an array is used: `walked` at the index of what is made, and then `size` long; otherwise as the body likes. */
export type Use = Element | { readonly walked: Made };

export interface FlatSource {
  readonly name: string;
  readonly read: Readonly<Record<string, Use>>;
  /** At least one array, written or read, is walked. */
  readonly write: Readonly<Record<string, Use>>;
  readonly params?: Readonly<Record<string, number>> | undefined;
  readonly size: number;
  readonly flat: Flat;
  /** Functions that the body calls. */
  readonly module?: string;
  /** Statements before all elements; all invocations run them. */
  readonly setup?: string;
  /** Whether the elements of an invocation are a loop: for long bodies, which compile for long and run no slower so. */
  readonly rolled?: boolean | undefined;
  /** Statements that make element `i`, which is a vec4 where `vector` is true. */
  readonly body: (vector: boolean) => string;
}

const MAX_WORKGROUPS = 65535;

/** A kernel over flat arrays. */
export function flatKernel(source: FlatSource): Kernel {
  const { name, read, write, params, size, flat, module = '', setup = '', rolled = false, body } = source;
  const vector = flat.vector && size % 4 === 0;
  const { workgroup, perInvocation: each } = vector ? flat : scalarsOnly(flat);
  const elements = (uses: Readonly<Record<string, Use>>): Record<string, Element> =>
    Object.fromEntries(
      Object.entries(uses).map(([key, use]) => {
        return [key, typeof use === 'string' ? use : elementOf(use.walked, vector)];
      }),
    );
  const walked = Object.entries({ ...write, ...read }).find(([, use]) => typeof use !== 'string');
  const groups = Math.ceil(size / (vector ? 4 : 1) / (workgroup * each));
  const rows = Math.max(1, Math.ceil(groups / MAX_WORKGROUPS));
  const text = body(vector).trim().replaceAll('\n', '\n    ');
  const block = (k: number): string => `  {\n    let i = start + ${k * workgroup}u;\n    ${text}\n  }`;
  return kernel({
    name,
    read: elements(read),
    write: elements(write),
    params,
    workgroups: [Math.ceil(groups / rows), rows, 1],
    wgsl: `${module}
@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32) {
  let start = (group.x + group.y * groups.x) * ${workgroup * each}u + lane;
  let count = arrayLength(&${walked?.[0]});${setup && `\n${setup}`}
${
  rolled
    ? `  for (var i = start; i < min(count, start + ${each * workgroup}u); i += ${workgroup}u) {
    ${text}
  }`
    : `  if (start + ${(each - 1) * workgroup}u >= count) {
    for (var i = start; i < count; i += ${workgroup}u) {
    ${text}
    }
    return;
  }
${Array.from({ length: each }, (_, k) => block(k)).join('\n')}`
}
}`,
  });
}

/** WGSL of `call` on every part of its arguments, which are names: `f(x, g)` or `vec4(f(x.x, g.x), …)`. */
export function lifted(call: string, args: readonly string[], vector: boolean): string {
  if (!vector) return `${call}(${args.join(', ')})`;
  const parts = ['x', 'y', 'z', 'w'].map((part) => `${call}(${args.map((arg) => `${arg}.${part}`).join(', ')})`);
  return `vec4(${parts.join(', ')})`;
}

/** The same elements per invocation, one by one. */
export const scalarsOnly = ({ workgroup, perInvocation, vector }: Flat): Flat => ({
  workgroup,
  perInvocation: perInvocation * (vector ? 4 : 1),
  vector: false,
});

/** The bits of a number of some type, to be a parameter. */
export function bitsOf(value: number, type: Made): number {
  if (type !== 'f32') return value >>> 0;
  return new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
}
