/** The complaints that the page lets one provoke: a lost device, a NaN, and numbers changed while a run goes on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seriousFindings } from './axe.js';
import { type Opened, Site } from './site.js';
import { Visitor } from './visitor.js';

/** One run of two epochs of eight steps. */
const PLAN = '#scenarios=baseline&seeds=0&epochs=2&train=64&test=20&batch=8';
const STEPS = 16;
const downloads = mkdtempSync(join(tmpdir(), 'kindling-complaints-'));

let site: Site;
let opened: Opened;
let visitor: Visitor;
/** Of the run that nothing disturbed. */
let undisturbed: number[];

beforeAll(async () => {
  site = await Site.open();
  opened = await site.visit(PLAN);
  visitor = new Visitor(opened.page);
  await visitor.saveTo(downloads);
  await visitor.press('Start training');
  await visitor.waitsFor('Start again');
  undisturbed = await losses();
  expect(undisturbed).toHaveLength(STEPS);
});

afterAll(async () => {
  await site?.close();
  rmSync(downloads, { recursive: true, force: true });
});

async function losses(): Promise<number[]> {
  const path = join(downloads, 'steps.csv');
  rmSync(path, { force: true });
  const lines = (await visitor.download('Every step, CSV', path)).toString().trim().split('\n');
  return lines.slice(1).map((line) => Number(line.split(',')[4]));
}

/** Starts again, and lets the study wait after one of the first steps. */
async function startAgain(): Promise<void> {
  await visitor.press('Start again');
  await visitor.press('Pause');
  await visitor.waitsFor('Go on');
}

const complaints = async (): Promise<string> => (await visitor.texts('.complaint')).join('\n');

test('goes on to the same bits after the device was lost', async () => {
  await startAgain();
  await visitor.press('Lose the device');
  await visitor.waitsFor('Start again');
  expect(await losses()).toEqual(undisturbed);
  const said = await complaints();
  console.log(said.match(/baseline: lost.*/)?.[0]);
  expect(said).toMatch(/lost after step \d+\. A new device after .* equal to the bit|No step had to be made again/);
  expect(await visitor.text('.remark')).toMatch(/^Not compared with others: device lost after step \d+$/);
});

test('finds a NaN, names its layer, and goes back to the last snapshot', async () => {
  await startAgain();
  await opened.page.select('.complaint select', 'fc1');
  await visitor.press('Poison a weight');
  await visitor.waitsFor('Back to the last snapshot');
  expect(await complaints()).toContain('fc1.weight has 1 NaN after step');
  expect(await visitor.texts('.health tbody tr')).toContainEqual(expect.stringMatching(/^fc1.*10$/));
  expect(await seriousFindings(opened.page)).toEqual([]);
  await visitor.press('Back to the last snapshot');
  await visitor.waitsFor('Start again');
  expect(await losses()).toEqual(undisturbed);
});

test('says where a run diverged that nobody cures', async () => {
  await startAgain();
  await opened.page.select('.complaint select', 'conv2');
  await visitor.press('Poison a weight');
  await visitor.press('Let it diverge');
  await visitor.waitsFor('Start again');
  expect(await visitor.text('.remark')).toMatch(/^Diverged: .*conv/);
});

test('takes another weight decay and dropout while it runs, and begins without them again', async () => {
  await startAgain();
  await opened.page.click('.sliders summary');
  for (const [place, key] of [
    [2, 'End'],
    [3, 'ArrowRight'],
  ] as const) {
    const inputs = await opened.page.$$('.sliders input');
    await inputs[place - 1]?.focus();
    await opened.page.keyboard.press(key);
  }
  await visitor.press('Go on');
  await visitor.waitsFor('Start again');
  const changed = await losses();
  const results = JSON.parse((await visitor.download('Results, JSON', join(downloads, 'results.json'))).toString());
  const { changes } = results.settings as { changes: { what: string; value: number; step: number }[] };
  expect(changes.map(({ what, value }) => [what, value])).toEqual([
    ['decay', 0.1],
    ['dropoutDense', 0.05],
  ]);
  // Another dropout changes the loss of the first step that is made with it.
  const before = (changes[0]?.step ?? 0) - 1;
  expect(changed.slice(0, before)).toEqual(undisturbed.slice(0, before));
  expect(changed.slice(before)).not.toEqual(undisturbed.slice(before));
  await visitor.press('Start again');
  await visitor.waitsFor('Pause');
  await visitor.waitsFor('Start again');
  expect(await losses()).toEqual(undisturbed);
  expect(await visitor.texts('.remark')).toEqual([`✓ ${STEPS} steps equal to last time, to the bit`]);
});

test('holds as much memory after many steps as at first, and draws while the GPU is busy', async () => {
  await visitor.press('10,000 steps');
  await visitor.waits(() => Number(document.querySelector<HTMLProgressElement>('.complaint progress')?.value) >= 300);
  await visitor.press('Enough');
  await visitor.waitsFor('10,000 steps');
  console.log((await visitor.texts('.complaint .result')).join(' | '));
  expect(await complaints()).toMatch(/After [\d,]+ steps as at the beginning/);
  await visitor.press('Freeze test');
  await visitor.waits(() => /longest pause of the page was/.test(document.body.textContent ?? ''));
  console.log((await visitor.texts('.complaint .result')).join(' | '));
  expect(opened.complaints).toEqual({ messages: [], foreign: [] });
});
