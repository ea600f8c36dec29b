/** `report.html`: the whole study on one page that needs nothing else, neither network nor script. */
import type { Sample, StudyResults } from '../../results.js';
import { f1Spec, legend } from '../chart.js';
import { curve } from '../curves.js';
import { dataName, divergedLines, provenance, type Row, type Summary, summarise } from '../summary.js';
import { points } from '../text.js';
import { PAGE, render } from '../vega.js';
import { type Html, html, inline, markup } from './html.js';
import { sampleTable } from './samples.js';
import { STYLE } from './style.js';
import {
  classNames,
  confusion,
  reportDetails,
  resultTable,
  scenarioTable,
  scrolling,
  settingsTable,
} from './tables.js';

const section = (id: string, title: string, ...body: (Html | string | null)[]): Html =>
  html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${body}</section>
`;

const card = (title: string, body: Html): Html => html`<article class="card"><h3>${title}</h3>${body}</article>`;

function chartSection(results: StudyResults, summary: Summary, svg: string): Html {
  const { rows } = summary;
  const scores = rows.map((row) => `${row.scenario} ${row.mean.toFixed(3)}`).join(', ');
  const described = `Chart of micro-F1 per scenario on ${dataName(results)}: ${scores}`;
  const parts = [
    `${legend(summary).replace(/^./, (first) => first.toUpperCase())}.`,
    results.data.synthetic ? 'The data is synthetic: the scores say nothing about CIFAR-10.' : '',
  ];
  return html`<figure>${scrolling('Chart', html`<div class="wide" role="img" aria-label="${described}">${inline(svg)}</div>`)}
<figcaption>${parts.join(' ')}</figcaption></figure>${resultTable(summary, results.diverged)}`;
}

async function curves(row: Row, summary: Summary): Promise<Html> {
  const last = row.runs.map((run) => run.history.at(-1)).filter((e) => e !== undefined);
  const average = (of: (e: (typeof last)[number]) => number) => last.reduce((sum, e) => sum + of(e), 0) / last.length;
  const picture = async (measure: 'trainLoss' | 'testAccuracy', title: string, end: string) =>
    html`<figure><figcaption>${title}</figcaption><div role="img" aria-label="${title} of ${row.scenario} per epoch, at the end ${end}">${inline(
      await curve(row, summary, measure),
    )}</div></figure>`;
  if (last.length === 0) return card(row.scenario, html`<p class="muted">No epoch has finished.</p>`);
  const loss = await picture('trainLoss', 'train loss', average((e) => e.trainLoss).toFixed(3));
  const accuracy = await picture('testAccuracy', 'test accuracy', average((e) => e.testAccuracy).toFixed(3));
  return card(row.scenario, html`<div class="pair">${loss}${accuracy}</div>`);
}

/** What was found, in two or three sentences, claiming no more than the noise allows. */
function findings({ rows, baseline, noise }: Summary): string {
  const best = rows.reduce((a, b) => (b.mean > a.mean ? b : a));
  const worst = rows.reduce((a, b) => (b.mean < a.mean ? b : a));
  const range =
    rows.length > 1
      ? `Micro-F1 runs from ${worst.mean.toFixed(3)} (${worst.scenario}) to ${best.mean.toFixed(3)} (${best.scenario}).`
      : `Micro-F1 is ${best.mean.toFixed(3)} (${best.scenario}).`;
  const others = rows.filter((row) => row !== baseline);
  if (!baseline || others.length === 0) return range;
  const apart = others.filter((row) => Math.abs(row.delta ?? 0) >= noise.bound).map((row) => row.scenario);
  const bound = `${points(noise.bound)} points`;
  if (apart.length === 0) {
    return `${range} No scenario is further than ${bound} from ${baseline.scenario}, which noise alone can do.`;
  }
  const caution = noise.spread === null ? ' Single runs prove little: more seeds would tell.' : '';
  return `${range} Further than ${bound} from ${baseline.scenario}, the bound for noise: ${apart.join(', ')}.${caution}`;
}

/** The page as text. `samples` may be empty. */
export async function reportHtml(results: StudyResults, samples: readonly Sample[] = []): Promise<string> {
  const summary = summarise(results);
  const classes = classNames(results);
  const { what, where } = provenance(results);
  const { rows, noise } = summary;
  const done = rows.length > 0;
  const sections: [id: string, title: string, body: (Html | string | null)[]][] = [
    [
      'result',
      'Result',
      done
        ? [chartSection(results, summary, await render(f1Spec(results, summary, PAGE, false)))]
        : ['No run has finished.'],
    ],
    ['noise', 'What is noise', [html`<p class="note">${noise.text}</p>`]],
    ['settings', 'Settings', [scenarioTable(results), settingsTable(results)]],
  ];
  if (done) {
    const panelLegend = `Solid: this scenario, a line per seed. ${summary.baseline ? `Dashed: mean of ${summary.baseline.scenario}. ` : ''}All panels share their scales.`;
    const panels: Html[] = [];
    for (const row of rows) panels.push(await curves(row, summary));
    const matrices = rows.map((row) => card(row.scenario, confusion(row, classes)));
    const reports = rows.flatMap((row) => row.runs.map(reportDetails));
    sections.push([
      'curves',
      'Learning curves',
      [html`<p class="muted">${panelLegend}</p>`, html`<div class="cards">${panels}</div>`],
    ]);
    const reading = `Rows are true classes, columns predictions; a cell is the percentage of its row${summary.seeds > 1 ? ', over all seeds' : ''}.`;
    sections.push([
      'confusion',
      'Confusion matrices',
      [html`<p class="muted">${reading}</p>`, html`<div class="cards">${matrices}</div>`],
    ]);
    sections.push(['reports', 'Classification reports', reports]);
    const images = sampleTable(results, samples, classes);
    const choice =
      'By the first seed of each scenario. Chosen where scenarios disagree, so harder than the average image.';
    if (images) sections.push(['samples', 'Test images', [html`<p class="muted">${choice}</p>`, images]]);
  }
  const title = `CIFAR-10 training tricks on WebGPU${results.data.synthetic ? ' (synthetic data)' : ''}`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>${title}</title><style>${markup(STYLE)}</style></head>
<body><header><h1>${title}</h1>
${results.data.synthetic ? html`<p class="note"><strong>Synthetic data.</strong> The pictures were drawn by a seeded generator; no figure here is about CIFAR-10.</p>` : null}
${divergedLines(results).map((line) => html`<p class="note"><strong>${line}</strong></p>`)}
<p>${done ? findings(summary) : ''}</p>
<p class="muted">${what}<br/>${where}</p>
<nav aria-label="Sections"><ul>${sections.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav></header>
<main>${sections.map(([id, name, body]) => section(id, name, ...body))}</main>
<footer><p>Made by kindling's <code>npm run example:cifar</code>${results.data.synthetic ? ' from synthetic data' : ''}.</p></footer></body></html>
`;
  return page.text;
}
