/** Functions that move elements without changing them. All are differentiable. */

import { refuse } from '../gpu/errors.js';
import {
  atMost,
  checked,
  type Known,
  ofTensor,
  required,
  text,
  wantOperand,
  wantTensor,
  wantTensors,
} from '../gpu/options.js';
import { fillKernel, gatherKernel, scatterKernel, whereKernel } from '../kernels/copy.js';
import { bitsOf } from '../kernels/flat.js';
import { launch, launchInto } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import {
  at,
  broadcast,
  broadcastStrides,
  dimOf,
  dimsOf,
  type Shape,
  show,
  sizeOf,
  stridesOf,
} from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { expand, held, reshape, sumTo } from './broadcast.js';
import { type Operand, promote } from './elementwise/make.js';

/** Dimensions from `startDim` to `endDim` made one. Defaults: all. */
export function flatten(x: Tensor, startDim = 0, endDim = -1): Tensor {
  ofTensor('flatten', 3, arguments);
  const from = dimOf('flatten', startDim, x.ndim);
  const to = dimOf('flatten', endDim, x.ndim);
  if (from > to) refuse(`flatten: startDim ${startDim} comes after endDim ${endDim}`);
  return reshape(x, [...x.shape.slice(0, from), sizeOf(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)]);
}

/** Without dimension `dim`, which must have length 1 to go; without all of length 1 where none is given. */
export function squeeze(x: Tensor, dim?: number): Tensor {
  ofTensor('squeeze', 2, arguments);
  const only = dim === undefined ? undefined : dimOf('squeeze', dim, x.ndim);
  return reshape(
    x,
    x.shape.filter((n, d) => n !== 1 || (only !== undefined && d !== only)),
  );
}

/** With a new dimension of length 1 at `dim`. */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  ofTensor('unsqueeze', 2, arguments);
  const place = dimOf('unsqueeze', dim, x.ndim + 1);
  return reshape(x, [...x.shape.slice(0, place), 1, ...x.shape.slice(place)]);
}

/** Dimensions in another order. */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  ofTensor('permute', 2, arguments);
  if (!Array.isArray(dims)) refuse(`permute: wants an array of dimensions, got ${text(dims)}`);
  const order = dims.map((dim) => dimOf('permute', dim, x.ndim));
  if (order.length !== x.ndim || new Set(order).size !== x.ndim) {
    refuse(`permute: ${text(dims)} does not order the dimensions of ${show(x.shape)}`);
  }
  const strides = stridesOf(x.shape);
  const shape = order.map((d) => at(x.shape, d));
  const kernel = gatherKernel({ shape, strides: order.map((d) => at(strides, d)), offset: 0 });
  const back = order.map((_, d) => order.indexOf(d));
  return differentiable(
    'permute',
    [x],
    launch(kernel, [x], shape, x.dtype),
    { by: [(g) => permute(g, back)] },
    { order },
  );
}

/** Two dimensions swapped. */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  ofTensor('transpose', 3, arguments);
  const a = dimOf('transpose', dim0, x.ndim);
  const b = dimOf('transpose', dim1, x.ndim);
  return permute(
    x,
    x.shape.map((_, d) => (d === a ? b : d === b ? a : d)),
  );
}

/** A copy with memory of its own. */
export function clone(x: Tensor): Tensor {
  ofTensor('clone', 1, arguments);
  const kernel = gatherKernel({ shape: x.shape, strides: stridesOf(x.shape), offset: 0 });
  return differentiable('clone', [x], launch(kernel, [x], x.shape, x.dtype), { by: [(g) => g] }, {});
}

/** Where a block of `shape` lies in a larger tensor. */
interface Block {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The elements of a block; its gradient is zero outside of it. */
function takeBlock(name: string, x: Tensor, block: Block, attributes?: object): Tensor {
  const value = launch(gatherKernel(block), [x], block.shape, x.dtype);
  return differentiable(name, [x], value, { by: [(g) => putBlock(g, block, x.shape)] }, attributes);
}

/** A block among zeros: the gradient of {@link takeBlock}, which is its own in turn. */
const putBlock = (x: Tensor, block: Block, shape: Shape): Tensor =>
  differentiable('putBlock', [x], putBlocks([{ x, block }], shape, 0), {
    by: [(g) => takeBlock('takeBlock', g, block)],
  });

/** A tensor filled with `value` (null: the blocks cover it), with blocks written into it. */
function putBlocks(blocks: readonly { x: Tensor; block: Block }[], shape: Shape, value: number | null): Tensor {
  const into = new Tensor(shape, blocks[0]?.x.dtype);
  if (value !== null) launchInto(fillKernel({ size: into.size, bits: bitsOf(value, held(into)) }), [], [into]);
  for (const { x, block } of blocks) launchInto(scatterKernel(block), [x], [into]);
  return into;
}

/** `length` entries of dimension `dim`, from `start`, which counts from the end where it is negative. */
export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  ofTensor('narrow', 4, arguments);
  required('narrow', { start, length }, { start: 'whole', length: 'count' });
  const n = x.shape[dimOf('narrow', dim, x.ndim)] ?? 0;
  const from = start < 0 ? start + n : start;
  if (from < 0 || from + length > n) {
    refuse(`narrow: ${length} entries from ${start} are not inside dimension ${dim} of ${show(x.shape)}`);
  }
  return slice(x, dim, from, from + length);
}

/**
 * Entries `start` to `end` (without it) of dimension `dim`, every `step`-th. Negative positions count from the end, and
 * those beyond the ends are clamped, as in Python's `x[start:end:step]`.
 */
export function slice(x: Tensor, dim: number, start = 0, end = Number.MAX_SAFE_INTEGER, step = 1): Tensor {
  ofTensor('slice', 5, arguments);
  const d = dimOf('slice', dim, x.ndim);
  const length = x.shape[d];
  if (length === undefined) refuse('slice: a scalar has no dimensions');
  required('slice', { start, end, step }, { start: 'number', end: 'number', step: 'size' });
  const position = (at: number): number => Math.min(length, Math.max(0, at < 0 ? at + length : at));
  const [from, to] = [position(start), position(end)];
  if (from % 1 || to % 1) refuse(`slice: ${start} or ${end} is not whole`);
  const count = Math.max(0, Math.ceil((to - from) / step));
  const strides = stridesOf(x.shape);
  const block = {
    shape: x.shape.map((n, i) => (i === d ? count : n)),
    strides: strides.map((s, i) => (i === d ? s * step : s)),
    offset: count === 0 ? 0 : from * at(strides, d),
  };
  return takeBlock('slice', x, block, { dim: d, from, to, step });
}

/** One entry of dimension `dim`, which goes away. */
export function select(x: Tensor, dim: number, index: number): Tensor {
  ofTensor('select', 3, arguments);
  const d = dimOf('select', dim, x.ndim);
  const length = x.shape[d] ?? 0;
  required('select', { index }, { index: 'whole' });
  const from = index < 0 ? index + length : index;
  if (from < 0 || from >= length) refuse(`select: index ${index} is outside dimension ${d} of ${show(x.shape)}`);
  return reshape(
    slice(x, d, from, from + 1),
    x.shape.filter((_, i) => i !== d),
  );
}

/**
 * The pieces along a dimension: of so many entries each, the last perhaps shorter, or of the sizes listed.
 * @see https://pytorch.org/docs/stable/generated/torch.split.html
 */
export function split(x: Tensor, size: number | readonly number[], dim = 0): Tensor[] {
  ofTensor('split', 3, arguments);
  const length = at(x.shape, dimOf('split', dim, x.ndim));
  required('split', { size }, { size: 'counts' });
  if (size === 0) refuse('split: pieces of 0 entries');
  const sizes =
    typeof size === 'number'
      ? Array.from({ length: Math.max(1, Math.ceil(length / size)) }, (_, i) => Math.min(size, length - i * size))
      : size;
  if (sizes.reduce((sum, n) => sum + n, 0) !== length) {
    refuse(`split: [${sizes}] does not add up to the ${length} entries of dimension ${dim} of ${show(x.shape)}`);
  }
  let end = 0;
  return sizes.map((n) => {
    end += n;
    return narrow(x, dim, end - n, n);
  });
}

/** As {@link split}, into so many pieces of one size, the last perhaps shorter; fewer where entries do not suffice. */
export function chunk(x: Tensor, chunks: number, dim = 0): Tensor[] {
  ofTensor('chunk', 3, arguments);
  required('chunk', { chunks }, { chunks: 'size' });
  return split(x, Math.max(1, Math.ceil(at(x.shape, dimOf('chunk', dim, x.ndim)) / chunks)), dim);
}

/** The entries of a dimension, which goes away: {@link select} of each. */
export function unbind(x: Tensor, dim = 0): Tensor[] {
  ofTensor('unbind', 2, arguments);
  const length = at(x.shape, dimOf('unbind', dim, x.ndim));
  return Array.from({ length }, (_, i) => select(x, dim, i));
}

/** The order of entries reversed along dimensions. */
export function flip(x: Tensor, dims: number | readonly number[]): Tensor {
  ofTensor('flip', 2, arguments);
  const turned = dimsOf('flip', dims, x.ndim);
  const strides = stridesOf(x.shape);
  const offset = turned.reduce((sum, d) => sum + (at(x.shape, d) - 1) * at(strides, d), 0);
  const block = {
    shape: x.shape,
    strides: strides.map((s, d) => (turned.includes(d) ? -s : s)),
    offset: x.size === 0 ? 0 : offset,
  };
  return takeBlock('flip', x, block, { dims: turned });
}

/** Tensors joined along a dimension that exists. As in PyTorch, one of shape [0] joins any. */
export function cat(given: readonly Tensor[], dim = 0): Tensor {
  atMost('cat', 2, arguments);
  wantTensors('cat', given);
  const tensors = given.some(({ ndim }) => ndim > 1) ? given.filter(({ ndim, size }) => ndim !== 1 || size > 0) : given;
  const [first] = tensors;
  if (!first) refuse('cat: wants at least one tensor');
  const d = dimOf('cat', dim, first.ndim);
  for (const { shape, dtype } of tensors) {
    if (dtype !== first.dtype || shape.length !== first.ndim || shape.some((n, i) => i !== d && n !== first.shape[i])) {
      refuse(`cat: ${show(shape)} ${dtype} does not continue ${show(first.shape)} ${first.dtype} along ${d}`);
    }
  }
  const shape = first.shape.map((n, i) => (i === d ? tensors.reduce((sum, t) => sum + at(t.shape, d), 0) : n));
  const strides = stridesOf(shape);
  let start = 0;
  const blocks = tensors.map((x) => {
    const block: Block = { shape: x.shape, strides, offset: start * at(strides, d) };
    start += at(x.shape, d);
    return { x, block };
  });
  const by = blocks.map(
    ({ block }) =>
      (g: Tensor) =>
        takeBlock('takeBlock', g, block),
  );
  return differentiable('cat', tensors, putBlocks(blocks, shape, null), { by }, { dim: d });
}

/** Tensors of one shape joined along a new dimension. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  atMost('stack', 2, arguments);
  wantTensors('stack', tensors);
  const [first] = tensors;
  if (!first) refuse('stack: wants at least one tensor');
  const place = dimOf('stack', dim, first.ndim + 1);
  return cat(
    tensors.map((x) => unsqueeze(x, place)),
    place,
  );
}

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
  const block: Block = { shape: x.shape, strides, offset: before.reduce((sum, n, d) => sum + n * at(strides, d), 0) };
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
  if (Math.max(left, right) > most) {
    refuse(
      `pad: mode '${mode}' adds at most ${most} elements to dimension ${dim} of ${show(x.shape)}, not ${Math.max(left, right)}`,
    );
  }
  const part = (start: number, count: number): Tensor[] => {
    if (count === 0) return [];
    if (mode === 'circular') return [narrow(x, dim, start === 0 ? length - count : 0, count)];
    if (mode === 'reflect') return [flip(narrow(x, dim, start === 0 ? 1 : length - 1 - count, count), dim)];
    const edge = narrow(x, dim, start, 1);
    return [
      expand(
        edge,
        x.shape.map((n, d) => (d === dim ? count : n)),
      ),
    ];
  };
  return cat([...part(0, left), x, ...part(length - 1, right)], dim);
}

/** x, and `value` where the mask, which broadcasts, holds. */
export function maskedFill(x: Tensor, mask: Tensor, value: Operand): Tensor {
  ofTensor('maskedFill', 3, arguments);
  wantTensor('maskedFill', 'mask', mask);
  return choose('maskedFill', mask, wantOperand('maskedFill', 'value', value), x);
}

/** Elements of `a` where `condition`, a bool tensor, holds, of `b` elsewhere; all three broadcast. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  atMost('where', 3, arguments);
  wantTensor('where', 'condition', condition);
  return choose('where', condition, wantOperand('where', 'a', a), wantOperand('where', 'b', b));
}

function choose(name: string, condition: Tensor, a: Operand, b: Operand): Tensor {
  if (condition.dtype !== 'bool') {
    refuse(`${name}: wants a bool tensor to choose by, got ${condition.dtype}; write ne(x, 0) or x.to('bool')`);
  }
  const [x, y] = promote(a, b);
  const shape = broadcast(name, condition.shape, broadcast(name, x.shape, y.shape));
  const operands = [condition, x, y];
  const strides = operands.map((t) => broadcastStrides(t.shape, shape));
  const value = launch(whereKernel({ shape, strides }), operands, shape, x.dtype);
  const by = [
    (g: Tensor) => sumTo(where(condition, g, 0), x.shape),
    (g: Tensor) => sumTo(where(condition, 0, g), y.shape),
  ];
  return differentiable('where', [x, y], value, { by }, { condition });
}
