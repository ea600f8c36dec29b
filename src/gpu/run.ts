/** Runs kernels over storages. */
import type { Kernel } from '../kernels/kernel.js';
import { insideScope, type Storage } from './storage.js';
import { dispatch, flush, streamStats } from './stream.js';

/** Outside steps, so many recorded dispatches are submitted without being asked, to keep the device busy. */
const EAGER_BATCH = 64;
let lastFlush = 0;

/** Records one dispatch: the kernel's inputs, then its outputs. */
export function run(kernel: Kernel, storages: readonly Storage[]): void {
  dispatch(
    kernel,
    storages.map((storage) => storage.binding()),
  );
  if (insideScope()) return;
  const { dispatches } = streamStats();
  if (dispatches - lastFlush < EAGER_BATCH) return;
  lastFlush = dispatches;
  flush();
}
