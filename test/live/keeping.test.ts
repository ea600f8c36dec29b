/** Studies that outlive the page: after a reload, and after the tab is gone, a run goes on to the bits of an undisturbed one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Opened, Site } from './site.js';
import { Visitor } from './visitor.js';

/** Two runs of two epochs of sixteen steps. */
const PLAN = '#scenarios=baseline,dropout_both&seeds=3&epochs=2&train=128&test=40&batch=8';
const STEPS = 32;
const folder = mkdtempSync(join(tmpdir(), 'kindling-live-'));

let site: Site;
let opened: Opened;
let visitor: Visitor;

beforeAll(async () => {
  site = await Site.open();
  opened = await site.visit(PLAN);
  visitor = new Visitor(opened.page);
});

afterAll(async () => {
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Scenario, seed, step, epoch, loss and rate of every step, and the weights: all but the time that they took. */
async function bitsOf(name: string): Promise<{ steps: string[]; weights: string }> {
  const at = join(folder, name);
  await visitor.saveTo(at);
  const csv = (await visitor.download('Every step, CSV', join(at, 'steps.csv'))).toString().trim();
  const file = join(at, 'dropout_both-seed3.safetensors');
  const weights = (await visitor.download('dropout_both', file, '.weights')).toString('base64');
  return { steps: csv.split('\n').map((line) => line.replace(/,[^,]*$/, '')), weights };
}

/** Waits until the page is at a run's step of its second epoch, or past it. */
const reaches = (scenario: string, step: number): Promise<void> =>
  visitor.waits(
    (run, least) => {
      const where = document.querySelector('.where')?.textContent ?? '';
      return where.startsWith(`${run}epoch 2 of 2`) && Number(/step (\d+)/.exec(where)?.[1]) >= least;
    },
    scenario,
    step,
  );

test('goes on after reloads and after the tab is gone, to the bits of an undisturbed study', async () => {
  await visitor.press('Start training');
  await visitor.waitsFor('Start again');
  const undisturbed = await bitsOf('undisturbed');
  expect(undisturbed.steps).toHaveLength(1 + 2 * STEPS);

  await visitor.press('Forget it');
  await visitor.press('Start again');
  await reaches('baseline', 3);
  await opened.page.reload();
  await visitor.waitsFor('Go on');
  expect(await visitor.text('.where')).toContain('0 of 2 runs ended');
  // The curve is there again, and so is what the network said of the pictures.
  expect(await visitor.texts('.series .value')).toEqual([expect.stringMatching(/^\d\.\d{3}$/), 'waits']);
  expect(await visitor.text('.matrix caption')).toContain('after epoch 1');
  await visitor.press('Go on');
  await visitor.waitsFor('Pause');
  // From the checkpoint, not from the beginning.
  expect(await visitor.text('.where')).toMatch(/baselineepoch (1 of 2, step 16|2 of 2)/);
  await reaches('dropout_both', 3);
  await opened.page.close();
  opened = await site.visit(PLAN);
  visitor = new Visitor(opened.page);
  await visitor.waitsFor('Go on');
  expect(await visitor.text('.where')).toContain('1 of 2 runs ended');
  await visitor.press('Go on');
  await visitor.waitsFor('Start again');
  expect(await visitor.text('.where')).toContain('2 of 2 runs ended');
  expect(await bitsOf('disturbed')).toEqual(undisturbed);
}, 240_000);

test('goes on where it was stopped', async () => {
  await visitor.press('Start again');
  await visitor.waits(() => /step [2-9]/.test(document.querySelector('.where')?.textContent ?? ''));
  await visitor.press('Stop');
  await visitor.waitsFor('Go on');
  await visitor.press('Go on');
  await reaches('baseline', 2);
  await visitor.press('Stop');
  await visitor.waitsFor('Go on');
  expect(await visitor.texts('.remark')).toEqual([
    expect.stringMatching(/^✓ \d+ steps equal to last time, to the bit$/),
  ]);
});

test('leaves the study to the tab that has it, and says so', async () => {
  const second = await site.visit(PLAN);
  const other = new Visitor(second.page);
  await other.waits(() => document.querySelector('.starter .trouble') !== null);
  expect(await other.text('.starter .trouble')).toContain('Another tab of this page keeps its study');
  expect(second.complaints).toEqual({ messages: [], foreign: [] });
  await second.page.close();
});

test('says what it cannot read, and trains all the same', async () => {
  await opened.page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('kindling-live');
    const writable = await (await folder.getFileHandle('study')).createWritable({ keepExistingData: true });
    await writable.write({ type: 'write', position: 100, data: 'damage' });
    await writable.close();
  });
  await opened.page.reload();
  await visitor.waitsFor('Start training');
  expect(await visitor.text('.starter .trouble')).toContain('it is damaged');
  await visitor.press('Start training');
  await visitor.waits(() => /step [2-9]/.test(document.querySelector('.where')?.textContent ?? ''));
  await visitor.press('Stop');
  await visitor.waitsFor('Go on');
});
