/**
 * Scores of a classifier from two arrays of class labels. Everything here runs on the CPU: labels and predictions are
 * plain arrays or typed arrays, as `await predictions.data()` gives them. Definitions are scikit-learn's.
 */
import { refuse } from '../gpu/errors.js';
import { atMost, checked, type Known, text } from '../gpu/options.js';

/** Class labels: integers, one per sample. */
export type Labels = ArrayLike<number>;

/** Which classes to score: their number (0 … n−1), or a list of labels. Default: every label that occurs, sorted. */
export interface ClassOptions {
  classes?: number | readonly number[] | undefined;
}

export const CLASSES: Known<ClassOptions> = { classes: 'wholes' };

export interface Scores {
  precision: number;
  recall: number;
  f1: number;
  /** Samples whose true label this is; for averages, all samples counted. */
  support: number;
}

/** What one class got: true positives, predictions of it, samples of it. */
export interface Counts {
  hits: number;
  predicted: number;
  actual: number;
}

const isList = (value: unknown): boolean => typeof value === 'object' && value !== null && 'length' in value;

function check(op: string, labels: Labels, predictions: Labels): void {
  for (const [name, given] of Object.entries({ labels, predictions })) {
    if (isList(given)) continue;
    const tensor = text(given) === 'a tensor' ? `; write await ${name}.data()` : '';
    refuse(`${op}: ${name} is ${text(given)}, wants an array of class labels${tensor}`);
  }
  if (labels.length !== predictions.length) {
    refuse(`${op}: ${labels.length} labels but ${predictions.length} predictions; pass one of each per sample`);
  }
  if (labels.length === 0) refuse(`${op}: no samples; pass at least one label`);
  for (const [what, values] of Object.entries({ label: labels, prediction: predictions })) {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isInteger(values[i])) refuse(`${op}: ${what} ${i} is ${text(values[i])}; class labels are integers`);
    }
  }
}

/** Every label that occurs, in ascending order. */
export function occurring(op: string, labels: Labels, predictions: Labels): number[] {
  check(op, labels, predictions);
  return [...new Set([...Array.from(labels), ...Array.from(predictions)])].sort((a, b) => a - b);
}

/** The labels to score, after {@link ClassOptions}. */
export function scored(op: string, labels: Labels, predictions: Labels, { classes }: ClassOptions): number[] {
  if (classes === undefined) return occurring(op, labels, predictions);
  check(op, labels, predictions);
  const list = typeof classes === 'number' ? Array.from({ length: classes }, (_, c) => c) : [...classes];
  if (list.length === 0 || new Set(list).size !== list.length || !list.every(Number.isInteger)) {
    refuse(`${op}: classes [${list}] must be distinct integers, at least one`);
  }
  return list;
}

/** Counts per class of `classes`, over all samples. */
export function count(labels: Labels, predictions: Labels, classes: readonly number[]): Counts[] {
  const of = new Map(classes.map((c) => [c, { hits: 0, predicted: 0, actual: 0 }]));
  for (let i = 0; i < labels.length; i++) {
    const truth = of.get(labels[i] ?? Number.NaN);
    const guess = of.get(predictions[i] ?? Number.NaN);
    if (truth) truth.actual++;
    if (guess) guess.predicted++;
    if (truth && truth === guess) truth.hits++;
  }
  return [...of.values()];
}

/** A quotient that is 0 where nothing is counted, as `zero_division=0` in scikit-learn. */
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

export function score({ hits, predicted, actual }: Counts): Scores {
  const precision = ratio(hits, predicted);
  const recall = ratio(hits, actual);
  return { precision, recall, f1: ratio(2 * precision * recall, precision + recall), support: actual };
}

/** All classes as one: the counts are summed before dividing. */
export function microScores(counts: readonly Counts[]): Scores {
  const total = (of: keyof Counts) => counts.reduce((sum, count) => sum + count[of], 0);
  return score({ hits: total('hits'), predicted: total('predicted'), actual: total('actual') });
}

/**
 * A sum in NumPy's order (eight running sums up to 128 terms, halves above), so that averages agree with scikit-learn to
 * the last bit, and with them the printed digit.
 */
export function pairwiseSum(values: readonly number[]): number {
  const n = values.length;
  if (n < 8) return values.reduce((a, b) => a + b, 0);
  if (n > 128) {
    const half = Math.floor(n / 2) - (Math.floor(n / 2) % 8);
    return pairwiseSum(values.slice(0, half)) + pairwiseSum(values.slice(half));
  }
  const whole = n - (n % 8);
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = Array.from({ length: 8 }, (_, lane) => {
    let sum = values[lane] ?? 0;
    for (let i = lane + 8; i < whole; i += 8) sum += values[i] ?? 0;
    return sum;
  });
  return values.slice(whole).reduce((sum, v) => sum + v, a + b + (c + d) + (e + f + (g + h)));
}

/** The fraction of samples whose prediction is their label. `accuracy([0, 1, 2], [0, 1, 1])` is 2/3. */
export function accuracy(labels: Labels, predictions: Labels): number {
  atMost('accuracy', 2, arguments);
  check('accuracy', labels, predictions);
  let hits = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === predictions[i]) hits++;
  return hits / labels.length;
}

/**
 * Row t, column p: how many samples of class t were predicted as p. With `classes`, samples whose label or prediction is
 * not among them are left out.
 */
export function confusionMatrix(labels: Labels, predictions: Labels, options: ClassOptions = {}): number[][] {
  const classes = scored('confusionMatrix', labels, predictions, checked('confusionMatrix', options, CLASSES));
  const row = new Map(classes.map((c, i) => [c, i]));
  const matrix = classes.map(() => new Array<number>(classes.length).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const counts = matrix[row.get(labels[i] ?? Number.NaN) ?? -1];
    const column = row.get(predictions[i] ?? Number.NaN);
    if (counts && column !== undefined) counts[column] = (counts[column] ?? 0) + 1;
  }
  return matrix;
}

/** F1 over all classes' counts together. Where every label is among `classes`, this is the accuracy. */
export function microF1(labels: Labels, predictions: Labels, options: ClassOptions = {}): number {
  return microScores(
    count(labels, predictions, scored('microF1', labels, predictions, checked('microF1', options, CLASSES))),
  ).f1;
}

/** The plain mean of the classes' F1; a class that neither occurs nor is predicted counts as 0. */
export function macroF1(labels: Labels, predictions: Labels, options: ClassOptions = {}): number {
  const classes = scored('macroF1', labels, predictions, checked('macroF1', options, CLASSES));
  return pairwiseSum(count(labels, predictions, classes).map((c) => score(c).f1)) / classes.length;
}
