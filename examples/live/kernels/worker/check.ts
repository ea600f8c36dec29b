/** Results against float64. */
import { relativeError, ULP } from '../shared/exact.js';
import type { Check } from '../shared/protocol.js';
import type { Prepared } from './case.js';

/** So many results are compared, evenly spread, if that takes no longer than so many milliseconds; some always are. */
const MOST = 2000;
const PATIENCE = 60;
const LEAST = 8;

/** @param bound in ulp */
export function checked(results: ArrayLike<number>, { expected, also }: Prepared, bound: number): Check {
  const outputs = results.length;
  const wanted = Math.min(MOST, outputs);
  let [error, place, got, right, compared] = [-1, 0, 0, 0, 0];
  const begun = performance.now();
  // Far apart first, so that what time allows is spread over all.
  for (const i of spread(wanted, outputs)) {
    if (compared >= LEAST && performance.now() - begun > PATIENCE) break;
    const value = results[i] as number;
    const exact = expected(i, value);
    const off = relativeError(value, exact);
    compared++;
    if (off <= error) continue;
    [error, place, got, right] = [off, i, value, exact.value];
  }
  const more = also?.(results);
  const holds = error <= bound * ULP && more !== null;
  return { error, place, got, wanted: right, compared, outputs, holds, also: more ?? null };
}

/** `count` places of `size`, each but once, in an order that leaps. */
export function* spread(count: number, size: number): Generator<number> {
  // Coprime to the count, near its golden section.
  let leap = Math.max(1, Math.round(count * 0.618));
  while (common(leap, count) > 1) leap++;
  for (let k = 0; k < count; k++) yield Math.floor((((k * leap) % count) * size) / count);
}

const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
