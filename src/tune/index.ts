/**
 * kindling/tune: which kernels are fastest on this adapter. A program that imports this before `init()` runs with what was
 * found and stored earlier, and with {@link "winograd"} and {@link "fewChannels"} among the candidates.
 */
import { atMost } from '../gpu/options.js';
import './load.js';
import '../fewChannels/index.js';
import '../winograd/index.js';
import { clearChoices } from '#host';
import { forgetChoices } from './choices.js';

export { setTuning, type Tuning, tuning } from './choices.js';
export { type Tuned, type TuneOptions, type TuneProgress, tune, tuneIfAsked, tuningPlace } from './tune.js';

/** Forgets all choices, and those stored for other adapters too. */
export async function clearTuning(): Promise<void> {
  atMost('clearTuning', 0, arguments);
  await clearChoices();
  forgetChoices();
}
