/** The kernels that measure an adapter's peaks, in small: what they compute, so that their times are of what they say. */
import { tensor } from 'kindling';
import { expect, test } from 'vitest';
import { type Peak, type PeakSizes, peaks } from '../../src/kernels/peaks.js';
import { launch } from '../../src/tensor/launch.js';
import { sum } from '../support/products.js';

/** Invocations that do not fill their last workgroup; three workgroups that load, several rounds each; ragged copies. */
const SIZES: PeakSizes = { invocations: 100, rounds: 2, bytes: 3 * 1536 * 16, loaders: 192 };
const LANES = 64;
/** Multiply-adds of an accumulator. All that they give with these factors is exact. */
const STEPS = 8 * SIZES.rounds;
const FACTORS = [0.5, 0.25] as const;

const kinds = peaks(SIZES).map((peak, i): [string, Peak] => [`${peak.kernel.name}, ${i}`, peak]);

async function run({ kernel, buffers: [, bytes = 0] }: Peak, input: readonly number[]): Promise<number[]> {
  return Array.from(await launch(kernel, [tensor(Float32Array.from(input))], [bytes / 4]).data());
}

/** What x, x + 1, … become by x ← a x + b, added up. */
function accumulated(first: number, accumulators: number): number {
  const [a, b] = FACTORS;
  const fixed = b / (1 - a);
  return sum(accumulators, (k) => (first + k - fixed) * a ** STEPS + fixed);
}

/** The sums of the lanes of each workgroup over its stretch of 0, 1, 2, … */
function loaded(): number[] {
  const vectors = SIZES.bytes / 16 / (SIZES.loaders / LANES);
  return Array.from({ length: SIZES.loaders * 4 }, (_, i) => {
    const [invocation, part] = [Math.floor(i / 4), i % 4];
    const first = Math.floor(invocation / LANES) * vectors + (invocation % LANES);
    return sum(vectors / LANES, (k) => 4 * (first + k * LANES) + part);
  });
}

test.each(kinds)('%s', async (_, peak) => {
  const { kind, flops, buffers } = peak;
  if (kind === 'multiplyAdd') {
    // Where an element is a vec4, so are the factors, and an invocation has four sums, all the same.
    const parts = (buffers[1] ?? 0) / 4 / SIZES.invocations;
    const accumulators = flops / (2 * SIZES.invocations * STEPS * parts);
    const want = Array.from({ length: SIZES.invocations * parts }, (_, i) =>
      accumulated(Math.floor(i / parts), accumulators),
    );
    const factors = FACTORS.flatMap((factor) => new Array<number>(parts).fill(factor));
    expect(await run(peak, factors)).toEqual(want);
    return;
  }
  const input = Array.from({ length: SIZES.bytes / 4 }, (_, i) => i);
  expect(await run(peak, input)).toEqual(kind === 'load' ? loaded() : input);
});

test('what a dispatch of each kind stands for', () => {
  const work = peaks(SIZES).map(({ kind, flops, bytes }) => [kind, flops, bytes]);
  const { invocations, bytes } = SIZES;
  expect(work.slice(0, 6)).toEqual([
    ...[8, 12, 2 * 4, 4 * 4].map((accumulators) => ['multiplyAdd', 2 * invocations * STEPS * accumulators, 0]),
    ['load', 0, bytes],
    ['load', 0, bytes],
  ]);
  for (const one of work.slice(6)) expect(one).toEqual(['copy', 0, 2 * bytes]);
});
