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
  const scale = from / to;
  const reach = Math.max(scale, 1);
  for (let i = 0; i < to; i++) {
    const middle = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(middle - reach + 0.5));
    const count = Math.min(from, Math.trunc(middle + reach + 0.5)) - first;
    const weights = Array.from({ length: count }, (_, k) =>
      Math.max(0, 1 - Math.abs((first + k - middle + 0.5) * (1 / reach))),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const whole = weights.map((weight) => Math.trunc(0.5 + (weight / sum) * 2 ** BITS));
    for (let row = 0; row < rows; row++) {
      let total = 2 ** (BITS - 1);
      for (let k = 0; k < count; k++) total += (bytes[row * from + first + k] as number) * (whole[k] as number);
      result[i * rows + row] = Math.min(255, total >> BITS);
    }
  }
  return result;
}
