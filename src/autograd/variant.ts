/** Which variants of the kernels this adapter gets. */
import { adapter } from '../gpu/device.js';
import { type Flat, GPU_FLAT, SOFTWARE_FLAT } from '../kernels/flat.js';
import { defaultVariant } from '../kernels/gemm/candidates.js';
import type { GemmVariant } from '../kernels/gemm/spec.js';
import { GPU_REDUCE, type ReduceVariant, SOFTWARE_REDUCE } from '../kernels/reduce.js';
import { gpuLanes, softwareLanes } from '../kernels/rows.js';

export function gemmVariant(): GemmVariant {
  const { isSoftware, subgroupSize } = adapter();
  return defaultVariant({ software: isSoftware, subgroups: subgroupSize >= 4 });
}

/** How elementwise kernels are cut. */
export const flatVariant = (): Flat => (adapter().isSoftware ? SOFTWARE_FLAT : GPU_FLAT);

/** Invocations per row of kernels over rows. */
export const rowLanes = (rows: number, length: number): number =>
  adapter().isSoftware ? softwareLanes(rows, length) : gpuLanes(rows, length);

/** How reductions are cut. */
export const reduceVariant = (): ReduceVariant => (adapter().isSoftware ? SOFTWARE_REDUCE : GPU_REDUCE);
