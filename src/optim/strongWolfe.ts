/** A line search: how far to go along a direction. On the host, in doubles; what is searched is evaluated elsewhere. */

/** What is known at one step length `t`. */
export interface Trial {
  readonly t: number;
  readonly loss: number;
  /** The gradient along the direction. */
  readonly slope: number;
}

/** How much the loss has to fall, by the slope at the start, and how flat it has to become. */
const [ARMIJO, CURVATURE] = [1e-4, 0.9];
const MOST_TRIALS = 25;

/**
 * The length at which the cubic through two points, with their slopes, has its minimum; within bounds, by default the two.
 * Half way where there is none.
 */
export function cubicMinimum(
  a: Trial,
  b: Trial,
  [low, high]: readonly [number, number] = a.t <= b.t ? [a.t, b.t] : [b.t, a.t],
): number {
  const [left, right] = a.t <= b.t ? [a, b] : [b, a];
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const square = d1 ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const share = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2);
  return Math.min(Math.max(right.t - (right.t - left.t) * share, low), high);
}

/**
 * A length that satisfies the strong Wolfe conditions, or the best that was found: PyTorch's `_strong_wolfe`, trial by trial.
 *
 * @param start where t is 0
 * @param t the first length to try
 * @param evaluate finds loss and slope at a length
 * @param narrowest a bracket that is as short is not searched further
 */
export async function strongWolfe<T extends Trial>(
  start: T,
  t: number,
  evaluate: (t: number) => Promise<T>,
  narrowest: number,
): Promise<T> {
  const isHigh = (trial: T): boolean => trial.loss > start.loss + ARMIJO * trial.t * start.slope;
  const isFlat = ({ slope }: T): boolean => Math.abs(slope) <= -CURVATURE * start.slope;
  let [before, now] = [start, await evaluate(t)];
  let tries = 0;
  for (; tries < MOST_TRIALS; tries++) {
    if (isHigh(now) || (tries > 1 && now.loss >= before.loss)) break;
    if (isFlat(now)) return now;
    if (now.slope >= 0) break;
    const next = cubicMinimum(before, now, [now.t + 0.01 * (now.t - before.t), now.t * 10]);
    before = now;
    now = await evaluate(next);
  }
  if (tries === MOST_TRIALS) before = start;
  const ends: [T, T] = [before, now];
  const lower = (): 0 | 1 => (ends[0].loss <= ends[1].loss ? 0 : 1);
  let low = lower();
  /** Whether the last trial lay close to an end of the bracket. */
  let isStuck = false;
  while (tries < MOST_TRIALS && !(Math.abs(ends[1].t - ends[0].t) < narrowest)) {
    const [least, most] = [Math.min(ends[0].t, ends[1].t), Math.max(ends[0].t, ends[1].t)];
    const margin = 0.1 * (most - least);
    let length = cubicMinimum(...ends);
    const isClose = Math.min(most - length, length - least) < margin;
    const moves: boolean = isClose && (isStuck || length >= most || length <= least);
    if (moves) length = Math.abs(length - most) < Math.abs(length - least) ? most - margin : least + margin;
    isStuck = isClose && !moves;
    const trial = await evaluate(length);
    tries++;
    const high = low === 0 ? 1 : 0;
    if (isHigh(trial) || trial.loss >= ends[low].loss) {
      ends[high] = trial;
      low = lower();
      continue;
    }
    if (isFlat(trial)) return trial;
    if (trial.slope * (ends[high].t - ends[low].t) >= 0) ends[high] = ends[low];
    ends[low] = trial;
  }
  return ends[low];
}
