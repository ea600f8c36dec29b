/** Rows that are cut into parts, of which several workgroups find sums, and one more launch adds these up. */
import { adapter } from '../gpu/device.js';
import { gpuSplits, partSumsKernel } from '../kernels/partSums.js';
import { launchMany } from '../tensor/launch.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** Parts that each of some rows is cut into: where there are few of them, a GPU would idle. */
export const splitsOf = (rows: number, length: number, lanes: number): number =>
  adapter().isSoftware ? 1 : gpuSplits(rows, length, lanes);

/** Two sums over each of some rows: what `launched` finds in one part, or in several, which are added up. */
export function inParts(
  name: string,
  { rows, length, lanes }: { rows: number; length: number; lanes: number },
  whole: readonly { shape: Shape }[],
  launched: (splits: number, shapes: readonly { shape: Shape }[]) => Tensor[],
): Tensor[] {
  const splits = splitsOf(rows, length, lanes);
  if (splits === 1) return launched(1, whole);
  const part = { shape: [splits, rows] };
  return launchMany(partSumsKernel({ name, rows, splits }), launched(splits, [part, part]), whole);
}
