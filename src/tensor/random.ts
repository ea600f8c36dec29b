/**
 * Randomness is a function of (seed, domain, draw, element), never hidden state: the same program gives the same numbers on
 * every adapter, in steps and outside, replayed or not. `manualSeed` starts over; a run resumes from `randomState`.
 */
import { refuse } from '../gpu/errors.js';
import { atMost, text } from '../gpu/options.js';
import { refuseInCapture } from '../stream/recording.js';
import { insideScope, runningStep } from '../stream/scope.js';
import { Generator, seedKey } from './generator.js';
import { hostValues } from './hostValues.js';
import type { Tensor } from './tensor.js';

/** Where the library's random numbers stand: enough to continue them exactly. */
export interface RandomState {
  readonly seed: number;
  /** Masks of dropout drawn. */
  readonly step: number;
  /** Tensors of random numbers created. */
  readonly created: number;
}

let state: { seed: number; step: number; created: number } = { seed: 0, step: 0, created: 0 };
/** Where they stood when the running step began. A replay begins elsewhere, and draws as many. */
let begun = state;
/** What dropouts of the running step read. */
let shared: Tensor | null = null;

/** Seeds everything random: initialisation, `rand`, dropout. Default seed: 0. */
export function manualSeed(seed: number): void {
  seedKey(seed, 'manualSeed'); // refuses what is no seed
  atMost('manualSeed', 1, arguments);
  refuseInCapture('the random numbers are seeded', 'Call manualSeed() outside.');
  setRandomState({ seed, step: 0, created: 0 });
}

export function randomState(): RandomState {
  atMost('randomState', 0, arguments);
  refuseInCapture('the state of random numbers is read', 'A replay would not read it again: read it outside.');
  return { ...state };
}

/** @internal Throws where something is no state of random numbers. */
export function checkRandomState(to: RandomState | undefined): void {
  const { seed, step, created } = to ?? {};
  const counts = [seed, step, created].every((one) => Number.isSafeInteger(one) && (one as number) >= 0);
  if (!counts) {
    refuse(`setRandomState: ${text(to)} is no state: seed, step and created are whole numbers from 0`);
  }
}

/** Continues from what {@link randomState} returned. @throws KindlingError where it is nothing of the kind */
export function setRandomState(to: RandomState): void {
  atMost('setRandomState', 1, arguments);
  checkRandomState(to);
  refuseInCapture('the state of random numbers is set', 'Set it outside.');
  state = { seed: to.seed, step: to.step, created: to.created };
  beginDraws();
}

/** @internal Called where a step begins. */
export function beginDraws(): void {
  begun = { ...state };
  shared = null;
}

/** @internal Returns what counts the draws of the step that ends here once more, for its replays. */
export function drawsOfStep(): () => void {
  const step = state.step - begun.step;
  const created = state.created - begun.created;
  return () => {
    state.step += step;
    state.created += created;
  };
}

/** @internal A generator for one tensor of random numbers that the host makes, no two alike. */
export const creationGenerator = (): Generator => new Generator(state.seed, { stream: state.created++ });

/**
 * @internal What a kernel needs to make a tensor of random numbers, no two alike: [seed low, seed high, 0, which one], and
 * behind it the `words` of its own.
 */
export function creationDraw(words: readonly number[]): Tensor {
  const sinceBegun = state.created++ - begun.created;
  return hostValues('u32', 4 + words.length, () => [...seedKey(state.seed), 0, begun.created + sinceBegun, ...words]);
}

/**
 * @internal What a kernel needs to draw a mask: `tensor` holds [seed low, seed high, count] as u32, and count + `stream` is
 * the mask's number. All masks of a step share the tensor, which stays a buffer because it changes from step to step.
 */
export function draw(): { tensor: Tensor; stream: number } {
  const count = ++state.step;
  if (!insideScope()) return { tensor: counted(() => count), stream: 0 };
  if (!shared || shared.storage.isFreed) shared = counted(() => begun.step);
  return { tensor: shared, stream: count - begun.step };
}

const counted = (count: () => number): Tensor => hostValues('u32', 3, () => [...seedKey(state.seed), count()]);

/** @internal Returns what runs a function with the random numbers that come from here on, and then goes on where it was. */
export function rewind(name: string): <T>(body: () => T) => T {
  const [then, inside] = [{ ...state }, runningStep()];
  return (body) => {
    if (runningStep() !== inside) {
      refuse(`${name}: backward runs in another step than forward did; put both into one`);
    }
    const now = state;
    state = { ...then };
    try {
      return body();
    } finally {
      state = now;
    }
  };
}
