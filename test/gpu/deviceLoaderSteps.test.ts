/** What loops over batches that the GPU makes cost: writes, submits, memory, steps in flight; captured steps see each batch. */
import { expect, test } from 'vitest';
import { ImageDataset } from '../../src/data/dataset.js';
import { DataLoader } from '../../src/data/loader.js';
import { Cutout } from '../../src/data/transforms.js';
import { device } from '../../src/gpu/device.js';
import { reshape } from '../../src/ops/broadcast.js';
import { mul } from '../../src/ops/elementwise/arithmetic.js';
import { matmul } from '../../src/ops/matmul.js';
import { streamStats } from '../../src/stream/stream.js';
import { capture } from '../../src/tensor/capture.js';
import { Domain, philox } from '../../src/tensor/philox.js';
import { step } from '../../src/tensor/step.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { watchBuffers } from '../support/buffers.js';
import { augmented, normalise, pictures, standard } from '../support/pictures.js';

test('nothing is made: a write, a submit and the same memory for each batch', async () => {
  const [data, other] = [pictures(120), pictures(40)];
  const loader = new DataLoader(data, { batchSize: 4, shuffle: true, transform: standard });
  const watch = watchBuffers(device());
  const counts = () => ({ live: watch.live(), ...streamStats() });
  let before = counts();
  const seen = new Set<unknown>();
  for (let epoch = 0; epoch < 4; epoch++) {
    if (epoch === 2) before = counts();
    for await (const [x] of loader) {
      step(() => matmul(reshape(x, [4, 3072]), reshape(x, [3072, 4])));
      if (epoch >= 2) seen.add(x.storage);
    }
    for await (const [x] of new DataLoader(other, { batchSize: 20, transform: normalise })) {
      step(() => matmul(reshape(x, [20, 3072]), reshape(x, [3072, 20])));
    }
  }
  const after = counts();
  watch.stop();
  // Results of steps on their way to the host come and go: 256 bytes each, of at most three steps.
  expect(after.live.bytes - before.live.bytes).toBeLessThanOrEqual(8 * 256);
  expect(seen.size).toBe(2);
  // Two epochs of 30 batches and two evaluations of 2, and for each of the four the epoch's order.
  expect(after.writes - before.writes).toBe(64 + 4);
  expect(after.submits - before.submits).toBe(64);
});

test('with a captured step: one submit and one write for batch and step together', async () => {
  const data = pictures(80);
  const options = { batchSize: 4, shuffle: true, seed: 1, transform: augmented };
  const body = (x: Tensor) => matmul(reshape(x, [4, 3072]), reshape(x, [3072, 4]));
  const run = capture(body);
  const found: unknown[] = [];
  const wanted: unknown[] = [];
  let before = streamStats();
  for await (const [x] of new DataLoader(data, options)) {
    if (found.length === 4) before = streamStats();
    found.push(run(x).data());
  }
  const after = streamStats();
  expect(after.submits - before.submits).toBe(16);
  expect(after.writes - before.writes).toBe(16);
  expect(after.bindGroups - before.bindGroups).toBe(0);
  for await (const [x] of new DataLoader(data, options)) wanted.push(await step(() => body(x)).data());
  expect(await Promise.all(found)).toEqual(wanted);
});

test('with a captured step: each replay sees a cutout of its own', async () => {
  const white = new ImageDataset(new Uint8Array(8 * 64).fill(255), new Uint8Array(8), [], 'white', false, [1, 8, 8]);
  const loader = new DataLoader(white, { batchSize: 4, seed: 5, transform: new Cutout(3) });
  const run = capture((x: Tensor) => mul(reshape(x, [4, 64]), 1));
  for (const epoch of [0, 1, 2]) {
    const seen: number[] = [];
    for await (const [x] of loader) seen.push(...(await run(x).data()));
    const wanted = Array.from({ length: 8 * 64 }, (_, i) => {
      const [high = 0, wide = 0] = philox([5, 0], [Math.floor(i / 64), epoch, 0, Domain.cutout]);
      const [row, column] = [high, wide].map((bits) => Number((BigInt(bits) * 8n) >> 32n)) as [number, number];
      const cut = Math.abs((Math.floor(i / 8) % 8) - row) < 2 && Math.abs((i % 8) - column) < 2;
      return cut ? 0 : 1;
    });
    expect(seen).toEqual(wanted);
  }
});

test('at most three steps are in flight, and timers run meanwhile', async () => {
  const { queue } = device();
  const submit = queue.submit;
  let [flying, most, ticks] = [0, 0, 0];
  queue.submit = (buffers) => {
    submit.call(queue, buffers);
    most = Math.max(most, ++flying);
    void queue.onSubmittedWorkDone().then(() => flying--);
  };
  const timer = setInterval(() => ticks++);
  for await (const [x] of new DataLoader(pictures(80), { batchSize: 4 })) {
    step(() => matmul(reshape(x, [4, 3072]), reshape(x, [3072, 4])));
  }
  clearInterval(timer);
  queue.submit = submit;
  expect(most).toBe(3);
  expect(ticks).toBeGreaterThan(3);
});
