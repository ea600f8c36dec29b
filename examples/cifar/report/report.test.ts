import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { madeUp, madeUpSamples } from './fixture.js';
import { dotChart, f1Svg, finalTable, historyCsv, reportHtml, terminalReport, writeReport } from './index.js';
import { bitmap } from './page/samples.js';
import { scoreRange, summarise } from './summary.js';
import { signedPoints, wrap } from './text.js';

const real = madeUp('real');
const synthetic = madeUp('synthetic');

/** Names of the elements left open or closed out of order. */
function unbalanced(markup: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const body = markup.replace(/<style>[\s\S]*?<\/style>/g, '').replace('<!doctype html>', '');
  for (const [, slash, name = '', attributes = ''] of body.matchAll(/<(\/?)([a-z][\w-]*)((?:\s[^<>]*)?)>/g)) {
    if (slash && open.pop() !== name) wrong.push(name);
    if (!slash && !attributes.endsWith('/')) open.push(name);
  }
  return [...wrong, ...open];
}

describe('summary', () => {
  it('has a row per scenario in the order of the settings', () => {
    const { rows, baseline, seeds } = summarise(real);
    expect(rows.map((row) => row.scenario)).toEqual(real.settings.scenarios);
    expect(baseline?.delta).toBe(0);
    expect(seeds).toBe(3);
    for (const row of rows) expect(row.min <= row.mean && row.mean <= row.max).toBe(true);
  });

  it('shows the scores from the lowest to the highest and what is noise, not from 0', () => {
    const summary = summarise(real);
    const [low, high] = scoreRange(summary);
    const shown = [
      ...summary.rows.flatMap(({ min, max }) => [min, max]),
      (summary.baseline?.mean ?? 0) - summary.noise.bound,
    ];
    expect(low).toBeGreaterThan(0.3);
    expect(low).toBeLessThan(Math.min(...shown));
    expect(high).toBeGreaterThan(Math.max(...shown));
    expect(high - low).toBeLessThan(2 * (Math.max(...shown) - Math.min(...shown)));
  });

  it('shows a range of one score, and none beyond 0 and 1', () => {
    const one = (microF1: number) =>
      scoreRange(summarise({ ...real, runs: real.runs.slice(0, 1).map((run) => ({ ...run, microF1 })) }));
    expect(one(0.5)).toEqual([0.46, 0.54]);
    expect(one(0.001)).toEqual([0, expect.any(Number)]);
    expect(one(1)).toEqual([expect.any(Number), 1]);
  });

  it('does without a baseline, and with none but unfinished runs', () => {
    const runs = real.runs.filter((run) => run.scenario !== 'baseline');
    expect(summarise({ ...real, runs })).toMatchObject({ baseline: null });
    expect(summarise({ ...real, runs: [] }).rows).toEqual([]);
  });
});

describe('text', () => {
  it.each([
    [0.017, '+1.7'],
    [-0.0204, '−2.0'],
    [0.0004, '±0.0'],
  ])('%f is %s points', (difference, text) => expect(signedPoints(difference)).toBe(text));
  it('wraps at spaces', () => expect(wrap('one two three', 7)).toEqual(['one two', 'three']));
});

describe('history.csv', () => {
  it('has a line per epoch of every run', () => {
    const lines = historyCsv(real).trimEnd().split('\n');
    expect(lines[0]).toBe('data,scenario,seed,epoch,trainLoss,testAccuracy,learningRate');
    expect(lines).toHaveLength(1 + 8 * 3 * 3);
    const { trainLoss, testAccuracy } = real.runs[1]?.history[2] ?? {};
    expect(lines[6]).toBe(`CIFAR-10,baseline,1,3,${trainLoss},${testAccuracy},${2e-3 * 0.8 ** 2}`);
  });

  it('says synthetic in every line', () => {
    const [, ...lines] = historyCsv(synthetic).trimEnd().split('\n');
    expect(lines.every((line) => line.startsWith('synthetic,'))).toBe(true);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1'])('keeps %j from being a formula', (name) => {
    expect(historyCsv({ ...real, data: { ...real.data, name } })).toContain(`\n'${name},baseline,0,1,`);
  });

  it('leaves numbers as they are', () => {
    const [run] = structuredClone(real.runs);
    if (!run?.history[0]) throw new Error('no run');
    run.history[0].trainLoss = -1.5;
    expect(historyCsv({ ...real, runs: [run] })).toContain(',1,-1.5,');
  });

  it('quotes what holds a comma', () => {
    const named = { ...real, data: { ...real.data, name: 'mine, "own"' } };
    expect(historyCsv(named)).toContain('\n"mine, ""own""",baseline,0,1,');
  });
});

describe('terminal', () => {
  it('tables fit 80 columns and mark what is noise', () => {
    const table = finalTable(real);
    for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(table).toMatch(/norm_inputs .*noise −1\.0 /);
    expect(table).toMatch(/init_weights .* \+7\.3 /);
    expect(finalTable(synthetic)).toMatch(/baseline +│ synthetic/);
  });

  it('dots lie where their scores do, on what is noise round the baseline', () => {
    const [ends = '', ...lines] = dotChart(real, 80).split('\n');
    const summary = summarise(real);
    const { rows, baseline, noise } = summary;
    const [low, high] = scoreRange(summary);
    expect(lines).toHaveLength(9);
    for (const line of [ends, ...lines]) expect(line.length).toBeLessThanOrEqual(80);
    const [first, last] = [ends.search(/\d/), ends.length - 1];
    expect(ends.trim().split(/ +/).map(Number)).toEqual([low, high]);
    const scoreAt = (column: number): number => low + ((high - low) * (column - first)) / (last - first);
    const cell = (high - low) / (last - first);
    for (const [i, { mean, delta }] of rows.entries()) {
      const line = lines[i] ?? '';
      expect(Math.abs(scoreAt(line.indexOf('●')) - mean)).toBeLessThan(cell);
      expect(Math.abs(scoreAt(line.search(/░/)) - ((baseline?.mean ?? 0) - noise.bound))).toBeLessThan(2 * cell);
      if (delta) expect(Math.abs(scoreAt(line.indexOf('┊')) - (baseline?.mean ?? 0))).toBeLessThan(cell);
    }
  });

  it('says that it is synthetic in every line, and what is noise', () => {
    const text = terminalReport(synthetic, 80);
    expect(text).toContain('synthetic pictures (not CIFAR-10)');
    expect(text).toMatch(/● *[░┊].* 0\.778 synthetic\n/);
    expect(text.replaceAll('\n', ' ')).toContain('a smaller difference is noise');
  });

  it('says so when no run has finished', () =>
    expect(terminalReport({ ...real, runs: [] })).toContain('No run has finished'));
});

describe('f1.svg', () => {
  it('is well formed and says where it is from', async () => {
    const svg = await f1Svg(real);
    expect(unbalanced(svg)).toEqual([]);
    expect(svg).toContain('CIFAR-10 · 2,000 training and 2,000 test images');
    expect(svg).toContain('whiskers: lowest to highest seed');
    expect(svg).toContain('Made-up adapter &lt;&amp;');
    expect(svg).toContain('stroke-dasharray="5,4"');
    expect(svg).toContain('axis from 0.40 to 0.60');
    expect(svg).not.toContain('var(');
  });

  it('says synthetic, and draws no whiskers for one seed', async () => {
    const svg = await f1Svg(synthetic);
    expect(svg).toContain('SYNTHETIC DATA');
    expect(svg).not.toContain('whiskers');
  });
});

describe('report.html', () => {
  let page = '';
  beforeAll(async () => {
    page = await reportHtml(real, madeUpSamples(real));
  });

  it('refers to nothing outside itself', () => {
    expect(page).not.toMatch(/https?:|<script|<link|@import|src="(?!data:)|url\((?!['"]?data:)|href="(?!#)/);
  });
  it('is well formed', () => expect(unbalanced(page)).toEqual([]));
  it('has all its parts, once', () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ['result', 'noise', 'settings', 'curves', 'confusion', 'reports', 'samples']) {
      expect(ids).toContain(id);
      expect(page).toContain(`href="#${id}"`);
    }
  });
  it('escapes what it is given', () => expect(page).toContain('Made-up adapter &lt;&amp; &quot;Sons&quot;&gt;'));
  it('has a matrix, two curves and the reports of each scenario', () => {
    expect(page.match(/class="matrix"/g)).toHaveLength(8);
    expect(page.match(/<svg /g)).toHaveLength(1 + 2 * 8);
    expect(page.match(/<details>/g)).toHaveLength(24);
    expect(page.match(/<img /g)).toHaveLength(6);
  });
  it('does not say synthetic of real images', () => expect(page).not.toMatch(/synthetic/i));

  it('says synthetic in title, note, chart and foot', async () => {
    const text = await reportHtml(synthetic);
    expect(text).toMatch(/<title>[^<]*synthetic/);
    expect(text).toContain('<strong>Synthetic data.</strong>');
    expect(text).not.toContain('id="samples"');
    expect(unbalanced(text)).toEqual([]);
  });

  it('stands a study of one scenario, one epoch, or nothing finished', async () => {
    const one = { ...real, runs: real.runs.slice(1, 2).map((run) => ({ ...run, history: run.history.slice(0, 1) })) };
    expect(unbalanced(await reportHtml(one))).toEqual([]);
    const none = await reportHtml({ ...real, runs: [] });
    expect(none).toContain('No run has finished');
    expect(unbalanced(none)).toEqual([]);
  });
});

describe('sample images', () => {
  it('become bitmaps: rows from the bottom, blue first', () => {
    const pixels = Buffer.alloc(3072);
    pixels[0] = 10; // red, top left
    pixels[1024] = 20;
    pixels[2048] = 30;
    const file = Buffer.from(bitmap(pixels.toString('base64')).split(',')[1] ?? '', 'base64');
    expect(file.subarray(0, 2).toString()).toBe('BM');
    expect(file).toHaveLength(54 + 3072);
    expect([...file.subarray(54 + 31 * 96, 54 + 31 * 96 + 4)]).toEqual([30, 20, 10, 0]);
  });
});

describe('writeReport', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'report-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('leaves four files, the picture with readable text', async () => {
    const paths = await writeReport(real, join(folder, 'new'));
    expect(paths.map((path) => path.slice(folder.length + 5))).toEqual([
      'history.csv',
      'report.html',
      'f1.svg',
      'f1.png',
    ]);
    const png = await readFile(join(folder, 'new', 'f1.png'));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(1720);
    // A picture without its font has bars only, and is far smaller.
    expect(png.length).toBeGreaterThan(50_000);
  });

  it('leaves out the chart while nothing has finished', async () =>
    expect(await writeReport({ ...real, runs: [] }, folder)).toHaveLength(2));
});
