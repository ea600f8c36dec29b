/** Means over windows of a signal: of images one pixel high. */
import { refuse } from '../gpu/errors.js';
import { atMost, type Known, required, wantTensor } from '../gpu/options.js';
import { show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { adaptiveAvgPool2d, asOptions, avgPool2d } from './pool.js';
import { squeeze, unsqueeze } from './shape.js';

/** A number, or a list of it alone. */
export type Single = number | readonly [number];

export interface AvgPool1dOptions {
  kernelSize: Single;
  /** Default: kernelSize, so that windows lie side by side. */
  stride?: Single | undefined;
  /** At most half of kernelSize. Default: 0. */
  padding?: Single | undefined;
  /** Rounds the output's length up, so that a last window may reach past the end; none begins there. Default: false. */
  ceilMode?: boolean | undefined;
  /** Whether padding counts in the divisor. Default: true. */
  countIncludePad?: boolean | undefined;
}

/** @internal */
export const AVG_POOL_1D: Known<AvgPool1dOptions> = {
  kernelSize: 'sizes',
  stride: 'sizes',
  padding: 'counts',
  ceilMode: 'boolean',
  countIncludePad: 'boolean',
};

/** @internal The signal as an image. @throws KindlingError naming `name` unless it is one */
export function asImage(name: string, x: Tensor): Tensor {
  wantTensor(name, 'x', x);
  if (x.ndim === 3 || x.ndim === 2) return unsqueeze(x, -2);
  refuse(`${name}: wants shape [N, C, L] or [C, L], got ${show(x.shape)}`);
}

/**
 * The mean of every window.
 *
 * @param x [N, C, L] or [C, L]
 * @param options the window's size, or all options
 * @param others options besides the window's size, where that stands alone
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html
 */
export function avgPool1d(
  x: Tensor,
  options: Single | AvgPool1dOptions,
  others: Omit<AvgPool1dOptions, 'kernelSize'> = {},
): Tensor {
  const image = asImage('avgPool1d', x);
  const given = asOptions<AvgPool1dOptions>('avgPool1d', options, others, AVG_POOL_1D);
  const { kernelSize, stride = kernelSize, padding = 0, ceilMode, countIncludePad } = given;
  const row = (height: number, width: Single) => [height, Number(width)] as const;
  const window = { kernelSize: row(1, kernelSize), stride: row(1, stride), padding: row(0, padding) };
  return squeeze(avgPool2d(image, { ...window, ceilMode, countIncludePad }), -2);
}

/**
 * Means of windows laid so that the result has `outputSize` elements.
 *
 * @param x [N, C, L] or [C, L]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html
 */
export function adaptiveAvgPool1d(x: Tensor, outputSize: Single): Tensor {
  atMost('adaptiveAvgPool1d', 2, arguments);
  const image = asImage('adaptiveAvgPool1d', x);
  required('adaptiveAvgPool1d', { outputSize }, { outputSize: 'sizes' });
  return squeeze(adaptiveAvgPool2d(image, [1, Number(outputSize)]), -2);
}
