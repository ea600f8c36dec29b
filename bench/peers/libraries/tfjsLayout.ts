/** PyTorch's layouts, channels first, as TensorFlow.js wants them. */
import * as tf from '@tensorflow/tfjs';

/** Elements of `values` in another order of dimensions. */
export function permuted(values: ArrayLike<number>, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const result = new Float32Array(values.length);
  const outer = order.map((d) => shape[d] as number);
  const index = outer.map(() => 0);
  for (let i = 0; i < result.length; i++) {
    let from = 0;
    for (let d = 0; d < index.length; d++) from += (index[d] as number) * (strides[order[d] as number] as number);
    result[i] = values[from] as number;
    for (let d = index.length - 1; d >= 0; d--) {
      index[d] = (index[d] as number) + 1;
      if ((index[d] as number) < (outer[d] as number)) break;
      index[d] = 0;
    }
  }
  return result;
}

/** NCHW to NHWC, and OIHW to HWIO. */
export const channelsLast = (values: ArrayLike<number>, [n = 1, c = 1, h = 1, w = 1]: readonly number[]): tf.Tensor4D =>
  tf.tensor4d(permuted(values, [n, c, h, w], [0, 2, 3, 1]), [n, h, w, c]);
export const filter = (values: ArrayLike<number>, [o = 1, i = 1, h = 1, w = 1]: readonly number[]): tf.Tensor4D =>
  tf.tensor4d(permuted(values, [o, i, h, w], [2, 3, 1, 0]), [h, w, i, o]);
