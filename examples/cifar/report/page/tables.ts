/** The page's tables: results, settings, confusion matrices, classification reports. */
import type { DivergedRun, ReportEntry, RunResult, StudyResults } from '../../results.js';
import { dataName, type Row, type Summary } from '../summary.js';
import { signedPoints, thousands } from '../text.js';
import { type Html, html } from './html.js';

/** A table that scrolls by itself, also with the keyboard, where the page is narrower. */
export const scrolling = (label: string, table: Html): Html =>
  html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${table}</div>`;

/** One row per scenario: scores, distance from the baseline, and whether that is more than noise; then what diverged. */
export function resultTable({ rows, baseline, noise, seeds }: Summary, diverged: readonly DivergedRun[] = []): Html {
  const verdict = (row: Row): string => {
    if (row.delta === null || row === baseline) return '';
    return Math.abs(row.delta) < noise.bound ? 'within noise' : row.delta > 0 ? 'higher' : 'lower';
  };
  const several = seeds > 1;
  const head = html`<tr><th scope="col">scenario</th><th scope="col">micro-F1</th>
${several ? html`<th scope="col">lowest – highest</th>` : null}<th scope="col">accuracy</th>
${baseline ? html`<th scope="col">vs ${baseline.scenario}</th><th scope="col" class="text">reading</th>` : null}
<th scope="col">seconds</th></tr>`;
  const against = (row: Row): Html | null =>
    row.delta === null
      ? null
      : html`<td>${row === baseline ? '' : signedPoints(row.delta)}</td><td class="text">${verdict(row)}</td>`;
  const line = (
    row: Row,
  ): Html => html`<tr><th scope="row" class="name">${row.scenario}</th><td>${row.mean.toFixed(3)}</td>
${several ? html`<td>${row.min.toFixed(3)} – ${row.max.toFixed(3)}</td>` : null}<td>${row.accuracy.toFixed(3)}</td>
${against(row)}<td>${row.seconds.toFixed(1)}</td></tr>`;
  const columns = 3 + (several ? 1 : 0) + (baseline ? 2 : 0);
  const dead = ({ scenario, seed }: DivergedRun): Html =>
    html`<tr><th scope="row" class="name">${scenario}, seed ${seed}</th><td colspan="${columns}">diverged</td></tr>`;
  return scrolling(
    'Scores per scenario',
    html`<table><caption>${several ? 'Means over the seeds; seconds' : 'Seconds'} of training in all.
Differences are in points, hundredths of micro-F1.</caption><thead>${head}</thead><tbody>${rows.map(line)}${diverged.map(dead)}</tbody></table>`,
  );
}

/** A setting's value as text: numbers in full, lists with commas, switches as words. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return Math.abs(value) >= 1000 ? thousands(value) : String(value);
  if (Array.isArray(value)) return value.map(shown).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const spaced = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

/** How it was run. */
export function settingsTable(results: StudyResults): Html {
  const { scenarioSettings, scenarios, host: _, ...settings } = results.settings;
  const { path, synthetic } = results.data;
  const entries: [string, unknown][] = [
    ['data', [dataName(results), ...(path && !synthetic ? [path] : [])]],
    ['host', results.host],
    ['adapter', results.adapter.description],
    ['software adapter', results.adapter.isSoftware],
    ...(scenarioSettings ? [] : [['scenarios', scenarios] as [string, unknown]]),
    ...Object.entries(settings),
    ...Object.entries(results.versions).map(([name, version]) => [`version of ${name}`, version] as [string, unknown]),
  ];
  const line = ([name, value]: [string, unknown]): Html =>
    html`<tr><th scope="row">${spaced(name)}</th><td class="text">${shown(value)}</td></tr>`;
  return scrolling('Settings', html`<table class="settings"><tbody>${entries.map(line)}</tbody></table>`);
}

/** What each scenario switches on. */
export function scenarioTable(results: StudyResults): Html | null {
  const table = results.settings.scenarioSettings;
  if (!table) return null;
  const names = results.settings.scenarios.filter((name) => table[name]);
  // What no scenario switches on is not worth a column.
  const columns = [...new Set(names.flatMap((name) => Object.keys(table[name] ?? {})))].filter((column) =>
    names.some((name) => table[name]?.[column] !== null),
  );
  const line = (name: string): Html => html`<tr><th scope="row" class="name">${name}</th>
${columns.map((column) => html`<td>${shown(table[name]?.[column])}</td>`)}</tr>`;
  return scrolling(
    'Settings of each scenario',
    html`<table><thead><tr><th scope="col">scenario</th>
${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead><tbody>${names.map(line)}</tbody></table>`,
  );
}

/** Class names in label order: as the data has them, else as the first report. */
export function classNames(results: StudyResults): string[] {
  const run = results.runs[0];
  if (results.data.classes) return results.data.classes;
  const size = run?.confusionMatrix.length ?? 0;
  return Object.keys(run?.report ?? {}).slice(0, size);
}

/** A heat map over all seeds of a scenario: the percentage of each true class that got each prediction. */
export function confusion(row: Row, classes: readonly string[]): Html {
  const sums = classes.map((_, t) =>
    classes.map((_, p) => row.runs.reduce((sum, run) => sum + (run.confusionMatrix[t]?.[p] ?? 0), 0)),
  );
  const cell = (count: number, total: number, truth: string, guess: string): Html => {
    const share = total > 0 ? count / total : 0;
    const tone = share >= 0.65 ? 'hot' : share >= 0.5 ? 'middle' : 'cool';
    const said = `${thousands(count)} of ${thousands(total)} ${truth} predicted as ${guess}`;
    const percent = count > 0 ? String(Math.round(share * 100)) : '';
    return html`<td class="${tone}" style="--v:${share.toFixed(3)}" title="${said}">${percent}</td>`;
  };
  const line = (counts: readonly number[], t: number): Html => {
    const total = counts.reduce((a, b) => a + b, 0);
    const truth = classes[t] ?? '';
    return html`<tr><th scope="row">${truth}</th>${counts.map((n, p) => cell(n, total, truth, classes[p] ?? ''))}</tr>
`;
  };
  const head = classes.map((name) => html`<th scope="col"><span>${name}</span></th>`);
  return scrolling(
    `Confusion matrix of ${row.scenario}`,
    html`<table class="matrix"><thead><tr><th aria-label="true class"></th>${head}</tr></thead><tbody>${sums.map(line)}</tbody></table>`,
  );
}

/** Precision, recall, F1 and support of a run, to fold out. */
export function reportDetails(run: RunResult): Html {
  const figures = (e: ReportEntry | number): string[] =>
    typeof e === 'number'
      ? ['', '', e.toFixed(3), '']
      : [...[e.precision, e.recall, e['f1-score']].map((v) => v.toFixed(3)), thousands(e.support)];
  const line = ([name, entry]: [string, ReportEntry | number]): Html =>
    html`<tr><th scope="row">${name}</th>${figures(entry).map((text) => html`<td>${text}</td>`)}</tr>
`;
  const head = ['class', 'precision', 'recall', 'F1', 'support'].map((name) => html`<th scope="col">${name}</th>`);
  return html`<details><summary><span class="name">${run.scenario}</span>, seed ${run.seed}: micro-F1 ${run.microF1.toFixed(3)}</summary>
<table><thead><tr>${head}</tr></thead><tbody>${Object.entries(run.report).map(line)}</tbody></table></details>
`;
}
