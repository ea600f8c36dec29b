/** Everything the study leaves beside its weights: tables, chart, page. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from 'kindling/io';
import type { Sample, StudyResults } from '../results.js';
import { f1Svg, png } from './chart.js';
import { historyCsv } from './history.js';
import { reportHtml } from './page/page.js';

export { f1Svg, png } from './chart.js';
export { historyCsv } from './history.js';
export { reportHtml } from './page/page.js';
export { dotChart, finalTable, terminalReport } from './terminal.js';

/**
 * Writes `history.csv`, `report.html` and, once a run has finished, `f1.svg` and `f1.png` into a folder, which is made where
 * it is missing.
 * @returns the paths written
 */
export async function writeReport(
  results: StudyResults,
  folder: string,
  samples: readonly Sample[] = [],
): Promise<string[]> {
  const files: [string, string | Uint8Array][] = [
    ['history.csv', historyCsv(results)],
    ['report.html', await reportHtml(results, samples)],
  ];
  if (results.runs.length > 0) {
    const svg = await f1Svg(results);
    files.push(['f1.svg', svg], ['f1.png', png(svg)]);
  }
  await mkdir(folder, { recursive: true });
  for (const [name, content] of files) await writeFileAtomic(join(folder, name), content);
  return files.map(([name]) => join(folder, name));
}
