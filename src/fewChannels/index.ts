/**
 * kindling/fewChannels: importing it lets `conv2d` compute the gradient by an input of at most four channels by sliding
 * windows, which on software adapters is some three times as fast; on GPUs it is one more candidate of the tuner. Training
 * seldom asks for that gradient; adversarial examples and pictures that are themselves optimised do.
 *
 * @example
 * import 'kindling/fewChannels';
 */
import { addConvWay } from '../choose/convChoice.js';
import { fewChannels } from '../ops/fewChannels.js';

addConvWay(fewChannels);
