/** What the study leaves behind: the shape of `results.json`, which everything in `report/` is made from. */

/** Scores of one class, or an average, as scikit-learn's dictionary names them. */
export interface ReportEntry {
  precision: number;
  recall: number;
  'f1-score': number;
  support: number;
}

export interface EpochRecord {
  /** From 1. */
  epoch: number;
  trainLoss: number;
  /** 0 to 1, on the test images, after the epoch. */
  testAccuracy: number;
  /** The rate in force during the epoch. */
  learningRate: number;
}

/** One scenario trained with one seed. */
export interface RunResult {
  scenario: string;
  seed: number;
  accuracy: number;
  microF1: number;
  seconds: number;
  history: EpochRecord[];
  /** Rows are true classes. */
  confusionMatrix: number[][];
  /** Per class name, then `accuracy`, `macro avg`, `weighted avg`: `classificationReport(…).toJSON()`. */
  report: Record<string, ReportEntry | number>;
  /** Losses of the first steps, for comparing hosts. */
  firstLosses?: number[];
}

/** A run that died: it has no scores. */
export interface DivergedRun {
  scenario: string;
  seed: number;
  /** When, and in which parameter first. */
  what: string;
}

export interface StudySettings {
  trainSize: number;
  testSize: number;
  epochs: number;
  batchSize: number;
  seeds: number[];
  /** In the order they are shown. */
  scenarios: string[];
  preset: string;
  /** Which set of scenarios: the study's own, or `lecun`. */
  set: string;
  /** The scenario the others are held against; default `baseline`, where there is one. */
  baseline?: string;
  /** What each scenario switches on, for the table of settings: column, value. */
  scenarioSettings?: Record<string, Record<string, string | number | boolean | null>>;
  [more: string]: unknown;
}

export interface DataSource {
  /** As shown: `CIFAR-10`, `synthetic`. */
  name: string;
  synthetic: boolean;
  /** Where they came from: the name of a file or folder, `cifar10`, `cache` or `synthetic`. */
  path?: string;
  /** Class names in label order. */
  classes?: string[];
}

export interface StudyResults {
  adapter: { description: string; isSoftware: boolean; vendor?: string; architecture?: string };
  /** `node` or `browser`, with a version where known. */
  host: string;
  data: DataSource;
  settings: StudySettings;
  versions: Record<string, string>;
  runs: RunResult[];
  /** None where it is missing. */
  diverged?: DivergedRun[];
}

/** Runs that have nothing more to do. */
export const endedRuns = ({ runs, diverged = [] }: StudyResults): readonly { scenario: string; seed: number }[] => [
  ...runs,
  ...diverged,
];

/** A test image with what each scenario (its first seed) made of it. */
export interface Sample {
  /** 3×32×32 bytes, planes in the order red, green, blue; base64. */
  pixels: string;
  label: number;
  predictions: Record<string, number>;
}
