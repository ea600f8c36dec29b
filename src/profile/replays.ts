/** How long the device works on a function that is over in no time: many replays in one submit. */
import { checked, required } from '../gpu/options.js';
import { scoped } from '../stream/scope.js';
import { sync } from '../stream/stream.js';
import { hasTimestamps } from '../stream/timestamps.js';
import { beginDraws } from '../tensor/random.js';
import { drop, record } from '../tensor/recorded.js';
import { idle, timed } from '../tune/clock.js';
import { median } from './rates.js';

export interface ReplayOptions {
  /** A measurement lasts about so many milliseconds: of as many replays as that takes. 0: of a single one. Default: 20. */
  lastingMs?: number | undefined;
  /** The most measurements. Default: 7. */
  rounds?: number | undefined;
  /** After so many milliseconds no further measurement begins; one is always made. Default: 1000. */
  budgetMs?: number | undefined;
}

export interface ReplayTimes {
  /** Milliseconds of a replay: of the measurements' means the median and the least. */
  readonly medianMs: number;
  readonly minMs: number;
  /** Measurements, and how many replays stood in the submit of each. */
  readonly rounds: number;
  readonly replays: number;
  /** `timestamps`: from the first dispatch to the last, on the device's clock; `clock`: until the device was done. */
  readonly by: 'timestamps' | 'clock';
  readonly dispatches: number;
}

const MOST_REPLAYS = 1000;

/**
 * Records what `body` asks for, once, and replays it many times in one submit, which costs no more than one replay does: of a
 * kernel that takes microseconds `time` measures little but the submit. A browser's rounding of timestamps (0.1 ms) is shared
 * by all replays, too.
 *
 * The replays use the same memory: small arrays are in caches by then. What `body` changes in place, such as an optimizer's
 * state, it changes each time; numbers from the host, such as Adam's count of steps, are the same for all replays of a submit.
 *
 * @param body not async, and such as can be captured
 * @example
 * const { medianMs } = await timeReplays(() => matmul(a, b));
 */
export async function timeReplays(body: () => unknown, options: ReplayOptions = {}): Promise<ReplayTimes> {
  const known = { lastingMs: 'number', rounds: 'size', budgetMs: 'number' } as const;
  const { lastingMs = 20, rounds = 7, budgetMs = 1000 } = checked('timeReplays', options, known);
  required('timeReplays', { body }, { body: 'function' });
  beginDraws();
  // State that is made when it is wanted comes into being; what is made besides is freed.
  scoped(body, () => []);
  await sync();
  const recorded = record(body, [], new WeakSet());
  const { recording } = recorded;
  try {
    await sync();
    const once = await timed(recording, 1);
    const replays = Math.max(1, Math.min(MOST_REPLAYS, Math.round(lastingMs / Math.max(once, 1e-3))));
    const times: number[] = [];
    const began = performance.now();
    while (times.length < 1 || (times.length < rounds && performance.now() - began < budgetMs)) {
      await idle();
      times.push(await timed(recording, replays));
    }
    return {
      medianMs: median(times),
      minMs: Math.min(...times),
      rounds: times.length,
      replays,
      by: hasTimestamps() ? 'timestamps' : 'clock',
      dispatches: recording.commands.filter((command) => 'pipeline' in command).length,
    };
  } finally {
    drop(recorded);
  }
}
