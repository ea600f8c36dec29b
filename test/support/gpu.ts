import { init, takeFailure } from '../../src/gpu/device.js';
import { sync } from '../../src/gpu/stream.js';
import { reseed } from './random.js';

/** Opens the device of this process or page, once; returns the line that names it. */
export async function prepare(): Promise<string> {
  const { host, description, notes } = await init();
  return [`adapter: ${description}, in ${host}`, ...notes].join('; ');
}

/** After a test: waits for the GPU and throws what went wrong on it, so that this test fails. */
export async function settle(): Promise<void> {
  reseed();
  let thrown: unknown;
  await sync().catch((error: unknown) => {
    thrown = error;
  });
  const failure = takeFailure() ?? thrown;
  if (failure) throw failure;
}
