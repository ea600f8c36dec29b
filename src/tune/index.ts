/** kindling/tune: which kernels are fastest on this adapter. */
import '../winograd/index.js';
import { clearChoices } from '#host';
import { forgetChoices } from '../gpu/choices.js';

export { setTuning, type Tuning, tuning } from '../gpu/choices.js';
export { type Tuned, type TuneOptions, type TuneProgress, tune, tuneIfAsked, tuningPlace } from './tune.js';

/** Forgets all choices, and those stored for other adapters too. */
export async function clearTuning(): Promise<void> {
  await clearChoices();
  forgetChoices();
}
