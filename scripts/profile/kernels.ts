/** The kernels of a training step. */
import { init, sync } from 'kindling';
import type { Kernel } from '../../src/kernels/kernel.js';
import { setStopwatch } from '../../src/stream/encode.js';
import { studyStep } from './study.js';

/** What `body` dispatches, in order; what was recorded before is none of it. */
export async function dispatched(body: () => unknown): Promise<Kernel[]> {
  await sync();
  const kernels: Kernel[] = [];
  setStopwatch({
    start({ kernel }) {
      kernels.push(kernel);
      return undefined;
    },
    finish() {},
  });
  await body();
  await sync();
  setStopwatch(null);
  return kernels;
}

/** What one captured training step of the study's network dispatches, in order. */
export async function stepKernels(batchSize: number): Promise<Kernel[]> {
  await init();
  const step = studyStep(batchSize);
  step(); // State is made.
  return dispatched(step);
}
