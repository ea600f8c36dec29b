/** How long replayed commands take on the device. */
import { assertHealthy, device, orLost } from '../gpu/device.js';
import { setStopwatch } from '../stream/encode.js';
import type { Recording } from '../stream/recording.js';
import { flush, repeat } from '../stream/stream.js';
import { hasTimestamps, Timestamps } from '../stream/timestamps.js';

/**
 * Milliseconds of one run of what was recorded, the mean over `times` runs in one submit: by timestamps, if there are any,
 * before the first dispatch and after the last, so that the steps in which a browser rounds them (0.1 ms) are shared by all
 * runs; else by the clock.
 */
export async function timed(recording: Recording, times: number): Promise<number> {
  for (let i = 0; i < times; i++) repeat(recording);
  if (hasTimestamps()) {
    const dispatches = recording.commands.filter((command) => 'pipeline' in command).length;
    return (await between(times * dispatches)) / times;
  }
  const began = performance.now();
  await idle();
  return (performance.now() - began) / times;
}

/** Submits, and waits until the device has run everything; all shaders are compiled. */
export async function idle(): Promise<void> {
  flush();
  await orLost(device().queue.onSubmittedWorkDone());
  assertHealthy();
}

/** Milliseconds from the beginning of the first to the end of the last of so many recorded dispatches. */
async function between(dispatches: number): Promise<number> {
  const timestamps = new Timestamps(2);
  const { querySet } = timestamps;
  let started = 0;
  setStopwatch({
    start() {
      started++;
      const first = started === 1 ? { beginningOfPassWriteIndex: 0 } : {};
      const last = started === dispatches ? { endOfPassWriteIndex: 1 } : {};
      return started === 1 || started === dispatches ? { querySet, ...first, ...last } : undefined;
    },
    finish: (encoder) => timestamps.resolve(encoder, 2),
  });
  try {
    await idle();
    const [began = 0n, ended = 0n] = await timestamps.read();
    return Number(ended - began) / 1e6;
  } finally {
    setStopwatch(null);
    timestamps.destroy();
  }
}
