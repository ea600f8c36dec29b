/**
 * kindling/tune: which kernels are fastest on this adapter. {@link tune} finds that out, with {@link "winograd"} and
 * {@link "fewChannels"} among the candidates, and {@link useTuning} runs a program with what was found and stored.
 */

import { clearChoices } from '#host';
import { atMost } from '../gpu/options.js';
import { forgetChoices } from './choices.js';

export { type Tuning, tuning } from './choices.js';
export { type Tuned, type TuneOptions, type TuneProgress, tune, tuneIfAsked, tuningPlace } from './tune.js';
export { setTuning, useTuning } from './use.js';

/** Forgets all choices, and those stored for other adapters too. */
export async function clearTuning(): Promise<void> {
  atMost('clearTuning', 0, arguments);
  await clearChoices();
  forgetChoices();
}
