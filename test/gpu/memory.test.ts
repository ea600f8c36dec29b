import { expect, test } from 'vitest';
import { device } from '../../src/gpu/device.js';
import { streamStats } from '../../src/gpu/stream.js';
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
}, 300_000);
