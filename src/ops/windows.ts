/** Windows cut out of a tensor, and added up again where they overlap: each is the other's gradient. */

import { launchFlat } from '../choose/variant.js';
import { refuse } from '../gpu/errors.js';
import { checked, type Known, ofTensor, required, wantTensor } from '../gpu/options.js';
import { gatherKernel } from '../kernels/copy.js';
import { type FoldSpec, foldKernel } from '../kernels/fold.js';
import { launch } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import { at, dimOf, type Shape, show, sizeOf, stridesOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { putBlocks } from './blocks.js';
import { reshape } from './broadcast.js';
import { type Pair, pair } from './pool.js';
import { permute } from './shape.js';

export interface WindowOptions {
  /** Distance between the taps of a window. Default: 1. */
  dilation?: Pair | undefined;
  /** Zeros on every side. Default: 0. */
  padding?: Pair | undefined;
  /** Distance between windows. Default: 1. */
  stride?: Pair | undefined;
}

/** @internal */
export const WINDOW: Known<WindowOptions> = { dilation: 'sizes', padding: 'counts', stride: 'sizes' };

function specOf(
  name: string,
  planes: number,
  [h, w]: readonly [number, number],
  kernelSize: Pair,
  options: WindowOptions,
): FoldSpec {
  const { dilation = 1, padding = 0, stride = 1 } = checked(name, options, WINDOW);
  const pairs = { kernelSize, dilation, padding, stride };
  for (const [what, value] of Object.entries(pairs)) {
    if (pair(value).length !== 2)
      refuse(`${name}: ${what} is a number, or two: [vertical, horizontal]; got [${value}]`);
  }
  const [[kh, kw], [dilationH, dilationW], [padH, padW], [stepH, stepW]] = [
    pair(kernelSize),
    pair(dilation),
    pair(padding),
    pair(stride),
  ];
  const rows = Math.floor((h + 2 * padH - dilationH * (kh - 1) - 1) / stepH) + 1;
  const columns = Math.floor((w + 2 * padW - dilationW * (kw - 1) - 1) / stepW) + 1;
  if (rows < 1 || columns < 1) {
    refuse(
      `${name}: a window of [${pair(kernelSize)}], dilation [${pair(dilation)}], does not fit [${h}, ${w}] with padding [${pair(padding)}]`,
    );
  }
  return { planes, h, w, kh, kw, rows, columns, stepH, stepW, dilationH, dilationW, padH, padW };
}

const cutShape = ({ planes, kh, kw, rows, columns }: FoldSpec): number[] => [planes, kh, kw, rows, columns];

/** [planes, h, w] → [planes, kh, kw, rows, columns]: one block, whose elements may lie in one place. */
function cutOut(x: Tensor, spec: FoldSpec): Tensor {
  const { planes, h, w, padH, padW } = spec;
  const shape = [planes, h + 2 * padH, w + 2 * padW];
  const strides = stridesOf(shape);
  const [plane = 0, row = 0] = strides;
  const inside = { shape: [planes, h, w], strides, offset: padH * row + padW };
  const padded = padH + padW === 0 ? x : putBlocks([{ x, block: inside }], shape, 0);
  const steps = [plane, spec.dilationH * row, spec.dilationW, spec.stepH * row, spec.stepW];
  const to = cutShape(spec);
  const value = launch(gatherKernel({ shape: to, strides: steps, offset: 0 }), [padded], to, x.dtype);
  return differentiable('unfold', [x], value, { by: [(g) => addUp(g, spec)] });
}

/** [planes, kh, kw, rows, columns] → [planes, h, w]. */
function addUp(x: Tensor, spec: FoldSpec): Tensor {
  const value = launchFlat('fold', foldKernel, spec, [x], [spec.planes, spec.h, spec.w]);
  return differentiable('fold', [x], value, { by: [(g) => cutOut(g, spec)] });
}

function wantFloat(name: string, x: Tensor): void {
  if (x.dtype !== 'f32') refuse(`${name}: wants f32, got ${x.dtype}; cast it`);
}

/**
 * The windows of an image as columns: y[n, (c·kh + a)·kw + b, r·columns + s] is tap (a, b) of channel c of window (r, s).
 *
 * @param x [N, C, H, W] or [C, H, W]
 * @param kernelSize of a window
 * @returns [N, C·kh·kw, L] or [C·kh·kw, L]; there are L = rows · columns windows
 * @throws KindlingError where no window fits
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
 */
export function unfoldImage(x: Tensor, kernelSize: Pair, options: WindowOptions = {}): Tensor {
  wantTensor('unfold', 'x', x);
  required('unfold', { kernelSize }, { kernelSize: 'sizes' });
  wantFloat('unfold', x);
  if (x.ndim !== 4 && x.ndim !== 3) refuse(`unfold: wants [N, C, H, W] or [C, H, W], got ${show(x.shape)}`);
  const [channels = 0, h = 0, w = 0] = x.shape.slice(-3);
  const lead = x.shape.slice(0, -3);
  const spec = specOf('unfold', sizeOf(lead) * channels, [h, w], kernelSize, options);
  const windows = cutOut(reshape(x, [spec.planes, h, w]), spec);
  return reshape(windows, [...lead, channels * spec.kh * spec.kw, spec.rows * spec.columns]);
}

/**
 * The windows of images, as {@link unfoldImage} lays them out, added up where they overlap.
 *
 * @param x [N, C·kh·kw, L] or [C·kh·kw, L]
 * @param outputSize [H, W] of the images
 * @param kernelSize of a window
 * @returns [N, C, H, W] or [C, H, W]
 * @throws KindlingError where x has not as many windows as fit, or its channels are no multiple of a window's size
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
 */
export function fold(x: Tensor, outputSize: Pair, kernelSize: Pair, options: WindowOptions = {}): Tensor {
  wantTensor('fold', 'x', x);
  required('fold', { outputSize, kernelSize }, { outputSize: 'sizes', kernelSize: 'sizes' });
  wantFloat('fold', x);
  if (x.ndim !== 3 && x.ndim !== 2) refuse(`fold: wants [N, C·kh·kw, L] or [C·kh·kw, L], got ${show(x.shape)}`);
  const [h, w] = pair(outputSize);
  if (w === undefined) refuse(`fold: outputSize is a number, or two: [height, width]; got [${outputSize}]`);
  const lead = x.shape.slice(0, -2);
  const [rows = 0, length = 0] = x.shape.slice(-2);
  const one = specOf('fold', 1, [h, w], kernelSize, options);
  const channels = rows / (one.kh * one.kw);
  if (!Number.isInteger(channels)) {
    refuse(`fold: ${rows} rows of ${show(x.shape)} are no multiple of a window's ${one.kh * one.kw} elements`);
  }
  if (length !== one.rows * one.columns) {
    refuse(`fold: ${show(x.shape)} has ${length} windows; ${one.rows} × ${one.columns} fit [${h}, ${w}]`);
  }
  const spec = { ...one, planes: sizeOf(lead) * channels };
  return reshape(addUp(reshape(x, cutShape(spec)), spec), [...lead, channels, h, w]);
}

/**
 * All windows of `size` entries of a dimension, `step` apart, which may overlap: it becomes their number, and what is in them a last
 * dimension. For images as columns see `unfold` of `kindling/nn/functional`.
 *
 * @example unfold(tensor([1, 2, 3, 4, 5]), 0, 3, 2) // [[1, 2, 3], [3, 4, 5]]
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.unfold.html
 */
export function unfold(x: Tensor, dim: number, size: number, step: number): Tensor {
  ofTensor('unfold', 4, arguments);
  const d = dimOf('unfold', dim, x.ndim);
  required('unfold', { size, step }, { size: 'size', step: 'size' });
  const shape: Shape = x.ndim === 0 ? [1] : x.shape;
  const length = at(shape, d);
  if (size > length)
    refuse(`unfold: windows of ${size} do not fit the ${length} entries of dimension ${dim} of ${show(x.shape)}`);
  const count = Math.floor((length - size) / step) + 1;
  const strides = stridesOf(shape);
  const to = [...shape.with(d, count), size];
  const steps = [...strides.with(d, at(strides, d) * step), at(strides, d)];
  const value = launch(gatherKernel({ shape: to, strides: steps, offset: 0 }), [x], to, x.dtype);
  // The dimension as the height of images: what stands before it are their planes, what stands behind it their width.
  const [planes, w] = [sizeOf(shape.slice(0, d)), sizeOf(shape.slice(d + 1))];
  const sides = { planes, h: length, w, kh: size, kw: 1, rows: count, columns: w };
  const spec = { ...sides, stepH: step, stepW: 1, dilationH: 1, dilationW: 1, padH: 0, padW: 0 };
  const order = [...shape.keys()].toSpliced(d, 0, shape.length);
  const grad = (g: Tensor) => reshape(addUp(reshape(permute(g, order), cutShape(spec)), spec), x.shape);
  return differentiable('unfold', [x], value, { by: [grad] });
}
