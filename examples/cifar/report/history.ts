import type { StudyResults } from '../results.js';

const COLUMNS = ['data', 'scenario', 'seed', 'epoch', 'trainLoss', 'testAccuracy', 'learningRate'] as const;

/** A CSV field, quoted where it must be (RFC 4180). */
const field = (value: string | number): string =>
  /[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);

/** `history.csv`: a line per epoch of every run; each says which data it is from. */
export function historyCsv(results: StudyResults): string {
  const data = results.data.synthetic ? 'synthetic' : results.data.name;
  const lines = results.runs.flatMap(({ scenario, seed, history }) =>
    history.map((e) => [data, scenario, seed, e.epoch, e.trainLoss, e.testAccuracy, e.learningRate]),
  );
  return [[...COLUMNS], ...lines].map((line) => `${line.map(field).join(',')}\n`).join('');
}
