/**
 * A number with a fixed count of decimals, as Python's `format(value, '.2f')` prints it: the exact binary value is rounded,
 * ties go to the even digit. `toFixed` rounds the exact value too, but takes ties up: 0.625 is 0.62 here and 0.63 there.
 */
export function fixed(value: number, digits: number): string {
  const up = value.toFixed(digits);
  // The expansion of a double that is no tie differs from one within 17 digits of its first.
  const tail =
    value
      .toFixed(Math.min(100, digits + 40))
      .split('.')[1]
      ?.slice(digits) ?? '';
  if (!/^50*$/.test(tail)) return up;
  if (Number(up.at(-1)) % 2 === 0) return up;
  // toFixed rounded away from zero, so the even neighbour is one less; an odd digit needs no carry.
  return `${up.slice(0, -1)}${Number(up.at(-1)) - 1}`;
}

/** `text` moved to the right of a field of `width` characters, counted as code points. */
export const right = (text: string, width: number): string => ' '.repeat(Math.max(0, width - [...text].length)) + text;
