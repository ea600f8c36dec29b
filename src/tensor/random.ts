/**
 * Randomness is a function of (seed, domain, stream, step, element), never hidden state: the same seed gives the same
 * numbers on every adapter. `manualSeed` starts over; a run resumes from `randomState`.
 */
import { refuse } from '../gpu/errors.js';
import { atMost, text } from '../gpu/options.js';
import { refuseInCapture } from '../gpu/recording.js';
import { insideScope } from '../gpu/storage.js';
import { Generator, seedKey } from './generator.js';
import { hostValues } from './hostValues.js';
import type { Tensor } from './tensor.js';

/** Where the library's random numbers stand: enough to continue them exactly. */
export interface RandomState {
  readonly seed: number;
  /** Steps begun. Dropout inside a step is a function of this number. */
  readonly step: number;
  /** Tensors of random numbers created. */
  readonly created: number;
}

let state: { seed: number; step: number; created: number } = { seed: 0, step: 0, created: 0 };
/** Draws inside the running step. */
let draws = 0;
let shared: { step: number; tensor: Tensor } | null = null;

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
  draws = 0;
  shared = null;
}

/** @internal Called where a step begins. */
export function nextStep(): void {
  state.step++;
  draws = 0;
  shared = null;
}

/** @internal A generator for one tensor of random numbers that the host makes, no two alike. */
export const creationGenerator = (): Generator => new Generator(state.seed, { stream: state.created++ });

/**
 * @internal What a kernel needs to make a tensor of random numbers, no two alike: [seed low, seed high, step, stream], and
 * behind it the `words` of its own. Inside a step the numbers are a function of the step, so a replay draws anew what the
 * function itself would draw; outside, of how many tensors there were before.
 */
export function creationDraw(words: readonly number[]): Tensor {
  const inside = insideScope();
  const stream = inside ? draws++ : state.created++;
  return hostValues('u32', 4 + words.length, () => [...seedKey(state.seed), inside ? state.step : 0, stream, ...words]);
}

/**
 * @internal What a kernel needs to draw: `tensor` holds [seed low, seed high, step] as u32, `stream` tells the draws of
 * one step apart. It stays a buffer, not a constant, because it changes from step to step. Outside steps every draw is a
 * step of its own.
 */
export function draw(): { tensor: Tensor; stream: number } {
  if (!insideScope()) {
    nextStep();
    return { tensor: stateTensor(), stream: 0 };
  }
  if (shared?.step !== state.step || shared.tensor.storage.isFreed)
    shared = { step: state.step, tensor: stateTensor() };
  return { tensor: shared.tensor, stream: draws++ };
}

const stateTensor = (): Tensor => hostValues('u32', 3, () => [...seedKey(state.seed), state.step]);

/** @internal Returns what runs a function with the random numbers that come from here on, and then goes on where it was. */
export function rewind(name: string): <T>(body: () => T) => T {
  const [then, drawn, tensor, inside] = [{ ...state }, draws, shared, insideScope()];
  return (body) => {
    if (insideScope() !== inside || (inside && state.step !== then.step)) {
      refuse(`${name}: backward runs in another step than forward did; put both into one`);
    }
    const now = { state, draws, shared };
    [state, draws, shared] = [{ ...then }, drawn, tensor];
    try {
      return body();
    } finally {
      ({ state, draws, shared } = now);
    }
  };
}
