/**
 * Sums over rows that were cut: adds up what the parts of every row left, two numbers each, in a fixed order.
 *
 * Layout: [splits, rows]. Launch: {@link JOINING} lanes per row, which lie across; see rows.ts.
 */
import { interned, type Kernel } from './kernel.js';
import { rowKernel } from './rows.js';

/** Lanes for each row whose parts are joined. */
export const JOINING = 16;

/** Parts that a row of `length` is cut into for GPUs: until 512 workgroups run, but for 16 elements or more for each of its lanes. */
export function gpuSplits(rows: number, length: number, lanes: number): number {
  const groups = Math.ceil((rows * lanes) / 256);
  return Math.max(1, Math.min(128, Math.floor(512 / groups), Math.floor(length / (16 * lanes))));
}

export interface PartSumsSpec {
  readonly name: string;
  readonly rows: number;
  readonly splits: number;
}

/** [products, sums] → theirs over the parts. */
export const partSumsKernel = /* @__PURE__ */ interned(
  ({ name, rows, splits }: PartSumsSpec): Kernel =>
    rowKernel({
      name,
      read: { products: 'f32', sums: 'f32' },
      write: { dws: 'f32', dbs: 'f32' },
      params: { splits },
      rows,
      lanes: JOINING,
      across: true,
      body: `  var product = 0.0;
  var sum = 0.0;
  for (var k = lane; k < params.splits; k += lanes) {
    product += products[k * ${rows}u + row];
    sum += sums[k * ${rows}u + row];
  }
  let all = rowSum(product);
  let allSums = rowSum(sum);
  if (lane == 0u) {
    dws[row] = all;
    dbs[row] = allSums;
  }`,
    }),
);
