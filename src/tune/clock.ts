/** How long replayed commands take on the device. */
import { adapter, assertHealthy, device } from '../gpu/device.js';
import { setStopwatch } from '../gpu/encode.js';
import type { Recording } from '../gpu/recording.js';
import { flush, repeat } from '../gpu/stream.js';

const QUERY_RESOLVE_COPY_SRC = 0x0200 | 0x04;
const MAP_READ_COPY_DST = 0x01 | 0x08;

/**
 * Milliseconds of one run of what was recorded, the mean over `times` runs in one submit.
 *
 * By timestamps where there are any, before the first dispatch and after the last, so that the steps in which a browser
 * rounds them (0.1 ms) are shared by all runs; on adapters that compute on the CPU by the clock, for a timestamp
 * says no more there.
 *
 * @param expected milliseconds of one run, if known: Dawn in Node asks without pause whether work is done, which takes a core
 *   from an adapter that computes on the CPU, so it is only asked shortly before the end
 */
export async function timed(recording: Recording, times: number, expected: number): Promise<number> {
  for (let i = 0; i < times; i++) repeat(recording);
  const dispatches = times * recording.commands.filter((command) => 'pipeline' in command).length;
  const byTimestamps = !adapter().isSoftware && device().features.has('timestamp-query');
  if (byTimestamps) return (await between(dispatches)) / times;
  const began = performance.now();
  flush();
  const pause = 0.6 * expected * times;
  if (pause > 5) await new Promise((resolve) => setTimeout(resolve, pause));
  await idle();
  return (performance.now() - began) / times;
}

/** Waits until the device has run everything; all shaders are compiled. */
export async function idle(): Promise<void> {
  flush();
  await device().queue.onSubmittedWorkDone();
  assertHealthy();
}

/** Milliseconds from the beginning of the first to the end of the last of so many recorded dispatches. */
async function between(dispatches: number): Promise<number> {
  const querySet = device().createQuerySet({ type: 'timestamp', count: 2 });
  const resolved = device().createBuffer({ size: 16, usage: QUERY_RESOLVE_COPY_SRC });
  const staging = device().createBuffer({ size: 16, usage: MAP_READ_COPY_DST });
  let started = 0;
  setStopwatch({
    start() {
      started++;
      const first = started === 1 ? { beginningOfPassWriteIndex: 0 } : {};
      const last = started === dispatches ? { endOfPassWriteIndex: 1 } : {};
      return started === 1 || started === dispatches ? { querySet, ...first, ...last } : undefined;
    },
    finish(encoder) {
      encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16);
    },
  });
  try {
    await idle();
    await staging.mapAsync(0x1);
    const [began = 0n, ended = 0n] = new BigUint64Array(staging.getMappedRange());
    return Number(ended - began) / 1e6;
  } finally {
    setStopwatch(null);
    for (const one of [querySet, resolved, staging]) one.destroy();
  }
}
