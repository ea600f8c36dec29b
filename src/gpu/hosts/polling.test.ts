import { afterEach, beforeEach, expect, it } from 'vitest';
import { pollWithPauses } from './polling.js';

const { setImmediate: before } = globalThis;
beforeEach(pollWithPauses);
afterEach(() => {
  globalThis.setImmediate = before;
});

/** As an addon's function is seen from JavaScript. */
const addons = (fn: () => void): (() => void) => Object.defineProperty(fn.bind(null), 'name', { value: '' });

it('lets everybody else have immediates, with what they are given', async () => {
  expect(await new Promise((resolve) => setImmediate(resolve, 42))).toBe(42);
  let turns = 0;
  const until = performance.now() + 30;
  while (performance.now() < until) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    turns++;
  }
  // One in a millisecond would be 30, and those at once 20.
  expect(turns).toBeGreaterThan(100);
});

it('lets an addon that polls without pause do so some times, and then once in a millisecond', async () => {
  let polled = 0;
  let goesOn = true;
  const poll = addons(() => {
    polled++;
    if (goesOn) setImmediate(poll);
  });
  setImmediate(poll);
  await new Promise((resolve) => setTimeout(resolve, 50));
  goesOn = false;
  expect(polled).toBeGreaterThan(20);
  expect(polled).toBeLessThan(120);
});
