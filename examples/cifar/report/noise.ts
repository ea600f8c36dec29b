/** How far apart two scores must be before their difference says anything: what chance alone does in 19 of 20 cases. */
import { plural, points, thousands } from './text.js';

export interface Noise {
  /** Differences of two rows below this say nothing. */
  bound: number;
  /** What the choice of test images alone does to a difference. */
  images: number;
  /** One standard deviation of a run over its seeds, pooled over the scenarios; null with one seed. */
  spread: number | null;
  text: string;
}

type Scores = readonly number[];

const mean = (values: Scores): number => values.reduce((a, b) => a + b, 0) / values.length;

/** 97.5 % of a normal distribution lie below it: 95 % within ±. */
const Z = 1.959964;
const FEW = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/** The same of Student's t distribution, for a standard deviation that `freedom` differences measured. */
export function studentT(freedom: number): number {
  const one = (Z ** 3 + Z) / 4;
  const two = (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / 96;
  return FEW[freedom - 1] ?? Z + one / freedom + two / freedom ** 2;
}

/**
 * The variance of a share of right answers, as if there were one more right and one more wrong: it is not 0 where all are
 * right (Agresti and Caffo, 2000).
 */
function binomialVariance(score: number, images: number): number {
  const share = (score * images + 1) / (images + 2);
  return (share * (1 - share)) / (images + 2);
}

/**
 * Noise of a study at 95 % confidence: the binomial error of the test images and, where there are several seeds, the scatter
 * over them. Scenarios share their test images, which makes differences a little surer than this says.
 *
 * @param scenarios the scores of each scenario's runs
 * @param images test images
 */
export function noiseOf(scenarios: readonly Scores[], images: number): Noise {
  // Of all scores the one nearest to a half is the least certain: one bound for all pairs.
  const variance = Math.max(0, ...scenarios.flat().map((score) => binomialVariance(score, images)));
  const ofImages = Z * Math.sqrt(2 * variance);
  const chosen =
    `On ${plural(images, 'test image')} the choice of images alone makes two equally good scenarios differ by up to ` +
    `${points(ofImages)} points (binomial error, 95 % confidence)`;
  const freedom = scenarios.reduce((sum, scores) => sum + scores.length - 1, 0);
  if (freedom <= 0) {
    const text =
      `${chosen}: a smaller difference is noise. What other initial weights and another order of the images change comes on ` +
      'top, and one seed does not show it: several (--seeds 0,1,2) do.';
    return { bound: ofImages, images: ofImages, spread: null, text };
  }
  const squares = scenarios.map((scores) => scores.reduce((sum, score) => sum + (score - mean(scores)) ** 2, 0));
  const spread = Math.sqrt(squares.reduce((a, b) => a + b, 0) / freedom);
  const seeds = Math.min(...scenarios.map((scores) => scores.length));
  const ofSeeds = studentT(freedom) * spread * Math.sqrt(2 / seeds);
  const bound = Math.hypot(ofImages, ofSeeds);
  const averaged = seeds > 1 ? `two means over ${thousands(seeds)} seeds` : 'two single runs';
  const text =
    `${chosen}. Runs of one scenario scatter over their seeds by ${points(spread)} points (one standard deviation, pooled ` +
    `over ${plural(scenarios.length, 'scenario')}), which makes ${averaged} differ by up to ${points(ofSeeds)}. Together: a ` +
    `difference below ${points(bound)} points is noise.`;
  return { bound, images: ofImages, spread, text };
}
