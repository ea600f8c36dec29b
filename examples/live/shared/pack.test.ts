import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pack, unpack } from './pack.js';

it('gives back what it was given, to the bit', async () => {
  const value = fc.record({
    text: fc.string(),
    numbers: fc.array(fc.double(), { maxLength: 40 }).map((all) => (all.length < 16 ? [] : all)),
    bytes: fc.uint8Array(),
    floats: fc.float32Array(),
    parts: fc.array(fc.record({ more: fc.float64Array(), count: fc.integer() })),
  });
  const property = fc.asyncProperty(value, async (given) => {
    expect(await unpack(await pack(given))).toEqual(given);
  });
  await fc.assert(property, { numRuns: 100 });
});

it('refuses bytes that are not what it made', async () => {
  const whole = await pack({ losses: Array.from({ length: 20 }, (_, i) => i / 3) });
  const place = fc.record({ at: fc.nat(whole.length - 1), by: fc.integer({ min: 1, max: 255 }) });
  const flipped = fc.asyncProperty(place, async ({ at, by }) => {
    const damaged = whole.slice();
    damaged[at] = (damaged[at] ?? 0) ^ by;
    await expect(unpack(damaged)).rejects.toThrow('damaged');
  });
  await fc.assert(flipped, { numRuns: 100 });
  for (const length of [0, 10, 40, whole.length - 1]) {
    await expect(unpack(whole.slice(0, length))).rejects.toThrow('damaged');
  }
});

it('reads bytes that lie anywhere', async () => {
  const whole = await pack(Float32Array.of(1, 2, 3));
  const moved = new Uint8Array(whole.length + 3);
  moved.set(whole, 3);
  expect(await unpack(moved.subarray(3))).toEqual(Float32Array.of(1, 2, 3));
});
