/** What a matrix product of two tensors is to the kernels. */
import type { MatmulSpec } from '../kernels/matmul.js';
import { broadcast, broadcastStrides, type Shape, show, sizeOf } from '../tensor/shape.js';

/**
 * @internal Sizes and strides of a product of two tensors of rank 2 or more, of which the inner sizes fit, with the shape of
 * its result. A right factor without batch is multiplied by all rows of the left at once.
 *
 * @throws KindlingError naming both shapes where their batches do not fit
 */
export function matmulShape(
  left: Shape,
  right: Shape,
  { transA = false, transB = false }: { transA?: boolean | undefined; transB?: boolean | undefined } = {},
): { spec: Omit<MatmulSpec, 'variant'>; shape: number[] } {
  const [leftBatch, rightBatch] = [left.slice(0, -2), right.slice(0, -2)];
  let [m = 0, k = 0] = left.slice(-2);
  const [n = 0] = right.slice(transB ? -2 : -1);
  if (transA) [m, k] = [k, m];
  const batch = broadcast(`matmul: ${show(left)} and ${show(right)} do not multiply`, leftBatch, rightBatch);
  const shape = [...batch, m, n];
  const base = { n, k, transA, transB };
  if (!transA && sizeOf(rightBatch) === 1) return { spec: { ...base, m: m * sizeOf(batch) }, shape };
  const strides = (own: Shape, matrix: number): number[] =>
    broadcastStrides(own, batch).map((stride) => stride * matrix);
  const leftStrides = strides(leftBatch, m * k);
  return { spec: { ...base, m, batch, leftStrides, rightStrides: strides(rightBatch, k * n) }, shape };
}
