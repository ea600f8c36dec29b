/** What a case allows: |got − want| ≤ atol + rtol·|want|. */
export interface Tolerance {
  rtol: number;
  atol: number;
}

/** The worst error as a multiple of its bound; 1 or less passes. NaN equals NaN, and an infinity itself alone. */
export function worstError(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { rtol, atol }: Tolerance = { rtol: 0, atol: 0 },
): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    const [g, w] = [got[i] ?? Number.NaN, want[i] ?? Number.NaN];
    if (Object.is(g, w) || g === w) continue;
    const multiple = Math.abs(g - w) / (atol + rtol * Math.abs(w));
    // A NaN on one side makes the multiple NaN: the worst there is.
    worst = Math.max(worst, Number.isNaN(multiple) || Number.isNaN(g) ? Number.POSITIVE_INFINITY : multiple);
  }
  return worst;
}
