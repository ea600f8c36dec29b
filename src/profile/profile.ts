/** Where the time of a step goes. */
import { adapter } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import { checked, required } from '../gpu/options.js';
import { hasTimestamps } from '../stream/timestamps.js';
import type { MeasuredStep } from './figures.js';
import { measurePeaks } from './peaks.js';
import { Profile } from './result.js';
import { Clock, type Run, run } from './stopwatch.js';

export interface ProfileOptions {
  /** Steps that are measured, after as many whose wall time is taken. Default: 3. */
  steps?: number | undefined;
  /** Steps before: they compile, and a captured function records itself in the second. Default: 2. */
  warmup?: number | undefined;
  /** Whether to measure what the adapter can do, see {@link measurePeaks}. Default: true. */
  peaks?: boolean | undefined;
}

/**
 * Runs a step several times and measures every kernel on the device.
 *
 * Each dispatch gets a compute pass of its own, which costs a little between kernels but changes nothing in them: a step
 * computes the same bits as without. Eager, `step` and captured functions can all be profiled. Nothing else should use the
 * device meanwhile, for that would be counted too.
 *
 * Chrome rounds timestamps to 0.1 ms unless it is started with `--enable-unsafe-webgpu`.
 *
 * @param body one step, such as `() => train(x, y)`; not async
 * @throws KindlingError where the adapter has no timestamps (the WebGPU feature `timestamp-query`)
 * @example
 * const result = await profile(() => train(x, y));
 * console.log(result.table());
 * await writeFile('trace.json', JSON.stringify(result.chromeTrace()));
 */
export async function profile(body: () => unknown, options: ProfileOptions = {}): Promise<Profile> {
  const known = { steps: 'number', warmup: 'count', peaks: 'boolean' } as const;
  const { steps = 3, warmup = 2, peaks = true } = checked('profile', options, known);
  required('profile', { body }, { body: 'function' });
  if (!Number.isInteger(steps) || steps < 1) refuse(`profile: steps is a whole number from 1 on, got ${steps}`);
  const { description, host } = adapter();
  if (!hasTimestamps()) {
    refuse(
      `profile: ${description} has no timestamps (the WebGPU feature timestamp-query), so kernels cannot be measured one by ` +
        'one. time() measures a whole function by the clock.',
    );
  }
  const limits = peaks ? await measurePeaks() : null;
  for (let i = 0; i < warmup; i++) await run(body);
  const measured: MeasuredStep[] = [];
  const clock = new Clock();
  await clock.measure(body);
  for (let i = 0; i < steps; i++) measured.push(await clock.measure(body));
  const plain: Run[] = [];
  for (let i = 0; i < steps; i++) plain.push(await run(body, clock.pause));
  return new Profile(`${description}, in ${host}`, plain, measured, limits);
}
