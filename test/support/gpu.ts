import '../../src/methods/index.js';
import { init } from '../../src/gpu/device.js';
import { onCompile } from '../../src/gpu/pipelines.js';
import { sync } from '../../src/stream/stream.js';
import { poisonBuffers } from './poison.js';
import { reseed } from './random.js';

/** Opens the device of this process or page, poisoned, once; returns the line that names it. */
export async function prepare(): Promise<string> {
  const { host, description, notes } = await init();
  poisonBuffers();
  onCompile(() => {}); // The console is for tests.
  return [`adapter: ${description}, in ${host}`, ...notes].join('; ');
}

/** After a test: waits for the GPU and throws what went wrong on it, so that this test fails. */
export async function settle(): Promise<void> {
  reseed();
  await sync();
}
