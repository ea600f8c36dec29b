/** The kernels that the study runs with: the tuner's choice where there is one, and Winograd's filtering among the others. */
import { tuneIfAsked, useTuning } from 'kindling/tune';
import { useWinograd } from 'kindling/winograd';
import type { Prepare } from './train.js';

export const prepare: Prepare = async (trial, say) => {
  for (const note of await useTuning()) say(note);
  useWinograd();
  await tuneIfAsked(trial, { onProgress: ({ done, total }) => say(`tuning kernels: ${done} of ${total}`) });
};
