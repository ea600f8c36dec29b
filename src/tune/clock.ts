/** How long replayed commands take on the device. */
import { assertHealthy, device, orLost, polling } from '../gpu/device.js';
import { setStopwatch } from '../stream/encode.js';
import type { Recording } from '../stream/recording.js';
import { flush, repeat } from '../stream/stream.js';
import { hasTimestamps, Timestamps } from '../stream/timestamps.js';

/**
 * Milliseconds of one run of what was recorded, the mean over `times` runs in one submit: by timestamps, if there are any,
 * before the first dispatch and after the last, so that the steps in which a browser rounds them (0.1 ms) are shared by all
 * runs; else by the clock.
 *
 * @param expected milliseconds of one run, if known: a host that polls takes a core from an adapter that computes on the CPU,
 *   so the end is awaited only when it is near
 */
export async function timed(recording: Recording, times: number, expected: number): Promise<number> {
  for (let i = 0; i < times; i++) repeat(recording);
  const due = polling() ? expected * times : 0;
  if (hasTimestamps()) {
    const dispatches = recording.commands.filter((command) => 'pipeline' in command).length;
    return (await between(times * dispatches, 0.9 * due)) / times;
  }
  const began = performance.now();
  await submitted(0.6 * due);
  return (performance.now() - began) / times;
}

/** Submits, and waits for the end, at first by doing nothing for so many milliseconds. */
async function submitted(pause: number): Promise<void> {
  flush();
  if (pause > 2) await new Promise((resolve) => setTimeout(resolve, pause));
  await idle();
}

/** Waits until the device has run everything; all shaders are compiled. */
export async function idle(): Promise<void> {
  flush();
  await orLost(device().queue.onSubmittedWorkDone());
  assertHealthy();
}

/** Milliseconds from the beginning of the first to the end of the last of so many recorded dispatches. */
async function between(dispatches: number, pause: number): Promise<number> {
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
    await submitted(pause);
    const [began = 0n, ended = 0n] = await timestamps.read();
    return Number(ended - began) / 1e6;
  } finally {
    setStopwatch(null);
    timestamps.destroy();
  }
}
