/** The live study from first sight to exported results, by keyboard, in a real browser on this machine's adapter. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StudyResults } from '../../examples/cifar/results.js';
import { seriousFindings } from './axe.js';
import { type Opened, Site } from './site.js';
import { Visitor } from './visitor.js';

/** Two runs of two epochs of sixteen steps: enough to pause in the first. */
const PLAN = '#scenarios=baseline,norm_inputs&seeds=0&epochs=2&train=256&test=40&batch=16';
const downloads = mkdtempSync(join(tmpdir(), 'kindling-live-'));

let site: Site;
let opened: Opened;
let visitor: Visitor;

beforeAll(async () => {
  site = await Site.open();
  console.log(site.description);
  opened = await site.visit(PLAN);
  visitor = new Visitor(opened.page);
  await visitor.saveTo(downloads);
});

afterAll(async () => {
  await site?.close();
  rmSync(downloads, { recursive: true, force: true });
});

test('says what it is and what it found, and is fit to be read by everybody', async () => {
  await visitor.sees('main button.primary:not(:disabled)');
  expect(await visitor.text('h1')).toBe('The live study');
  expect(await visitor.text('.adapter')).not.toContain('Looking');
  console.log(await visitor.text('.adapter'));
  expect(await seriousFindings(opened.page)).toEqual([]);
});

test('trains within 15 seconds of the first key press', async () => {
  await visitor.tabTo('Start training');
  const begun = performance.now();
  await opened.page.keyboard.press('Enter');
  await visitor.waits(() => /\d/.test(document.querySelector('.series .value')?.textContent ?? ''));
  const seconds = (performance.now() - begun) / 1000;
  console.log(`the first loss was seen after ${seconds.toFixed(1)} s`);
  expect(seconds).toBeLessThan(15);
});

test('pauses, goes a step and an epoch further, and takes another learning rate', async () => {
  await visitor.press('Pause');
  await visitor.waitsFor('Go on');
  const before = await visitor.stepsMade();
  await visitor.press('One step');
  await visitor.waits(
    (steps) => document.querySelector('.where')?.textContent?.includes(`step ${steps}`) === true,
    before + 1,
  );
  await opened.page.focus('.rate input');
  await opened.page.keyboard.press('ArrowLeft');
  const rate = await visitor.text('.rate output');
  expect(Number(rate)).toBeLessThan(1e-3);
  await visitor.press('One epoch');
  await visitor.waits(() => document.querySelector('.matrix') !== null);
  await visitor.waitsFor('Go on');
  expect(await visitor.text('.matrix caption')).toContain('after epoch 1');
  await visitor.press('Go on');
  await visitor.waitsFor('Start again');
  expect(await visitor.text('.where')).toContain('2 of 2 runs ended');
});

test('shows what the network says, and lets it be read by everybody', async () => {
  await visitor.waits(() => [...document.querySelectorAll('.score')].every(({ textContent }) => /%/.test(textContent)));
  expect(await visitor.count('.pictures .said')).toBe(20);
  expect(await visitor.text('.matrix caption')).toContain('norm_inputs, after epoch 2');
  expect(await visitor.total('.matrix tbody td')).toBe(40);
  expect(await seriousFindings(opened.page)).toEqual([]);
  await visitor.press('Dark colours');
  expect(await seriousFindings(opened.page)).toEqual([]);
});

test('hands out every step, the results and the weights', async () => {
  const steps = (await visitor.download('Every step, CSV', join(downloads, 'steps.csv'))).toString().trim().split('\n');
  expect(steps).toHaveLength(1 + 2 * 2 * 16);
  const rates = steps.slice(1, 33).map((line) => Number(line.split(',')[5]));
  expect(rates[0]).toBe(1e-3);
  expect(rates.at(-1)).toBe(Number(rates.find((rate) => rate !== 1e-3)));
  const results = JSON.parse((await visitor.download('Results, JSON', join(downloads, 'results.json'))).toString());
  const { runs, settings, data } = results as StudyResults;
  expect(runs.map(({ scenario, history }) => [scenario, history.length])).toEqual([
    ['baseline', 2],
    ['norm_inputs', 2],
  ]);
  expect(data.synthetic).toBe(true);
  expect(settings.rateChanges).toMatchObject([{ scenario: 'baseline' }]);
  const history = (await visitor.download('Every epoch, CSV', join(downloads, 'history.csv'))).toString();
  expect(history.trim().split('\n')).toHaveLength(1 + 2 * 2);
  const weights = await visitor.download('norm_inputs', join(downloads, 'norm_inputs-seed0.safetensors'), '.weights');
  const header = JSON.parse(weights.subarray(8, 8 + Number(weights.readBigUInt64LE())).toString());
  expect(header['conv1.weight']).toMatchObject({ dtype: 'F32', shape: [32, 3, 3, 3] });
});

test('trains to the same bits again, and says so of the run that nobody meddled with', async () => {
  await visitor.press('Start again');
  await visitor.waitsFor('Pause');
  await visitor.waitsFor('Start again');
  await visitor.waits(() => document.querySelector('.remark') !== null);
  expect(await visitor.texts('.remark')).toEqual(['✓ 32 steps equal to last time, to the bit']);
});

test('fits into 360 pixels', async () => {
  await opened.page.setViewport({ width: 360, height: 740 });
  expect(await opened.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});

test('asked no other host for anything, ran no code made of text, and had nothing to complain of', async () => {
  const policy = await opened.page.$eval('meta[http-equiv]', (meta) => meta.getAttribute('content') ?? '');
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toContain('unsafe');
  expect(opened.complaints).toEqual({ messages: [], foreign: [] });
});

test('says what to do where there is no WebGPU', async () => {
  const { page, complaints } = await site.visit('', (fresh) =>
    fresh.evaluateOnNewDocument(() => Reflect.deleteProperty(Navigator.prototype, 'gpu')),
  );
  await page.waitForSelector('.missing');
  expect(await page.$eval('.missing', ({ textContent }) => textContent)).toContain('about:config');
  expect(await page.$$('main button.primary')).toEqual([]);
  expect(await seriousFindings(page)).toEqual([]);
  expect(complaints).toEqual({ messages: [], foreign: [] });
});
