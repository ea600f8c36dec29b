import { refuse } from '../gpu/errors.js';
import { checked } from '../gpu/options.js';
import {
  accuracy,
  CLASSES,
  type ClassOptions,
  count,
  type Labels,
  microScores,
  occurring,
  pairwiseSum,
  type Scores,
  score,
  scored,
} from './classification.js';
import { fixed, right } from './format.js';

export interface ReportOptions extends ClassOptions {
  /** A name per class, in the order of `classes`. */
  targetNames?: readonly string[] | undefined;
  /** Decimals in the text. Default 2. */
  digits?: number | undefined;
}

export interface ClassScores extends Scores {
  label: number;
  name: string;
}

/** Scores as scikit-learn's `output_dict=True` names them. */
export type ReportEntry = { precision: number; recall: number; 'f1-score': number; support: number };

function entry({ precision, recall, f1, support }: Scores): ReportEntry {
  return { precision, recall, 'f1-score': f1, support };
}

/** What {@link classificationReport} returns; `String(report)` is the table. */
export class ClassificationReport {
  constructor(
    readonly classes: readonly ClassScores[],
    /** Averages of all classes' counts together; where every label occurring is scored and no other, each is the accuracy. */
    readonly microAvg: Scores,
    /** Plain means over the classes. */
    readonly macroAvg: Scores,
    /** Means over the classes, weighted by support. */
    readonly weightedAvg: Scores,
    /** Null where `classes` differs from the labels that occur: then scikit-learn reports a micro average in its place. */
    readonly accuracy: number | null,
    private readonly digits: number,
    /** What follows a support: scikit-learn prints `4.0` instead of `4` where no prediction at all is right. */
    private readonly suffix: '' | '.0',
  ) {}

  /** The table, to the letter what scikit-learn's `classification_report(…, zero_division=0)` returns. */
  toString(): string {
    const width = Math.max('weighted avg'.length, this.digits, ...this.classes.map((c) => [...c.name].length));
    const line = (name: string, cells: readonly string[]) =>
      `${right(name, width)} ${cells.map((cell) => ` ${right(cell, 9)}`).join('')}\n`;
    const row = (name: string, s: Scores, from = 0) => {
      const figures = [s.precision, s.recall, s.f1].map((v, i) => (i < from ? '' : fixed(v, this.digits)));
      return line(name, [...figures, `${s.support}${this.suffix}`]);
    };
    return [
      line('', ['precision', 'recall', 'f1-score', 'support']),
      '\n',
      ...this.classes.map((c) => row(c.name, c)),
      '\n',
      this.accuracy === null ? row('micro avg', this.microAvg) : row('accuracy', this.microAvg, 2),
      row('macro avg', this.macroAvg),
      row('weighted avg', this.weightedAvg),
    ].join('');
  }

  /** scikit-learn's `output_dict=True`: an entry per class name, then accuracy (or micro avg), macro avg, weighted avg. */
  toJSON(): Record<string, ReportEntry | number> {
    return {
      ...Object.fromEntries(this.classes.map((c) => [c.name, entry(c)])),
      ...(this.accuracy === null ? { 'micro avg': entry(this.microAvg) } : { accuracy: this.accuracy }),
      'macro avg': entry(this.macroAvg),
      'weighted avg': entry(this.weightedAvg),
    };
  }
}

function average(scores: readonly Scores[], weight: (s: Scores) => number): Scores {
  const weights = scores.map(weight);
  const total = pairwiseSum(weights);
  const mean = (of: (s: Scores) => number) =>
    total === 0 ? 0 : pairwiseSum(scores.map((s, i) => of(s) * (weights[i] ?? 0))) / total;
  const support = scores.reduce((sum, s) => sum + s.support, 0);
  return { precision: mean((s) => s.precision), recall: mean((s) => s.recall), f1: mean((s) => s.f1), support };
}

/**
 * Precision, recall, F1 and support of every class, with accuracy and the macro and weighted averages, as scikit-learn's
 * `classification_report` (1.2; quotients by zero are 0). `String(report)` is its text, `report.toJSON()` its dictionary.
 *
 * `targetNames` without `classes` stands for the classes 0 … n−1, if all labels are among these.
 *
 * @example
 * console.log(`${classificationReport([0, 1, 2, 2], [0, 0, 2, 2], { targetNames: ['ant', 'bee', 'cat'] })}`);
 */
export function classificationReport(
  labels: Labels,
  predictions: Labels,
  options: ReportOptions = {},
): ClassificationReport {
  const op = 'classificationReport';
  const known = { ...CLASSES, targetNames: 'any', digits: 'number' } as const;
  const { targetNames, digits = 2 } = checked(op, options, known);
  if (!Number.isInteger(digits) || digits < 0 || digits > 60) refuse(`${op}: digits ${digits}; use 0 to 60`);
  const found = occurring(op, labels, predictions);
  const names = targetNames?.length;
  const counted = names !== undefined && found.every((c) => c >= 0 && c < names) ? names : undefined;
  const classes = scored(op, labels, predictions, counted && !options.classes ? { classes: counted } : options);
  if (names !== undefined && names !== classes.length) {
    refuse(`${op}: ${names} targetNames for ${classes.length} classes [${classes}]; pass one per class, or classes`);
  }
  const counts = count(labels, predictions, classes);
  const scores = counts.map(score);
  const micro = microScores(counts);
  const same = classes.length === found.length && found.every((c) => classes.includes(c));
  return new ClassificationReport(
    scores.map((s, i) => ({ ...s, label: classes[i] ?? i, name: targetNames?.[i] ?? String(classes[i]) })),
    micro,
    average(scores, () => 1),
    average(scores, ({ support }) => support),
    same ? micro.precision : null,
    digits,
    accuracy(labels, predictions) === 0 ? '.0' : '',
  );
}
