/** Kernels of mixed precision: every product of the catalogue over f16, and what `GradScaler` runs. */
import { foundKernel, guarded, ROWS, unscaleKernel, updateKernel } from '../../src/kernels/gradScaler.js';
import { ofHalves, toFloatKernel, toHalfKernel } from '../../src/kernels/half.js';
import type { Kernel } from '../../src/kernels/kernel.js';
import { tailOf } from '../../src/kernels/map.js';
import type { MapParts } from '../../src/kernels/types.js';
import { catalogue } from './catalogue.js';

export function ampKernels(): Kernel[] {
  const kernels = catalogue();
  const products = kernels.flatMap((kernel) => ofHalves(kernel) ?? []);
  const { line } = toHalfKernel({ size: 300 }).map as MapParts;
  const rounding = tailOf([null, { line, from: [~0], stored: true }], [], 300, false);
  return [
    ...products,
    ...products.flatMap(({ withTail }) => withTail?.(rounding) ?? []),
    ...kernels.filter(({ name }) => name.startsWith('optimizer.')).map((kernel) => guarded(kernel, 2, 9)),
    ...[7, 8].flatMap((size) => [toHalfKernel({ size }), toFloatKernel({ size }), unscaleKernel({ size })]),
    ...[foundKernel({ slot: 1 }), updateKernel({ growth: 0, backoff: 0, interval: ROWS, stepped: 3 })],
  ];
}
