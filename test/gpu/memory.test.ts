import { destroy, init, ones, stats } from 'kindling';
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
