/** The end of the study in a terminal: the table, the chart, and what they do not say. */
import Table from 'cli-table3';
import type { StudyResults } from '../results.js';
import { divergedLines, provenance, scoreRange, summarise } from './summary.js';
import { signedPoints, wrap } from './text.js';

/** No rule between rows: the one below the head is put in by hand. */
const RULES = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

/** One row per scenario. Every image has one class, so micro-F1 is the accuracy too. Differences are in points. */
export function finalTable(results: StudyResults): string {
  const { rows, baseline, seeds, noise } = summarise(results);
  const several = seeds > 1;
  const head = ['scenario', 'data', 'micro-F1', ...(several ? ['range'] : []), 'seconds'];
  if (baseline) head.push('vs baseline');
  const colAligns = head.map((_, i) => (i < 2 ? 'left' : 'right') as 'left' | 'right');
  const table = new Table({ head, colAligns, chars: RULES, style: { head: [], border: [] } });
  for (const row of rows) {
    const range = several ? [`${row.min.toFixed(3)}–${row.max.toFixed(3)}`] : [];
    const cells = [row.scenario, results.data.name, row.mean.toFixed(3), ...range, row.seconds.toFixed(1)];
    if (row.delta !== null) {
      const within = row !== baseline && Math.abs(row.delta) < noise.bound;
      cells.push(row === baseline ? '' : `${within ? 'noise ' : ''}${signedPoints(row.delta)}`);
    }
    table.push(cells);
  }
  for (const { scenario, seed } of results.diverged ?? []) {
    table.push([`${scenario}, seed ${seed}`, results.data.name, 'diverged', ...head.slice(3).map(() => '–')]);
  }
  const [top = '', names = '', ...body] = table.toString().split('\n');
  const rule = top.replace('┌', '├').replaceAll('┬', '┼').replace('┐', '┤');
  return [top, names, rule, ...body].join('\n');
}

/** Dots of micro-F1 in plain text; `┊` is the baseline, `░` round it what is noise. Above, what the ends of the range are. */
export function dotChart(results: StudyResults, columns = 80): string {
  const summary = summarise(results);
  const { rows, baseline, noise } = summary;
  const name = Math.max(...rows.map((row) => row.scenario.length));
  const suffix = results.data.synthetic ? ' synthetic' : '';
  const width = Math.max(10, columns - name - suffix.length - 10);
  const [low, high] = scoreRange(summary);
  const cellOf = (score: number): number => Math.round(((score - low) / (high - low)) * (width - 1));
  const ground = Array.from({ length: width }, (_, i): string => {
    if (!baseline || i < cellOf(baseline.mean - noise.bound) || i > cellOf(baseline.mean + noise.bound)) return ' ';
    return i === cellOf(baseline.mean) ? '┊' : '░';
  });
  const lines = rows.map((row) => {
    const cells = ground.with(cellOf(row.mean), '●').join('');
    return `${row.scenario.padEnd(name)}  ${cells}  ${row.mean.toFixed(3)}${suffix}`;
  });
  const ends = `${low.toFixed(2)}${' '.repeat(width - 8)}${high.toFixed(2)}`;
  const legend = baseline ? [`${' '.repeat(name + 2)}┊ ${baseline.scenario}, ░ within noise of it`] : [];
  return [`${' '.repeat(name + 2)}${ends}`, ...lines, ...legend].join('\n');
}

/** Everything the study prints at its end, without the list of files. */
export function terminalReport(results: StudyResults, columns = 80): string {
  const { what, where } = provenance(results);
  const { rows, noise } = summarise(results);
  const dead = divergedLines(results).flatMap((line) => wrap(line, columns));
  const head = [...wrap(what, columns), ...wrap(where, columns), ...dead, ''];
  if (rows.length === 0) return [...head, 'No run has finished.'].join('\n');
  return [...head, finalTable(results), '', dotChart(results, columns), '', ...wrap(noise.text, columns)].join('\n');
}
