/** Which variant of the matrix product this adapter gets. */
import { adapter } from '../gpu/device.js';
import { defaultVariant } from '../kernels/gemm/candidates.js';
import type { GemmVariant } from '../kernels/gemm/spec.js';

export function gemmVariant(): GemmVariant {
  const { isSoftware, subgroupSize } = adapter();
  return defaultVariant({ software: isSoftware, subgroups: subgroupSize >= 4 });
}
