/** What a case allows: |got − want| ≤ atol + rtol·|want|. */
export interface Tolerance {
  rtol: number;
  atol: number;
}

/**
 * The largest error of an element, measured by `error` where it is not equal. NaN equals NaN, and an infinity itself
 * alone: next to anything else, and where the lengths differ, the error is infinite.
 */
export function worstBy(
  error: (got: number, want: number) => number,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    const [g, w] = [got[i] ?? Number.NaN, want[i] ?? Number.NaN];
    if (Object.is(g, w) || g === w) continue;
    worst = Math.max(worst, Number.isFinite(g - w) ? error(g, w) : Number.POSITIVE_INFINITY);
  }
  return worst;
}

/** The worst error as a multiple of its bound; 1 or less passes. */
export const worstError = (
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { rtol, atol }: Tolerance = { rtol: 0, atol: 0 },
): number => worstBy((g, w) => Math.abs(g - w) / (atol + rtol * Math.abs(w)), got, want);
