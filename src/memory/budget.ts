/**
 * Memory outside of steps belongs to the garbage collector, which does not know its size: a loop without `step()` piles up
 * buffers that nobody can reach. So beyond a budget the collector is asked to run whenever somebody waits for a result.
 */

import { perDevice } from '../gpu/device.js';
import { showBytes } from './allocation.js';
import { collectGarbage, garbageFound } from './collector.js';
import type { Memory } from './memory.js';
import { pool } from './pool.js';

/** What may come to be in use before it is looked at again. */
const BUDGET_BYTES = 96 * 2 ** 20;
/** So much made without a pause is worth a warning, whether or not it is garbage. */
const UNPAUSED_BYTES = 512 * 2 ** 20;
/** What a collection finds, if it was worth its while. */
const WORTH_BYTES = BUDGET_BYTES / 4;

interface Tally {
  tensors: number;
  bytes: number;
}

const none = (): Tally => ({ tensors: 0, bytes: 0 });

const state = /* @__PURE__ */ perDevice(() => ({
  threshold: BUDGET_BYTES,
  /** Collections in a row that found little. */
  fruitless: 0,
  warned: false,
  /** Made by ops outside of steps since the last pause, and found to be garbage. */
  made: none(),
  garbage: none(),
}));

/** Memory that only the collector has found to be done with. */
export function collectedOne({ bytes, home, isGone }: Memory): void {
  garbageFound();
  if (home || isGone) return;
  count(state().garbage, bytes);
}

function count(tally: Tally, bytes: number): void {
  tally.tensors++;
  tally.bytes += bytes;
}

/** An op outside of steps made so many bytes. */
export function madeOutside(bytes: number): void {
  const { made } = state();
  count(made, bytes);
  if (made.bytes > UNPAUSED_BYTES) warn(made, 'were made outside of steps without a pause to collect them in');
}

/** Called where somebody waits: there is time to collect if too much is in use. */
export function makeRoom(): Promise<void> | null {
  state().made = none();
  return pool().usedBytes > state().threshold ? collected() : null;
}

async function collected(): Promise<void> {
  const mine = state();
  mine.garbage = none();
  await collectGarbage();
  const found = mine.garbage.bytes;
  mine.fruitless = found < WORTH_BYTES ? mine.fruitless + 1 : 0;
  mine.threshold = nextThreshold(pool().usedBytes, mine.fruitless);
  if (found > WORTH_BYTES) warn(mine.garbage, 'made outside of steps lay about as garbage');
}

/**
 * What may be in use before the collector is asked again. Where it found little, it may only be late: it is asked again
 * soon, but ever less so, for it may also be that all is needed.
 */
export function nextThreshold(used: number, fruitless: number): number {
  return Math.max(BUDGET_BYTES, used * (1 + (fruitless && fruitless < 3 ? fruitless / 8 : 0.5)));
}

function warn({ tensors, bytes }: Tally, what: string): void {
  if (state().warned) return;
  state().warned = true;
  console.warn(
    `kindling: ${tensors} tensors of ${showBytes(bytes)} ${what}. Put the work into step(() => …), which frees what it ` +
      'does not return, or dispose() of them.',
  );
}
