/**
 * Which candidate of a family of kernels to take for a shape: what the tuner found fastest on this adapter, or what a run is
 * pinned to. Whoever has no choice takes its default.
 */
import { choicesChanged } from '../gpu/choices.js';
import type { Choice } from '../gpu/hosts/choice.js';
import { atMost } from '../gpu/options.js';

/** Choices by family and shape, as JSON keeps them. */
export type Tuning = Readonly<Record<string, object>>;

const stored = new Map<string, Choice>();
let pinned: ReadonlyMap<string, Choice> | null = null;

/** Whether any choice is in force. */
export const anyChoice = (): boolean => (pinned ?? stored).size > 0;

/** The choice in force. A pinned one has no hash: it holds whatever became of the kernels. */
export const choiceOf = (key: string): Choice | undefined => (pinned ?? stored).get(key);

/** What the tuner knows, whether or not a run is pinned to something else. */
export const storedChoice = (key: string): Choice | undefined => stored.get(key);

export function addChoices(choices: readonly Choice[]): void {
  for (const one of choices) stored.set(one.key, one);
  choicesChanged();
}

export function forgetChoice(key: string): void {
  if (stored.delete(key)) choicesChanged();
}

export function forgetChoices(): void {
  stored.clear();
  choicesChanged();
}

/**
 * The choices in force, for a file beside a run's results: with `setTuning` another run computes with the same kernels,
 * so that on the same adapter it gives the same bits.
 */
export function tuning(): Tuning {
  atMost('tuning', 0, arguments);
  const chosen = [...(pinned ?? stored).values()].filter(({ choice }) => choice !== null);
  return Object.fromEntries(chosen.map(({ key, choice }) => [key, choice as object]));
}

/** Takes these choices from now on; null: those that are stored. */
export function pin(choices: Tuning | null): void {
  pinned = choices && new Map(Object.entries(choices).map(([key, choice]) => [key, { key, choice, hash: '' }]));
  choicesChanged();
}

/** Whether {@link pin} has decided. */
export const isPinned = (): boolean => pinned !== null;
