/** Runs kernels over storages. */
import type { Kernel } from '../kernels/kernel.js';
import { insideScope, type Storage } from './storage.js';
import { currentBatch, dispatch, flush } from './stream.js';

/** Outside steps, so many recorded dispatches are submitted without being asked, to keep the device busy. */
const EAGER_BATCH = 64;
let batch = -1;
let unsubmitted = 0;

/** Records one dispatch: the kernel's inputs, then its outputs. */
export function run(kernel: Kernel, storages: readonly Storage[]): void {
  dispatch(
    kernel,
    storages.map((storage) => storage.binding()),
  );
  if (insideScope()) return;
  if (batch !== currentBatch()) unsubmitted = 0;
  batch = currentBatch();
  if (++unsubmitted >= EAGER_BATCH) flush();
}
