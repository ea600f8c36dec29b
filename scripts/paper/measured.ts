/** Times that were measured, beside the launches that they are of. */

/** A dispatch of a profile's timeline. */
export interface Measured {
  readonly name: string;
  readonly workgroups: readonly number[];
  readonly ms: number;
}

/** What a kernel is called whatever follows in its epilogue. */
const base = (name: string): string => name.split('+')[0] ?? name;

/**
 * For each of `names` the index in `others` of the one that it is, if any: the longest row of equal names in both orders. What was
 * measured may be of another version, with other epilogues, or with a launch more or fewer.
 */
export function alignment(names: readonly string[], others: readonly string[]): (number | null)[] {
  const isSame = (i: number, j: number): boolean => base(names[i] ?? '') === base(others[j] ?? '');
  // The length of the longest row from i and j on.
  const lengths = Array.from({ length: names.length + 1 }, () => new Array<number>(others.length + 1).fill(0));
  const length = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = names.length - 1; i >= 0; i--) {
    const row = lengths[i] ?? [];
    for (let j = others.length - 1; j >= 0; j--) {
      row[j] = isSame(i, j) ? 1 + length(i + 1, j + 1) : Math.max(length(i + 1, j), length(i, j + 1));
    }
  }
  const found: (number | null)[] = [];
  for (let [i, j] = [0, 0]; i < names.length; i++) {
    while (j < others.length && !isSame(i, j) && length(i, j + 1) >= length(i + 1, j)) j++;
    found.push(j < others.length && isSame(i, j) ? j++ : null);
  }
  return found;
}
