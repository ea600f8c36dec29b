/** The inside of the network, looked at while it trains and after; the run that is looked at keeps its bits. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import type { ElementHandle } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seriousFindings } from './axe.js';
import { type Opened, Site } from './site.js';
import { Visitor } from './visitor.js';

/** Two epochs of eight steps. */
const PLAN = '#scenarios=dropout_both&seeds=0&epochs=2&train=128&test=20&batch=16';

let site: Site;
let opened: Opened;
let visitor: Visitor;

beforeAll(async () => {
  site = await Site.open();
  opened = await site.visit(PLAN);
  visitor = new Visitor(opened.page);
});
afterAll(() => site?.close());

/** The pixels of a canvas, as one text. */
const pixelsOf = (selector: string): Promise<string> =>
  opened.page.$eval(selector, (canvas) => (canvas as HTMLCanvasElement).toDataURL());

test('a study that nobody looks into', async () => {
  await visitor.press('Start training');
  await visitor.waitsFor('Start again');
  expect(await visitor.count('.inside canvas')).toBe(0);
});

test('a picture of the wall opens it, and each step shows', async () => {
  await visitor.press('Start again');
  await visitor.waitsFor('Pause');
  await visitor.press('Pause');
  await visitor.waitsFor('Go on');
  await opened.page.focus('.pictures li:nth-child(3) .peek');
  await opened.page.keyboard.press('Enter');
  await visitor.waits(() => document.querySelectorAll('.maps canvas').length === 7);
  expect(await visitor.texts('.maps figcaption:first-child b')).toEqual([
    'picture',
    'conv1',
    'pool1',
    'conv2',
    'pool2',
    'conv3',
    'fc1',
  ]);
  expect(await opened.page.$eval('.thumb:nth-of-type(3) input', (input) => (input as HTMLInputElement).checked)).toBe(
    true,
  );
  await visitor.waits(() => document.querySelectorAll('.ridges canvas').length === 5);
  const before = await pixelsOf('.pair figure:nth-child(2) canvas');
  await visitor.press('One step');
  await visitor.waits(
    (earlier) => document.querySelector<HTMLCanvasElement>('.pair figure:nth-child(2) canvas')?.toDataURL() !== earlier,
    before,
  );
  expect(await seriousFindings(opened.page)).toEqual([]);
});

test("a picture of one's own, drawn by keys and taken from a file, gets its probabilities", async () => {
  await opened.page.evaluate(() =>
    [...document.querySelectorAll<HTMLLabelElement>('.inside label')]
      .find(({ textContent }) => textContent === 'Your own')
      ?.click(),
  );
  await visitor.sees('.paper');
  const sure = (): Promise<string> => visitor.text('.probabilities');
  const white = await sure();
  await opened.page.focus('.paper');
  for (const key of ['ArrowUp', 'ArrowLeft', 'Space'] as const) await opened.page.keyboard.press(key);
  await visitor.waits((before) => document.querySelector('.probabilities')?.textContent !== before, white);
  expect(await visitor.text('#own-place')).toBe('row 16, column 16');
  const drawn = await sure();
  const file = join(tmpdir(), `kindling-own-${process.pid}.png`);
  const picture = new PNG({ width: 64, height: 48 });
  picture.data.fill(255);
  for (let i = 0; i < picture.data.length; i += 8) picture.data[i] = 10;
  writeFileSync(file, PNG.sync.write(picture));
  await ((await opened.page.$('.tools input[type=file]')) as ElementHandle<HTMLInputElement>).uploadFile(file);
  await visitor.waits((before) => document.querySelector('.probabilities')?.textContent !== before, drawn);
  const sum = (await visitor.texts('.probabilities .score')).reduce((all, text) => all + Number.parseFloat(text), 0);
  expect(Math.abs(sum - 100)).toBeLessThan(1);
  expect(await seriousFindings(opened.page)).toEqual([]);
});

test('a run that was looked at has the bits of the one that nobody looked at', async () => {
  await visitor.press('Go on');
  await visitor.waitsFor('Start again');
  await visitor.waits(() => document.querySelectorAll('.remark').length === 1);
  expect(await visitor.texts('.remark')).toEqual(['✓ 16 steps equal to last time, to the bit']);
  // After the end too, and with its dropout's masks.
  await visitor.waits(() => document.querySelectorAll('.mask').length === 4);
  expect(await visitor.text('.parts > .note')).toContain('dropout_both with the weights that step 16 left');
});

test('fits into 360 pixels, in the dark, and complains of nothing', async () => {
  await visitor.press('Dark colours');
  await opened.page.setViewport({ width: 360, height: 740 });
  expect(await opened.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  expect(await seriousFindings(opened.page)).toEqual([]);
  expect(opened.complaints).toEqual({ messages: [], foreign: [] });
});
