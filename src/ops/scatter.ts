/** Elements written, or added, where an index tensor says. Nothing depends on who comes first: results repeat to the bit. */
import { refuse } from '../gpu/errors.js';
import { atMost, checked, type Known, ofTensor, required, wantOperand, wantTensor } from '../gpu/options.js';
import { type SegmentSpec, segmentKernel } from '../kernels/scatter.js';
import { arange, full, zeros } from '../tensor/create.js';
import { launch } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import { at, dimOf, type Shape, sameShape, show, stridesOf } from '../tensor/shape.js';
import { holds, type Tensor } from '../tensor/tensor.js';
import { markLike } from '../tensor/unfit.js';
import { fitted, reshape } from './broadcast.js';
import { cast, held } from './cast.js';
import { mul } from './elementwise/arithmetic.js';
import { eq, lt } from './elementwise/comparison.js';
import type { Operand } from './elementwise/make.js';
import { gather, indexSelect, indices } from './indexing.js';
import { ordered } from './ordered.js';
import { narrow } from './parts.js';
import { clone, where } from './shape.js';

/** Indices into dimension `d`, sorted row by row, and how tensors are read by them. */
function named(picks: Tensor, x: Tensor, d: number, source: Shape, indexStrides = stridesOf(picks.shape)) {
  if (picks.size === 0) {
    const none = (kind: SegmentSpec['kind']) => full(x.shape, kind === 'winner' ? -1 : 0, { dtype: 'i32' });
    return (kind: SegmentSpec['kind'], into?: Tensor): Tensor => (into ? clone(into.detach()) : none(kind));
  }
  const along = picks.ndim === x.ndim ? d : 0;
  const count = at(picks.shape, along);
  const sorted = ordered(picks, along, false, count);
  const { shape } = x;
  const spec = {
    ...{ dim: d, shape, strides: stridesOf(shape), within: source, count, indexStrides },
    sourceStrides: stridesOf(source),
  };
  return (kind: SegmentSpec['kind'], ...reads: Tensor[]): Tensor => {
    const type = reads[0] ? held(reads[0]) : 'i32';
    const inputs = kind === 'count' ? sorted.slice(0, 1) : [...sorted, ...reads];
    return launch(segmentKernel({ ...spec, kind, type }), inputs, shape, reads[0]?.dtype ?? 'i32');
  };
}

/** What `scatter` and `scatterAdd` want; src cut to what the index names. */
function scattered(name: string, x: Tensor, dim: number, index: Tensor, src: Tensor) {
  const d = dimOf(name, dim, x.ndim);
  wantTensor(name, 'index', index);
  const fits = index.ndim === x.ndim && index.ndim === src.ndim && x.ndim > 0;
  const inside = (into: Shape, but = -1) => index.shape.every((n, i) => i === but || n <= at(into, i));
  if (!fits || !inside(x.shape, d) || !inside(src.shape)) {
    refuse(
      `${name}: indices ${show(index.shape)} do not lie inside src ${show(src.shape)}, or inside ${show(x.shape)} along dimensions other than ${d}`,
    );
  }
  if (src.dtype !== x.dtype) refuse(`${name}: src is ${src.dtype}, and x ${x.dtype}; cast one of them`);
  const source = index.shape.reduce((part, n, i) => (n === part.shape[i] ? part : narrow(part, i, 0, n)), src);
  return { d, picks: indices(name, index), source };
}

/** The numbers along `d`, to be compared with those of a tensor of `shape`. */
const counted = (shape: Shape, d: number): Tensor =>
  reshape(
    arange(0, at(shape, d), 1, { dtype: 'i32' }),
    shape.map((n, i) => (i === d ? n : 1)),
  );

/**
 * x with y[.., index[.., j, ..], ..] = src[.., j, ..] along `dim`; where several name an element, the last of them is it, and
 * gets the gradient. An index outside of x writes nothing.
 *
 * @param index i32, as many dimensions as x, no longer than x except along `dim`
 * @param src at least as long as the index, or a number
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html
 */
export function scatter(x: Tensor, dim: number, index: Tensor, src: Operand): Tensor {
  ofTensor('scatter', 4, arguments);
  wantTensor('scatter', 'index', index);
  wantOperand('scatter', 'src', src);
  if (typeof src === 'number') {
    if (!holds(x.dtype, src)) refuse(`scatter: ${src} is not of type ${x.dtype}`);
    return scatter(x, dim, index, full(index.shape, src, { dtype: x.dtype }));
  }
  const { d, picks, source } = scattered('scatter', x, dim, index, src);
  const from = named(picks, x, d, source.shape);
  const value = from('last', x, source);
  if (x.dtype !== 'f32') return markLike(value, x, source);
  let winners: Tensor | null = null;
  const winner = (): Tensor => (winners ??= from('winner'));
  return differentiable(
    'scatter',
    [x, source],
    value,
    {
      by: [
        (g) => where(lt(winner(), 0), g, 0),
        (g) => where(eq(gather(winner(), d, picks), counted(picks.shape, d)), gather(g, d, picks), 0),
      ],
    },
    { dim: d, picks },
  );
}

/**
 * x with src[.., j, ..] added to y[.., index[.., j, ..], ..] along `dim`, in the order of j. An index outside of x adds
 * nothing. Integers are held to their type as in {@link sum}.
 *
 * @param index i32, as many dimensions as x, no longer than x except along `dim`
 * @param src at least as long as the index
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_add_.html
 */
export function scatterAdd(x: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  ofTensor('scatterAdd', 4, arguments);
  wantTensor('scatterAdd', 'src', src);
  const { d, picks, source } = scattered('scatterAdd', x, dim, index, src);
  const from = named(picks, x, d, source.shape);
  const value = fitted('scatterAdd', whole('scatterAdd', x), (t) => from('sum', t, cast(source, t.dtype)));
  const by = [(g: Tensor) => g, (g: Tensor) => gather(g, d, picks)];
  return differentiable('scatterAdd', [x, source], value, { by }, { dim: d, picks });
}

function whole(name: string, x: Tensor): Tensor {
  if (x.dtype === 'bool') refuse(`${name}: nothing is added to bool; cast it to i32`);
  return x;
}

export interface IndexAddOptions {
  /** By what the source is multiplied. Default: 1. */
  alpha?: number | undefined;
}

const INDEX_ADD: Known<IndexAddOptions> = { alpha: 'number' };

/**
 * x with entry j of `source` added to entry index[j] along `dim`, in the order of j. An index outside of x adds nothing.
 * Integers are held to their type as in {@link sum}.
 *
 * @param index i32 of shape [n]
 * @param source of x's shape, but n long along `dim`
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_add_.html
 */
export function indexAdd(x: Tensor, dim: number, index: Tensor, source: Tensor, options: IndexAddOptions = {}): Tensor {
  ofTensor('indexAdd', 5, arguments);
  wantTensor('indexAdd', 'index', index);
  wantTensor('indexAdd', 'source', source);
  const { alpha = 1 } = checked('indexAdd', options, INDEX_ADD);
  const d = dimOf('indexAdd', dim, x.ndim);
  const wanted = x.shape.map((n, i) => (i === d ? index.size : n));
  if (index.ndim !== 1 || x.ndim === 0 || !sameShape(source.shape, wanted)) {
    refuse(
      `indexAdd: wants indices of shape [n] and a source of x's shape, n long along dimension ${d}, got ${show(index.shape)} and ${show(source.shape)} for ${show(x.shape)}`,
    );
  }
  if (source.dtype !== x.dtype) refuse(`indexAdd: source is ${source.dtype}, and x ${x.dtype}; cast one of them`);
  if (!holds(x.dtype, alpha)) refuse(`indexAdd: alpha ${alpha} is not of type ${x.dtype}`);
  const picks = indices('indexAdd', index);
  const from = named(
    picks,
    x,
    d,
    source.shape,
    x.shape.map((_, i) => (i === d ? 1 : 0)),
  );
  const added = alpha === 1 ? source : mul(source, alpha);
  const value = fitted('indexAdd', whole('indexAdd', x), (t) => from('sum', t, cast(added, t.dtype)));
  const by = [(g: Tensor) => g, (g: Tensor) => indexSelect(g, d, picks)];
  return differentiable('indexAdd', [x, added], value, { by }, { dim: d, picks });
}

export interface BincountOptions {
  /** f32 of x's shape, to be summed in the place of ones. */
  weights?: Tensor | undefined;
}

/**
 * How often each number from 0 to `minlength` - 1 is among the elements: i32, or sums of `weights`, which pass a gradient.
 * Numbers outside are counted nowhere: PyTorch makes room for greater ones, for which it would have to wait for the device.
 *
 * @param x i32 or u32 of shape [n]
 * @see https://pytorch.org/docs/stable/generated/torch.bincount.html
 */
export function bincount(x: Tensor, minlength: number, options: BincountOptions = {}): Tensor {
  atMost('bincount', 3, arguments);
  wantTensor('bincount', 'x', x);
  required('bincount', { minlength }, { minlength: 'count' });
  const { weights } = checked('bincount', options, { weights: 'tensor' });
  if (x.ndim !== 1) refuse(`bincount: wants shape [n], got ${show(x.shape)}`);
  if (weights && !sameShape(weights.shape, x.shape)) {
    refuse(`bincount: weights ${show(weights.shape)} are not of x's shape, ${show(x.shape)}`);
  }
  const into = zeros([minlength], { dtype: weights ? 'f32' : 'i32' });
  if (weights) return scatterAdd(into, 0, x, cast(weights, 'f32'));
  const picks = indices('bincount', x);
  return named(picks, into, 0, x.shape)('count');
}
