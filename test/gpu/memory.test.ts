import { capture, destroy, init, keep, matmul, ones, randn, stats, step, type Tensor } from 'kindling';
import { expect, test } from 'vitest';
import { device } from '../../src/gpu/device.js';
import { streamStats } from '../../src/stream/stream.js';
import { watchBuffers } from '../support/buffers.js';
import { trainer } from '../support/training.js';

test('500 steps of the study’s network hold GPU memory flat, one submit each', async () => {
  const watch = watchBuffers(device());
  const { next } = trainer(4, 8, { dropoutConv: 0.2, dropoutDense: 0.2 });
  let after20 = watch.live();
  let submits = 0;
  for (let step = 1; step <= 500; step++) {
    const loss = await next();
    if (step % 50 === 0) expect(await loss.item()).toBeGreaterThan(0);
    else await loss.item();
    if (step === 20) {
      after20 = watch.live();
      submits = streamStats().submits;
    }
  }
  expect(watch.live()).toEqual(after20);
  expect(streamStats().submits - submits).toBe(480);
  watch.stop();
}, 900_000);

test('a loop outside of steps holds little more than its budget, and is told of step(), once', async () => {
  const warnings: string[] = [];
  const warn = console.warn;
  console.warn = (text: string) => warnings.push(text);
  try {
    const before = stats().bytes;
    const x = ones([512, 512]); // 1 MB
    let peak = 0;
    for (let i = 0; i < 300; i++) {
      const y = x.mul(2).add(1).sum();
      if (i % 10 === 0) await y.item();
      peak = Math.max(peak, stats().bytes - before);
    }
    expect(peak).toBeLessThan(200e6);
    expect(warnings.filter((text) => /\d+ tensors of \d+ MB .*step\(/.test(text)).length).toBeLessThanOrEqual(1);
    destroy(); // What was said before, was said for another device.
    await init();
    const again = ones([512, 512]);
    for (let i = 0; i < 1200; i++) again.add(i); // Never waits.
    expect(warnings.at(-1)).toMatch(/\d+ tensors of \d+ MB .*without a pause.*step\(/);
    const said = warnings.length;
    for (let i = 0; i < 200; i++) again.add(i);
    expect(warnings.length).toBe(said);
  } finally {
    console.warn = warn;
    destroy();
    await init();
  }
}, 300_000);

test('recordings of eight batch sizes share what they use up, whichever is called next', async () => {
  const weights = Array.from({ length: 4 }, () => keep(randn([128, 128]).mul(0.09)));
  const body = (x: Tensor): Tensor => {
    // Each is read again later, so none may lie where another does.
    const layers: Tensor[] = [x];
    for (const w of weights) layers.push(matmul(layers.at(-1) as Tensor, w).sub(0.1));
    return layers.reduce((sum, y) => sum.add(matmul(y, weights[0] as Tensor)), x).sum({ dim: 0 });
  };
  const batches = [8, 7, 6, 5, 4, 3, 2, 1].map((n) => keep(randn([n * 64, 128])));
  const wanted = await Promise.all(batches.map((x) => step(() => body(x)).array()));
  const f = capture(body);
  const [largest] = batches as [Tensor];
  for (let call = 0; call < 3; call++) f(largest).dispose();
  const one = f.stats().bytes;
  const before = stats().bytes;
  for (const turn of [0, 1, 2]) {
    for (const [i, x] of [...batches.entries()].sort(() => (turn === 1 ? -1 : 1))) {
      const y = f(x);
      expect(await y.array(), `${x.shape[0]} rows, turn ${turn}`).toEqual(wanted[i]);
      y.dispose();
    }
  }
  expect(f.stats().recordings).toBe(8);
  // Copies of arguments are each recording's own.
  const own = batches.slice(1).reduce((sum, { size }) => sum + 4 * size, 0);
  expect(stats().bytes - before).toBeLessThan(1.2 * own);
  f.reset();
  expect(stats().bytes - before).toBeLessThan(0.1 * one);
});
