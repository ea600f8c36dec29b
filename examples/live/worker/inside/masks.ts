/**
 * The masks of dropout that a step drew. A mask is a function of the seed and of how many were drawn before it, so it is drawn once
 * more: ones are sent through the same dropout, as the first picture of the batch.
 */
import { noGrad, ones, step, type Tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import type { Scenario } from '../../../cifar/scenarios.js';
import type { Mask } from '../../shared/inside.js';
import { drawing } from './undrawn.js';

const CHANNELS = { conv1: 32, conv2: 64, conv3: 64 } as const;
const UNITS = 64;

/** The masks of the `number`-th step, from 1. They are the caller's to free. */
export function masksOf(
  { dropoutConv = 0, dropoutDense = 0, thirdConv = true }: Scenario,
  seed: number,
  number: number,
): { readonly name: string; readonly value: Tensor }[] {
  const convs = dropoutConv > 0 ? Object.entries(CHANNELS).filter(([name]) => thirdConv || name !== 'conv3') : [];
  const drawn = convs.length + (dropoutDense > 0 ? 1 : 0);
  if (number < 1 || drawn === 0) return [];
  // Whatever a channel holds, it is dropped as a whole: two by two elements stand for it.
  const draw = () => [
    ...convs.map(([name, channels]) => ({ name, value: F.dropout2d(ones([1, channels, 2, 2]), { p: dropoutConv }) })),
    ...(dropoutDense > 0 ? [{ name: 'fc1', value: F.dropout(ones([1, UNITS]), { p: dropoutDense }) }] : []),
  ];
  return drawing({ seed, step: (number - 1) * drawn, created: 0 }, () => step(() => noGrad(draw)));
}

/** One value for each channel or unit. */
export const keptIn = (name: string, values: ArrayLike<number>): Mask => {
  const each = name === 'fc1' ? 1 : 4;
  return {
    name,
    kept: Uint8Array.from({ length: values.length / each }, (_, i) => ((values[i * each] ?? 0) > 0 ? 1 : 0)),
  };
};
