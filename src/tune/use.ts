/** Whether ops ask the tuner which kernels to run, and what it knows of this adapter. */
import { loadChoices, tuneMode } from '#host';
import { type ConvWay, useConvWay } from '../choose/convChoice.js';
import { setChooser } from '../choose/tuned.js';
import { adapter, beforeUse, isOpen } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import { atMost, required, text } from '../gpu/options.js';
import { fewChannels } from '../ops/fewChannels.js';
import { winograd } from '../ops/winograd.js';
import { addChoices, forgetChoices, pin, type Tuning } from './choices.js';
import { choose } from './choose.js';

/** A way to convolve that is tried, and no default. */
const tried = (way: ConvWay): ConvWay => ({
  ...way,
  defaults: (shape) => {
    const parts = way.defaults(shape);
    return parts && Object.fromEntries(Object.keys(parts).map((part) => [part, false]));
  },
});

const ways = [winograd, fewChannels].map(tried);
let isAsked = false;

/** Lets ops ask the tuner, or do so no more. */
export function ask(on: boolean): void {
  if (on === isAsked) return;
  isAsked = on;
  setChooser(on ? choose : null);
  for (const way of ways) useConvWay(way, on, true);
}

let isPrepared = false;

/** Takes over what is stored for an adapter, where ops ask the tuner. Returns what could not be read. */
export async function load(id: string): Promise<readonly string[]> {
  if (!isAsked || tuneMode() === '0') return [];
  const { found, notes } = await loadChoices(id);
  if (isAsked) addChoices(found);
  return notes;
}

/**
 * Runs with what `tune` found for this adapter and stored, from now on, or from `init()` on where that comes later. Captured steps
 * are recorded anew. Without it, and without `tune` and `setTuning`, all kernels are the defaults.
 *
 * @param on false: the defaults again, whatever was pinned. Default: true.
 * @returns what could not be read, if anything
 * @example
 * await useTuning();
 * await init();
 */
export async function useTuning(on = true): Promise<readonly string[]> {
  atMost('useTuning', 1, arguments);
  required('useTuning', { on }, { on: 'boolean' });
  ask(on);
  if (!on) {
    pin(null);
    forgetChoices();
  }
  if (!isPrepared) beforeUse(load);
  isPrepared = true;
  return isOpen() ? load(adapter().id) : [];
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/**
 * Pins kernels to choices that `tuning` gave; to `'default'`, as if nothing had been tuned; or with `'stored'` goes back to
 * what `useTuning` has loaded and `tune` found. A choice that this version or adapter does not know is an error where it is needed.
 */
export function setTuning(choices: Tuning | 'default' | 'stored'): void {
  atMost('setTuning', 1, arguments);
  const isTuning = isObject(choices) && !Array.isArray(choices) && Object.values(choices).every(isObject);
  if (choices !== 'stored' && choices !== 'default' && !isTuning) {
    refuse(`setTuning: wants what tuning() gave, 'default' or 'stored', got ${text(choices)}`);
  }
  ask(true);
  pin(choices === 'stored' ? null : choices === 'default' ? {} : choices);
}
