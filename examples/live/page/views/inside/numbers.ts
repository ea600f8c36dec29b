/** Numbers of any size in few letters. */

/** Two digits that count: `0.19`, `1.3e−5`. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  const text =
    size === 0 || (size >= 1e-3 && size < 1e4) ? String(Number(value.toPrecision(2))) : value.toExponential(1);
  return text.replaceAll('-', '−');
}
