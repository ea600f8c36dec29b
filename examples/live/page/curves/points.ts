/** What the chart draws of a run. */
import type { Run } from '../state/runs.js';

export type Measure = 'loss' | 'accuracy';
export type Along = 'step' | 'epoch' | 'time';

export interface Look {
  readonly measure: Measure;
  readonly along: Along;
  readonly log: boolean;
  /** Share of the mean before it that each smoothed value keeps, 0 to 0.99. Accuracies are not smoothed. */
  readonly smoothing: number;
}

export interface Points {
  readonly x: number[];
  readonly y: number[];
}

/** Points of a line: more than a chart has pixels would be drawn for nobody. */
const MOST = 1000;

/** Where a step lies, from 1 on. */
export function placeOf(run: Run, step: number, along: Along): number {
  if (along === 'step') return step;
  if (along === 'epoch') return step / run.stepsPerEpoch;
  return run.seconds[step - 1] ?? Number.NaN;
}

export function pointsOf(run: Run, look: Look): Points {
  return look.measure === 'loss' ? lossPoints(run, look) : accuracyPoints(run, look);
}

/** An exponential mean, that of so many values as there are yet: its first is the first loss, not zero. */
function lossPoints(run: Run, { along, smoothing }: Look): Points {
  const { losses } = run;
  const stride = Math.ceil(losses.length / MOST);
  const [x, y]: [number[], number[]] = [[], []];
  let [sum, weight] = [0, 0];
  for (const [i, loss] of losses.entries()) {
    sum = smoothing * sum + loss;
    weight = smoothing * weight + 1;
    if ((i + 1) % stride !== 0 && i + 1 < losses.length) continue;
    x.push(placeOf(run, i + 1, along));
    y.push(sum / weight);
  }
  return { x, y };
}

function accuracyPoints(run: Run, { along }: Look): Points {
  return {
    x: run.accuracies.map(({ step }) => placeOf(run, step, along)),
    y: run.accuracies.map(({ accuracy }) => accuracy),
  };
}
