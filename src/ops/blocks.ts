/** Blocks of tensors: what taking parts, joining and padding are made of. */

import { fillKernel, gatherKernel, joinKernel, scatterKernel } from '../kernels/copy.js';
import { bitsOf } from '../kernels/flat.js';
import { launch, launchInto } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import { at, type Shape, stridesOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { held } from './cast.js';

/** Where a block of `shape` lies in a larger tensor. No two of its elements lie in one place. */
export interface Block {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The elements of a block; its gradient is zero outside of it. */
export function takeBlock(name: string, x: Tensor, block: Block, attributes?: object): Tensor {
  const value = launch(gatherKernel(block), [x], block.shape, x.dtype);
  return differentiable(name, [x], value, { by: [(g) => putBlock(g, block, x.shape)] }, attributes);
}

/** A block among zeros: the gradient of {@link takeBlock}, which is its own in turn. */
export const putBlock = (x: Tensor, block: Block, shape: Shape, name = 'putBlock'): Tensor =>
  differentiable(name, [x], putBlocks([{ x, block }], shape, 0), {
    by: [(g) => takeBlock('takeBlock', g, block)],
  });

/** Blocks that one launch brings together; more are written one after the other. */
const TOGETHER = 6;

/** A tensor filled with `value` (null: the blocks cover it), with blocks written into it. */
export function putBlocks(blocks: readonly { x: Tensor; block: Block }[], shape: Shape, value: number | null): Tensor {
  const into = new Tensor(shape, blocks[0]?.x.dtype);
  const places = blocks.map(({ block }) => beginning(block, shape));
  if (blocks.length <= TOGETHER && places.every((from) => from !== null)) {
    const bits = bitsOf(value ?? 0, held(into));
    const parts = blocks.map(({ block }, n) => ({ shape: block.shape, from: places[n] as number[] }));
    return launch(
      joinKernel({ shape, blocks: parts, bits }),
      blocks.map(({ x }) => x),
      shape,
      into.dtype,
    );
  }
  if (value !== null) launchInto(fillKernel({ size: into.size, bits: bitsOf(value, held(into)) }), [], [into]);
  for (const { x, block } of blocks) launchInto(scatterKernel(block), [x], [into]);
  return into;
}

/** Where a block begins whose elements lie side by side in a tensor of `shape`; null for others, and for those of no element. */
function beginning({ shape: own, strides, offset }: Block, shape: Shape): number[] | null {
  const whole = stridesOf(shape);
  if (own.length !== shape.length || own.some((n, d) => n === 0 || (n > 1 && strides[d] !== whole[d]))) return null;
  return whole.map((stride, d) => Math.floor(offset / stride) % at(shape, d));
}

/** Entries `from` to `to` (without it) of a dimension, `step` apart: forwards, or backwards where it is negative. */
export function strided(x: Tensor, dim: number, from: number, to: number, step = 1): Tensor {
  const count = Math.max(0, Math.ceil((to - from) / step));
  const strides = stridesOf(x.shape);
  const block = {
    shape: x.shape.with(dim, count),
    strides: strides.with(dim, at(strides, dim) * step),
    offset: count && from * at(strides, dim),
  };
  return takeBlock('slice', x, block, { dim, from, to, step });
}

/** Tensors that fit, one behind the other along a dimension. */
export function joined(tensors: readonly Tensor[], dim: number): Tensor {
  const starts = [0];
  for (const { shape } of tensors) starts.push(at(starts, starts.length - 1) + at(shape, dim));
  const shape = (tensors[0] as Tensor).shape.with(dim, at(starts, tensors.length));
  const strides = stridesOf(shape);
  const blocks = tensors.map((x, i) => ({
    x,
    block: { shape: x.shape, strides, offset: at(starts, i) * at(strides, dim) },
  }));
  const by = blocks.map(
    ({ block }) =>
      (g: Tensor) =>
        takeBlock('takeBlock', g, block),
  );
  return differentiable('cat', tensors, putBlocks(blocks, shape, null), { by }, { dim });
}
