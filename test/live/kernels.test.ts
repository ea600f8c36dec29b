/** The kernel page: by keyboard, in a real browser on this machine's adapter. KINDLING_LIVE=long measures every kernel. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CASES } from '../../examples/live/kernels/shared/cases.js';
import { seriousFindings } from './axe.js';
import { type Opened, Site } from './site.js';
import { Visitor } from './visitor.js';

const downloads = mkdtempSync(join(tmpdir(), 'kindling-kernels-'));
const isLong = process.env.KINDLING_LIVE === 'long';

let site: Site;
let opened: Opened;
let visitor: Visitor;

beforeAll(async () => {
  site = await Site.open();
  opened = await site.visit('kernels/index.html#clipGradNorm');
  visitor = new Visitor(opened.page);
  await visitor.saveTo(downloads);
});

afterAll(async () => {
  await site?.close();
  rmSync(downloads, { recursive: true, force: true });
});

/** Waits until the kernel that is shown has been compared, and nothing goes on. */
const settled = (): Promise<void> => visitor.waitsFor('Measure this kernel');

test('shows a kernel that a link names: its mathematics, its check, its launches', async () => {
  await visitor.sees('.wgsl');
  await settled();
  expect(await visitor.text('#title')).toBe('Clipping');
  expect(await visitor.count('.formulas math')).toBe(1);
  expect(await visitor.text('.facts .good')).toContain('ulp');
  // As many invocations as the text says, and memory that they share.
  const [first] = await visitor.texts('.launch');
  expect(first).toMatch(/^clip\.partial/);
  expect(first).toContain('Memory that they share256 B');
  const wgsl = await visitor.text('.wgsl code');
  expect(wgsl).toContain('@compute @workgroup_size(64)');
  expect(wgsl).toContain('var<workgroup> ');
  expect(await seriousFindings(opened.page)).toEqual([]);
});

test('goes to another kernel by keyboard, and to another size', async () => {
  await opened.page.focus('.contents a[href="#relu"]');
  await opened.page.keyboard.press('Enter');
  await visitor.waits(() => document.querySelector('.launch summary')?.textContent === 'relu');
  expect(await visitor.text('.facts .good')).toBe('none');
  expect(await visitor.text('.facts')).toContain('[65536], seed 1');
  await opened.page.focus('.size select');
  await opened.page.keyboard.press('ArrowUp');
  await visitor.waits(() => document.querySelector('.facts')?.textContent?.includes('[16384], seed 1') === true);
});

test('measures it beside the peaks, and stops', async () => {
  await settled();
  await visitor.press('Measure this kernel');
  await visitor.waits(() => document.querySelectorAll('.ladder tbody tr').length >= 2);
  expect(await visitor.text('.adapter')).toContain('GFLOP/s of multiply-adds');
  await visitor.press('Stop');
  await settled();
  const [row = ''] = await visitor.texts('.ladder tbody tr');
  expect(row).toMatch(/^4096\d.* %.* GB\/s.*(ms|µs)/);
  // A peak is one: within what measuring on a busy machine may be off, nothing is faster but in caches.
  for (const share of await visitor.texts('.share')) expect(Number.parseFloat(share)).toBeGreaterThan(0);
});

test('asks the tuner', async () => {
  await visitor.press('Ask it at 2^14');
  await visitor.sees('.tuned');
  await settled();
  expect(await visitor.text('.tuned')).toMatch(/unary|relu|flat|ms|µs/);
  expect(await visitor.count('.candidates li')).toBeGreaterThan(1);
  expect(await seriousFindings(opened.page)).toEqual([]);
  await visitor.press('Dark colours');
  expect(await seriousFindings(opened.page)).toEqual([]);
});

test.runIf(isLong)('every kernel is right, and measured', { timeout: 900_000 }, async () => {
  await visitor.press('Measure all');
  await opened.page.waitForFunction(
    (count) =>
      [...document.querySelectorAll('.mark')].filter(({ textContent }) => textContent?.includes('%')).length === count,
    { polling: 1000, timeout: 850_000 },
    CASES.length,
  );
  await settled();
  expect(await visitor.count('.mark.bad')).toBe(0);
  expect(await visitor.count('.troubled')).toBe(0);
});

test('writes a report: what was measured, on what, and nothing else', async () => {
  const json = (await visitor.download('Report, JSON', join(downloads, 'kernels.json'))).toString();
  const report = JSON.parse(json);
  expect(Object.keys(report).toSorted()).toEqual(
    ['adapter', 'browser', 'date', 'kernels', 'library', 'measured', 'tuned', 'version'].toSorted(),
  );
  const relu = report.kernels.filter(({ id, speed }: { id: string; speed: unknown }) => id === 'relu' && speed);
  expect(relu.length).toBeGreaterThanOrEqual(2);
  expect(relu[0]).toMatchObject({ size: 4096, check: { error: 0, holds: true }, launches: [{ name: 'relu' }] });
  expect(relu[0].speed.ms).toBeGreaterThan(0);
  const markdown = (await visitor.download('Report, Markdown', join(downloads, 'kernels.md'))).toString();
  expect(markdown).toContain('| relu | [4096] | relu |');
  expect(markdown).toContain('| clipGradNorm | ');
});

test('fits into 360 pixels, asked no other host, ran no code made of text', async () => {
  await opened.page.setViewport({ width: 360, height: 740 });
  expect(await opened.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  const policy = await opened.page.$eval('meta[http-equiv]', (meta) => meta.getAttribute('content') ?? '');
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toContain('unsafe');
  expect(opened.complaints).toEqual({ messages: [], foreign: [] });
});

test('is linked with the study, and can be read without a GPU', async () => {
  const { page, complaints } = await site.visit('kernels/index.html', (fresh) =>
    fresh.evaluateOnNewDocument(() => Reflect.deleteProperty(Navigator.prototype, 'gpu')),
  );
  await page.waitForSelector('.missing');
  expect(await page.$$('.formulas math')).toHaveLength(1);
  expect(await seriousFindings(page)).toEqual([]);
  await Promise.all([page.waitForNavigation(), page.click('.missing a')]);
  expect(await page.$eval('h1', ({ textContent }) => textContent)).toBe('The live study');
  await Promise.all([page.waitForNavigation(), page.click('.pages a')]);
  expect(await page.$eval('h1', ({ textContent }) => textContent)).toBe('The kernels');
  expect(complaints).toEqual({ messages: [], foreign: [] });
});
