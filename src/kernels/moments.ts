/**
 * Mean and sum of squares about it in one walk. Four elements at a time have their own mean and squares about that, which
 * are joined with those before (Chan, Golub and LeVeque, 1983):
 *
 *   n = nₐ + nᵦ,  d = mᵦ − mₐ,  m = mₐ + d nᵦ / n,  q = qₐ + qᵦ + d² nₐ nᵦ / n
 *
 * so that no square is taken about a number that is far from what was met so far. Elements are taken less one of them,
 * `about`, the middle one of three: what is small beside a large mean is not lost. Blocks of turns are joined in the same way (see blocked.ts).
 * Of vec4 each part has moments of its own, until {@link whole} joins them.
 */
import { blocked } from './blocked.js';

/** WGSL of the type and its functions, for elements that are f32 or vec4 of them. */
export const momentsOf = (element: string): string => `
struct Moments { count: f32, mean: ${element}, squares: ${element} }
fn joined(a: Moments, b: Moments) -> Moments {
  let count = a.count + b.count;
  let part = b.count / count;
  let way = b.mean - a.mean;
  return Moments(count, a.mean + way * part, a.squares + b.squares + way * way * (a.count * part));
}
fn ofFour(a: ${element}, b: ${element}, c: ${element}, d: ${element}) -> Moments {
  let mean = ((a + b) + (c + d)) * 0.25;
  let e = a - mean;
  let f = b - mean;
  let g = c - mean;
  let h = d - mean;
  return Moments(4.0, mean, (e * e + f * f) + (g * g + h * h));
}
`;

/** WGSL of `about`, the middle one of three elements: one alone may be far from all others. */
export const aboutOf = (vector: boolean, elements: readonly [string, string, string]): string => {
  const [a, b, c] = elements.map((element) => (vector ? `${element}.x` : element));
  return `
  let a = ${a};
  let b = ${b};
  let about = max(min(a, b), min(max(a, b), ${c}));`;
};

export interface MomentsWalk {
  readonly element: string;
  /** WGSL of element `k`, less `about`. */
  readonly at: (k: string) => string;
  /** WGSL below which `k`, a variable that is there, stays. */
  readonly end: string;
  /** So many turns at most, of four elements. */
  readonly turns: number;
}

/** WGSL of a walk by `lanes` lanes; what they found is in `found`. */
export const momentsWalk = ({ element, at, end, turns }: MomentsWalk): string => `
  let last = max(${end}, 3u * lanes) - 3u * lanes;
  ${blocked({
    state: { met: `Moments(0.0, ${element}(), ${element}())` },
    end: 'last',
    step: '(4u * lanes)',
    turns,
    turn: (level) =>
      `${level('met')} = joined(${level('met')}, ofFour(${[0, 1, 2, 3].map((j) => at(`(k + ${j}u * lanes)`)).join(', ')}));`,
    join: (outer, inner) => `${outer('met')} = joined(${outer('met')}, ${inner('met')});`,
  })}
  for (; k < ${end}; k += lanes) { met = joined(met, Moments(1.0, ${at('k')}, ${element}())); }`;

/** WGSL of `drift` and `total`, mean and squares about it of all lanes of a row that has `size` numbers, each less `about`. */
export const whole = (vector: boolean, size: string): string => {
  const sum = (value: string): string => (vector ? `dot(${value}, vec4(1.0))` : value);
  return `
  let drift = rowSum(met.count * ${sum('met.mean')}) / ${size};
  let away = met.mean - drift;
  let total = rowSum(${sum('met.squares')} + met.count * ${vector ? 'dot(away, away)' : 'away * away'});`;
};
