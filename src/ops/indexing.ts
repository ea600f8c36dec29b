/** Elements picked by index tensors. */

import { refuse } from '../gpu/errors.js';
import { atMost, checked, ofTensor, required, wantTensor } from '../gpu/options.js';
import { gatherIndexKernel, indexSelectKernel } from '../kernels/indexing.js';
import { arange } from '../tensor/create.js';
import { launch } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import { at, dimOf, show, sizeOf, stridesOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { mark, noneBits } from '../tensor/unfit.js';
import { reshape } from './broadcast.js';
import { cast } from './cast.js';
import { eq } from './elementwise/comparison.js';
import { segmentSums } from './segments.js';
import { unsqueeze, where } from './shape.js';

/** @internal Indices as i32. @throws KindlingError where they are of another type */
export function indices(name: string, index: Tensor): Tensor {
  if (index.dtype === 'i32' || index.dtype === 'u32') return cast(index, 'i32');
  refuse(`${name}: indices are i32, got ${index.dtype}; cast them`);
}

/** No bool stands for an element that there is not. */
const picked = (name: string, y: Tensor): Tensor =>
  y.dtype === 'bool' ? mark(y, `${name}: an index lies outside of the tensor, and there is no bool for that`) : y;

/** @throws KindlingError where there is nothing that an index could name */
function wantsEntries(name: string, x: Tensor, dim: number, index: Tensor): void {
  if (index.size === 0 || x.shape[dim] !== 0) return;
  refuse(`${name}: ${index.size} indices into dimension ${dim} of ${show(x.shape)}, which has no entries`);
}

/**
 * Entries of dimension `dim` in the order of `index`. An index outside of it (negative ones too) reads NaN of f32, the smallest
 * i32 and the largest u32; to read what it makes of bool is an error.
 *
 * @param index i32 of shape [n]; x's dimension `dim` becomes n
 * @see https://pytorch.org/docs/stable/generated/torch.index_select.html
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  ofTensor('indexSelect', 3, arguments);
  const d = dimOf('indexSelect', dim, x.ndim);
  wantTensor('indexSelect', 'index', index);
  if (index.ndim !== 1 || x.ndim === 0) {
    refuse(
      `indexSelect: wants indices of shape [n] into a tensor of one dimension or more, got ${show(index.shape)} into ${show(x.shape)}`,
    );
  }
  const picks = indices('indexSelect', index);
  wantsEntries('indexSelect', x, d, index);
  const inner = sizeOf(x.shape.slice(d + 1));
  const spec = {
    outer: sizeOf(x.shape.slice(0, d)),
    length: at(x.shape, d),
    inner,
    count: index.size,
    none: noneBits(x.dtype),
  };
  const shape = x.shape.map((n, i) => (i === d ? index.size : n));
  const y = picked('indexSelect', launch(indexSelectKernel(spec), [x, picks], shape, x.dtype));
  // Linear, and each is the other's gradient: an index outside adds nothing, and is given nothing.
  const grad = (g: Tensor): Tensor =>
    differentiable('indexSelect.grad', [g], segmentSums(g, picks, d, x.shape), { by: [again] });
  const again = (h: Tensor): Tensor =>
    differentiable('indexSelect.again', [h], launch(indexSelectKernel({ ...spec, none: '0u' }), [h, picks], shape), {
      by: [grad],
    });
  return differentiable('indexSelect', [x], y, { by: [grad] }, { dim: d, picks });
}

/** @internal `paddingIdx` counted from the front. @throws KindlingError where there is no such row */
export function paddingRow(paddingIdx: number, rows: number): number {
  const row = paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
  if (Number.isInteger(row) && row >= 0 && row < rows) return row;
  refuse(`embedding: paddingIdx ${paddingIdx} is outside a table of ${rows} rows`);
}

/**
 * Rows of `weight` by number.
 *
 * @param input i32 of any shape
 * @param weight [number of rows, length of a row]
 * @param options.paddingIdx a row that gets no gradient; negative ones count from the end. Default: none
 * @returns the shape of `input`, with the rows as a last dimension
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
 */
export function embedding(input: Tensor, weight: Tensor, options: { paddingIdx?: number | null } = {}): Tensor {
  wantTensor('embedding', 'input', input);
  wantTensor('embedding', 'weight', weight);
  const { paddingIdx = null } = checked('embedding', options, { paddingIdx: 'whole?' });
  if (weight.ndim !== 2) refuse(`embedding: wants weight [rows, length], got ${show(weight.shape)}`);
  wantsEntries('embedding', weight, 0, input);
  const picks = reshape(indices('embedding', input), [input.size]);
  const rows = indexSelect(weight, 0, picks);
  const shape = [...input.shape, at(weight.shape, 1)];
  if (paddingIdx === null) return reshape(rows, shape);
  const padding = eq(picks, paddingRow(paddingIdx, at(weight.shape, 0)));
  return reshape(where(unsqueeze(padding, 1), rows.detach(), rows), shape);
}

/**
 * y[.., j, ..] = x[.., index[.., j, ..], ..] along `dim`. An index outside of it reads as in {@link indexSelect}.
 *
 * @param index i32, as many dimensions as x, no longer than x except along `dim`
 * @see https://pytorch.org/docs/stable/generated/torch.gather.html
 */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  ofTensor('gather', 3, arguments);
  const d = dimOf('gather', dim, x.ndim);
  wantTensor('gather', 'index', index);
  if (index.ndim !== x.ndim || x.ndim === 0 || index.shape.some((n, i) => i !== d && n > at(x.shape, i))) {
    refuse(`gather: indices ${show(index.shape)} do not lie inside ${show(x.shape)} along dimension ${d}`);
  }
  const picks = indices('gather', index);
  wantsEntries('gather', x, d, index);
  const spec = {
    dim: d,
    shape: x.shape,
    strides: stridesOf(x.shape),
    indexShape: index.shape,
    none: noneBits(x.dtype),
  };
  const y = picked('gather', launch(gatherIndexKernel(spec), [x, picks], index.shape, x.dtype));
  const grad = (g: Tensor): Tensor =>
    differentiable('gather.grad', [g], segmentSums(g, picks, d, x.shape), { by: [again] });
  const again = (h: Tensor): Tensor =>
    differentiable('gather.again', [h], launch(gatherIndexKernel({ ...spec, none: '0u' }), [h, picks], index.shape), {
      by: [grad],
    });
  return differentiable('gather', [x], y, { by: [grad] }, { dim: d, picks });
}

/**
 * 1 where the last dimension's position is the class, else 0; i32. A class outside of them has zeros alone.
 *
 * @param input class indices of any shape
 * @param numClasses length of the new last dimension; PyTorch's guess from the data would need to wait for the device
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
 */
export function oneHot(input: Tensor, numClasses: number): Tensor {
  atMost('oneHot', 2, arguments);
  wantTensor('oneHot', 'input', input);
  required('oneHot', { numClasses }, { numClasses: 'size' });
  const classes = arange(0, numClasses, 1, { dtype: 'i32' });
  return cast(eq(unsqueeze(indices('oneHot', input), input.ndim), classes), 'i32');
}
