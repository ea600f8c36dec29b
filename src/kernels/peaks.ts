/**
 * What an adapter can do at most, measured by kernels that do nothing else: multiply-adds between registers, loads, and
 * copies of arrays far larger than caches. A kernel's share of a peak is its rate over the best of these.
 *
 * Multiply-add: every invocation keeps independent accumulators, x ← a x + b, unrolled, `rounds` times over.
 * Load: the sum of an array, four elements at a time. Copy: y[i] = x[i], a load and a store of every element.
 * Launch: as many invocations as fill the adapter; see flat.ts for copies.
 *
 * SwiftShader on two cores, Chromium 156, 2026-11: 8, 12 accumulators 37, 46 GFLOP/s
 * (vec4: two 24, four 35); copies of 64 MB 3.5 GB/s read and written, while the machine was otherwise quiet.
 */
import { FLAT_CANDIDATES, flatKernel } from './flat.js';
import { type Kernel, kernel, LINEAR_WORKGROUP, linear } from './kernel.js';

export interface Peak {
  readonly kind: 'multiplyAdd' | 'load' | 'copy';
  readonly kernel: Kernel;
  /** What one dispatch stands for. */
  readonly flops: number;
  readonly bytes: number;
  /** Bytes of the buffers that the kernel binds, in order. */
  readonly buffers: readonly number[];
}

export interface PeakSizes {
  /** Invocations of multiply-adds, and how often each goes over its accumulators. */
  readonly invocations: number;
  readonly rounds: number;
  /** Bytes of the arrays that are read and written; far more than caches hold. */
  readonly bytes: number;
  /** Invocations that load. */
  readonly loaders: number;
}

/** About a tenth of a second each on two cores. */
export const SOFTWARE_PEAKS: PeakSizes = { invocations: 4096, rounds: 2048, bytes: 2 ** 26, loaders: 1024 };
/** A few milliseconds on a large GPU, a few tenths of a second on a small one. */
export const GPU_PEAKS: PeakSizes = { invocations: 2 ** 20, rounds: 64, bytes: 2 ** 27, loaders: 2 ** 17 };

/** Multiply-adds of an accumulator per round. */
const UNROLLED = 8;

/** [a, b] → the sum of the accumulators. */
function multiplyAdd({ invocations, rounds }: PeakSizes, accumulators: number, element: 'f32' | 'vec4<f32>'): Peak {
  const names = Array.from({ length: accumulators }, (_, k) => `x${k}`);
  const once = names.map((name) => `${name} = ${name} * a + b;`).join(' ');
  const parts = element === 'f32' ? 1 : 4;
  return {
    kind: 'multiplyAdd',
    flops: 2 * invocations * rounds * UNROLLED * accumulators * parts,
    bytes: 0,
    buffers: [2 * 16, invocations * parts * 4],
    kernel: kernel({
      name: 'peak.multiplyAdd',
      read: { factors: element },
      write: { ys: element },
      workgroups: linear(invocations),
      wgsl: `@compute @workgroup_size(${LINEAR_WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * ${LINEAR_WORKGROUP}u;
  let a = factors[0];
  let b = factors[1];
  ${names.map((name, k) => `var ${name} = ${element}(f32(i + ${k}u));`).join('\n  ')}
  for (var round = 0u; round < ${rounds}u; round++) {
    ${Array.from({ length: UNROLLED }, () => once).join('\n    ')}
  }
  if (i < arrayLength(&ys)) { ys[i] = ${names.join(' + ')}; }
}`,
    }),
  };
}

/** [x] → a sum per invocation; the lanes of a workgroup share a stretch of x. */
function load({ bytes, loaders }: PeakSizes, unrolled: number): Peak {
  const span = bytes / 16 / (loaders / LINEAR_WORKGROUP);
  return {
    kind: 'load',
    flops: 0,
    bytes,
    buffers: [bytes, loaders * 16],
    kernel: kernel({
      name: 'peak.load',
      read: { xs: 'vec4<f32>' },
      write: { ys: 'vec4<f32>' },
      workgroups: linear(loaders),
      wgsl: `@compute @workgroup_size(${LINEAR_WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var total = vec4<f32>();
  for (var k = 0u; k < ${span}u; k += ${unrolled * LINEAR_WORKGROUP}u) {
    let at = group.x * ${span}u + k + lane;
    ${Array.from({ length: unrolled }, (_, j) => `total += xs[at + ${j * LINEAR_WORKGROUP}u];`).join('\n    ')}
  }
  ys[group.x * ${LINEAR_WORKGROUP}u + lane] = total;
}`,
    }),
  };
}

/** The kernels to time, several of a kind: the peak is the best of them. The factors of the first kind are a and b < 1. */
export function peaks(sizes: PeakSizes): Peak[] {
  const copies = FLAT_CANDIDATES.map((flat): Peak => {
    const { bytes } = sizes;
    const copy = flatKernel({
      name: 'peak.copy',
      read: { xs: { walked: 'f32' } },
      write: { ys: { walked: 'f32' } },
      size: bytes / 4,
      flat,
      body: () => 'ys[i] = xs[i];',
    });
    return { kind: 'copy', kernel: copy, flops: 0, bytes: 2 * bytes, buffers: [bytes, bytes] };
  });
  return [
    multiplyAdd(sizes, 8, 'f32'),
    multiplyAdd(sizes, 12, 'f32'),
    multiplyAdd(sizes, 2, 'vec4<f32>'),
    multiplyAdd(sizes, 4, 'vec4<f32>'),
    load(sizes, 4),
    load(sizes, 8),
    ...copies,
  ];
}
