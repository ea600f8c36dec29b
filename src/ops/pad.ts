/** Padding by a value, or by elements of the tensor's own. */

import { refuse } from '../gpu/errors.js';
import { checked, type Known, text, wantTensor } from '../gpu/options.js';
import { differentiable } from '../tensor/remember.js';
import { at, show, stridesOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { joined, putBlocks, strided, takeBlock } from './blocks.js';
import { expand } from './broadcast.js';

export interface PadOptions {
  /**
   * What is added: one value, the mirror image without the edge itself, copies of the edge, or the other end. Default:
   * 'constant'.
   */
  mode?: 'constant' | 'reflect' | 'replicate' | 'circular' | undefined;
  /** The value of 'constant'. Default: 0. */
  value?: number | undefined;
}

const PAD: Known<PadOptions> = { mode: ['constant', 'reflect', 'replicate', 'circular'], value: 'number' };

/**
 * Elements added around the last dimensions.
 *
 * @param widths how many, [left, right] of the last dimension, then of the one before, and so on
 * @throws KindlingError where a mirror or the other end has not as many elements
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
 */
export function pad(x: Tensor, widths: readonly number[], options: PadOptions = {}): Tensor {
  wantTensor('pad', 'x', x);
  const { mode = 'constant', value = 0 } = checked('pad', options, PAD);
  const whole = Array.isArray(widths) && widths.every((n) => Number.isInteger(n) && n >= 0);
  if (!whole || widths.length % 2 !== 0 || widths.length > 2 * x.ndim) {
    refuse(`pad: ${text(widths)} is no array of pairs of widths for ${show(x.shape)}, such as [left, right]`);
  }
  const before = x.shape.map((_, d) => widths[2 * (x.ndim - 1 - d)] ?? 0);
  const after = x.shape.map((_, d) => widths[2 * (x.ndim - 1 - d) + 1] ?? 0);
  if (mode !== 'constant') {
    if (options.value !== undefined) refuse(`pad: mode '${mode}' takes no value; leave it out`);
    return before.reduce((y, left, d) => edged(y, d, left, at(after, d), mode), x);
  }
  const shape = x.shape.map((n, d) => n + at(before, d) + at(after, d));
  const strides = stridesOf(shape);
  const block = { shape: x.shape, strides, offset: before.reduce((sum, n, d) => sum + n * at(strides, d), 0) };
  const padded = putBlocks([{ x, block }], shape, value);
  return differentiable('pad', [x], padded, { by: [(g) => takeBlock('takeBlock', g, block)] }, { before, value });
}

/** Padded along one dimension by elements of its own. */
function edged(
  x: Tensor,
  dim: number,
  left: number,
  right: number,
  mode: 'reflect' | 'replicate' | 'circular',
): Tensor {
  if (left === 0 && right === 0) return x;
  const length = at(x.shape, dim);
  const most = { reflect: length - 1, replicate: length > 0 ? Number.POSITIVE_INFINITY : 0, circular: length }[mode];
  const more = Math.max(left, right);
  if (more > most) {
    refuse(`pad: mode '${mode}' adds at most ${most} elements to dimension ${dim} of ${show(x.shape)}, not ${more}`);
  }
  // Where the pieces begin, and how they go on.
  const [first, last, step] = {
    reflect: [left, length - 2, -1] as const,
    replicate: [0, length - 1, 0] as const,
    circular: [length - left, 0, 1] as const,
  }[mode];
  const piece = (count: number, from: number): Tensor[] => {
    if (count === 0) return [];
    if (step === 0) return [expand(strided(x, dim, from, from + 1), x.shape.with(dim, count))];
    return [strided(x, dim, from, from + count * step, step)];
  };
  return joined([...piece(left, first), x, ...piece(right, last)], dim);
}
