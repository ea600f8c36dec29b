/** The page's side of the browser suite: opens the device and runs every test file, reporting as it goes. */
import { prepare, settle } from '../support/gpu.js';
import { runFile } from './harness.js';

interface Host {
  call(name: string, ...args: unknown[]): Promise<unknown>;
}

/** Runs test files, each given as its name and its loader. */
export async function runSuite(
  host: Host,
  files: readonly (readonly [string, () => Promise<unknown>])[],
): Promise<void> {
  await host.call('adapter', await prepare());
  for (const [file, load] of files) {
    await host.call('file', file);
    await runFile(load, settle, (event) => host.call('test', event));
  }
}
