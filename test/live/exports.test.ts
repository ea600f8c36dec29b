/** Files that others read: the model by ONNX Runtime, on the pictures that the page hands out. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StudyResults } from '../../examples/cifar/results.js';
import { seriousFindings } from './axe.js';
import { type Opened, Site } from './site.js';
import { Visitor } from './visitor.js';

const [TRAIN, TEST] = [64, 40];
const PLAN = `#scenarios=norm_inputs&seeds=5&epochs=1&train=${TRAIN}&test=${TEST}&batch=8`;
const PIXELS = 3 * 32 * 32;
const folder = mkdtempSync(join(tmpdir(), 'kindling-live-'));

let site: Site;
let opened: Opened;
let visitor: Visitor;

beforeAll(async () => {
  site = await Site.open();
  opened = await site.visit(PLAN);
  visitor = new Visitor(opened.page);
  await visitor.saveTo(folder);
  await visitor.press('Start training');
  await visitor.waitsFor('Start again');
});

afterAll(async () => {
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A button's file. */
const file = (label: string, name: string): Promise<Buffer> => visitor.download(label, join(folder, name));

test('the model gives ONNX Runtime the probabilities of the page', async () => {
  const records = await file('Its pictures, binary', 'pictures.bin');
  expect(records).toHaveLength((TRAIN + TEST) * (1 + PIXELS));
  const tested = Array.from({ length: TEST }, (_, i) =>
    records.subarray((TRAIN + i) * (1 + PIXELS), (TRAIN + i + 1) * (1 + PIXELS)),
  );
  await file('Model, ONNX', 'norm_inputs-seed5.onnx');
  const session = await InferenceSession.create(readFileSync(join(folder, 'norm_inputs-seed5.onnx')));
  const values = Float32Array.from(
    tested.flatMap((record) => [...record.subarray(1)]),
    (byte) => byte / 255,
  );
  const { probabilities } = await session.run({ images: new Tensor('float32', values, [TEST, 3, 32, 32]) });
  const all = probabilities?.data as Float32Array;
  const rows = Array.from({ length: TEST }, (_, i) => Array.from(all.subarray(10 * i, 10 * (i + 1))));

  const confusion = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  for (const [i, row] of rows.entries()) {
    const counts = confusion[tested[i]?.[0] ?? 0] ?? [];
    const found = row.indexOf(Math.max(...row));
    counts[found] = (counts[found] ?? 0) + 1;
  }
  const results = JSON.parse((await file('Results, JSON', 'results.json')).toString()) as StudyResults;
  expect(results.runs[0]?.confusionMatrix).toEqual(confusion);
  const sure = (await visitor.texts('.pictures .sure')).map((text) => Number.parseInt(text, 10));
  for (const [i, percent] of sure.entries()) {
    // What the page shows is rounded.
    expect(Math.abs(percent - 100 * Math.max(...(rows[i] ?? [])))).toBeLessThan(0.51);
  }
});

test('programs are those of the run', async () => {
  expect((await file('Program, TypeScript', 'norm_inputs-seed5.mts')).toString()).toContain('manualSeed(5);');
  expect((await file('Program, PyTorch', 'norm_inputs-seed5.py')).toString()).toContain('torch.manual_seed(5)');
});

test('everybody can have them', async () => {
  expect(await seriousFindings(opened.page)).toEqual([]);
  expect(opened.complaints).toEqual({ messages: [], foreign: [] });
});
