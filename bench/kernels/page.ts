/** `npm run bench -- --host browser`, in the page. */
import type { Host } from '../../scripts/page.js';
import { type KernelsInput, runKernels } from './run.js';

export const main = (host: Host, input: unknown): Promise<void> =>
  runKernels(input as KernelsInput, {
    started: (...args) => host.call('started', ...args),
    began: (name) => host.call('began', name),
    row: (row) => host.call('row', row),
    done: () => host.call('done'),
  });
