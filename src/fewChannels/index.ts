/**
 * kindling/fewChannels: the gradient by an input of few channels by sliding windows, for programs that ask for it. It is apart
 * because those that do not should not carry it.
 */
import { useConvWay } from '../choose/convChoice.js';
import { atMost, required } from '../gpu/options.js';
import { fewChannels } from '../ops/fewChannels.js';

/**
 * Lets `conv2d` compute the gradient by an input of at most four channels by sliding windows, which on software adapters is some
 * three times as fast; on GPUs the tuner may choose it. Training seldom asks for that gradient; adversarial examples and pictures
 * that are themselves optimised do. Captured steps are recorded anew.
 *
 * @param on false: no more. Default: true.
 * @example
 * import { useFewChannels } from 'kindling/fewChannels';
 *
 * useFewChannels();
 */
export function useFewChannels(on = true): void {
  atMost('useFewChannels', 1, arguments);
  required('useFewChannels', { on }, { on: 'boolean' });
  useConvWay(fewChannels, on);
}
