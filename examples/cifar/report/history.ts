import type { StudyResults } from '../results.js';

const COLUMNS = ['data', 'scenario', 'seed', 'epoch', 'trainLoss', 'testAccuracy', 'learningRate'] as const;

/** A CSV field, quoted where it must be (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe. */
function field(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** `history.csv`: a line per epoch of every run; each says which data it is from. */
export function historyCsv(results: StudyResults): string {
  const data = results.data.synthetic ? 'synthetic' : results.data.name;
  const lines = results.runs.flatMap(({ scenario, seed, history }) =>
    history.map((e) => [data, scenario, seed, e.epoch, e.trainLoss, e.testAccuracy, e.learningRate]),
  );
  return [[...COLUMNS], ...lines].map((line) => `${line.map(field).join(',')}\n`).join('');
}
