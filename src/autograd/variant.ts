/** Which variants of the kernels this adapter gets. */
import { adapter } from '../gpu/device.js';
import { type Flat, GPU_FLAT, SOFTWARE_FLAT } from '../kernels/flat.js';
import type { GemmVariant } from '../kernels/gemm/spec.js';
import { gpuLanes, softwareLanes } from '../kernels/rows.js';

/** Software adapters want registers and no barriers, sharing loads in a quad where they can; GPUs workgroup memory. */
export function gemmVariant(): GemmVariant {
  const { isSoftware, subgroupSize } = adapter();
  if (!isSoftware) return 'workgroup';
  return subgroupSize >= 4 ? 'subgroups' : 'registers';
}

/** How elementwise kernels are cut. */
export const flatVariant = (): Flat => (adapter().isSoftware ? SOFTWARE_FLAT : GPU_FLAT);

/** Invocations per row of kernels over rows. */
export const rowLanes = (rows: number, length: number): number =>
  adapter().isSoftware ? softwareLanes(rows, length) : gpuLanes(rows, length);
