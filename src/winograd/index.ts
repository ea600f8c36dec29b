/**
 * kindling/winograd: Winograd's filtering for windows of 3 by 3, for programs that ask for it. It is apart because those that do
 * not should not carry it.
 */
import { useConvWay } from '../choose/convChoice.js';
import { atMost, required } from '../gpu/options.js';
import { winograd } from '../ops/winograd.js';

/**
 * Lets `conv2d` use Winograd's filtering where it wins: on software adapters forward and input gradient from 128 channels on, the
 * weight gradient from 64, for a step's memory of twice the size. On GPUs nothing was measured, and it stays off unless the tuner
 * finds it faster. Captured steps are recorded anew.
 *
 * @param on false: no more. Default: true.
 * @see Lavin, Gray: Fast Algorithms for Convolutional Neural Networks, https://arxiv.org/abs/1509.09308
 * @example
 * import { useWinograd } from 'kindling/winograd';
 *
 * useWinograd();
 */
export function useWinograd(on = true): void {
  atMost('useWinograd', 1, arguments);
  required('useWinograd', { on }, { on: 'boolean' });
  useConvWay(winograd, on);
}
