/**
 * kindling/winograd: importing it lets `conv2d` use Winograd's filtering for windows of 3 by 3 where it wins: on software
 * adapters forward and input gradient from 128 channels on, the weight gradient from 64. On GPUs it is one more candidate of
 * the tuner. It is apart because programs that do not need it should not carry it.
 *
 * @example
 * import 'kindling/winograd';
 */
import { addConvWay } from '../choose/convChoice.js';
import { winograd } from '../ops/winograd.js';

addConvWay(winograd);
