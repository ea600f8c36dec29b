/**
 * A plane of bytes brought to another size, as PIL and torchvision's `Resize` do it, bit for bit: each pixel is the mean of
 * those under a triangle that is two pixels wide in the smaller of both pictures; columns first, rounded, then rows.
 *
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.Resize.html
 */
export function resize(
  plane: Uint8Array,
  [height, width]: readonly [number, number],
  [rows, columns]: readonly [number, number],
): Uint8Array {
  return resampled(resampled(plane, width, columns), height, rows);
}

/** Bits behind the point of PIL's weights. */
const BITS = 22;

/** Rows of `from` bytes as columns of `to`. */
function resampled(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const rows = bytes.length / from;
  const result = new Uint8Array(to * rows);
  for (const [i, { first, weights }] of triangles(from, to).entries()) {
    const whole = weights.map((weight) => Math.trunc(0.5 + weight * 2 ** BITS));
    for (let row = 0; row < rows; row++) {
      let total = 2 ** (BITS - 1);
      for (let k = 0; k < whole.length; k++) total += (bytes[row * from + first + k] as number) * (whole[k] as number);
      result[i * rows + row] = Math.min(255, total >> BITS);
    }
  }
  return result;
}

/** What each of `to` pixels is made of: `weights` of the pixels from `first` on, which sum to 1. */
function triangles(from: number, to: number): { first: number; weights: number[] }[] {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const middle = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(middle - reach + 0.5));
    const count = Math.min(from, Math.trunc(middle + reach + 0.5)) - first;
    const weights = Array.from({ length: count }, (_, k) =>
      Math.max(0, 1 - Math.abs((first + k - middle + 0.5) * (1 / reach))),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Where a part of a picture begins, and its sides. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Part `box` of the planes of a picture [channels, …, width], each brought to another size, without rounding. */
export function resizePart(
  planes: Float32Array,
  [channels, height, width]: readonly [number, number, number],
  box: Box,
  [rows, columns]: readonly [number, number],
): Float32Array {
  const across = triangles(box.width, columns);
  const down = triangles(box.height, rows);
  const result = new Float32Array(channels * rows * columns);
  const wide = new Float32Array(box.height * columns);
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < box.height; row++) {
      const start = (channel * height + box.top + row) * width + box.left;
      for (const [i, { first, weights }] of across.entries()) {
        let total = 0;
        for (let k = 0; k < weights.length; k++)
          total += (planes[start + first + k] as number) * (weights[k] as number);
        wide[row * columns + i] = total;
      }
    }
    for (const [j, { first, weights }] of down.entries()) {
      for (let i = 0; i < columns; i++) {
        let total = 0;
        for (let k = 0; k < weights.length; k++) {
          total += (wide[(first + k) * columns + i] as number) * (weights[k] as number);
        }
        result[(channel * rows + j) * columns + i] = total;
      }
    }
  }
  return result;
}
