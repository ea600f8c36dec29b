import { refuse } from '../gpu/errors.js';
import { checked, type Known, required, wantTensor } from '../gpu/options.js';
import { attend, attended } from '../ops/attention.js';
import { reshape } from '../ops/broadcast.js';
import { add } from '../ops/elementwise/arithmetic.js';
import { narrow } from '../ops/parts.js';
import { mean } from '../ops/reduce.js';
import { permute, squeeze, where } from '../ops/shape.js';
import { triu } from '../ops/triangle.js';
import { ones } from '../tensor/create.js';
import { at, type Shape, sameShape, show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import * as init from './init.js';
import { Linear } from './linear.js';
import { Module } from './module.js';
import { type Parameter, uninitialized } from './parameter.js';
import { snakeCase } from './repr.js';

export interface MultiheadAttentionOptions {
  /** Probability with which an attention weight becomes 0 in training. Default: 0. */
  dropout?: number | undefined;
  /** Default: true. */
  bias?: boolean | undefined;
  /** Whether the batch comes first: [N, L, E] rather than [L, N, E]. Default: false. */
  batchFirst?: boolean | undefined;
}

/** Masks are bool, true where a key is hidden, or f32, added to the scores. */
export interface AttendOptions {
  /** Keys hidden from every query of a sample, [N, S], or [S] without a batch. Default: none. */
  keyPaddingMask?: Tensor | null | undefined;
  /** [L, S], or [N · numHeads, L, S]. Default: none. */
  attnMask?: Tensor | null | undefined;
  /** Without `attnMask`: query i sees keys up to i. With one it says that the mask is such, and changes nothing. Default: false. */
  isCausal?: boolean | undefined;
  /** Whether the weights are returned too. Default: true. */
  needWeights?: boolean | undefined;
  /** Whether the weights returned are the mean over heads, [N, L, S], or those of each, [N, numHeads, L, S]. Default: true. */
  averageAttnWeights?: boolean | undefined;
}

const MULTIHEAD: Known<MultiheadAttentionOptions> = { dropout: 'number', bias: 'boolean', batchFirst: 'boolean' };
const ATTEND: Known<AttendOptions> = {
  keyPaddingMask: 'tensor?',
  attnMask: 'tensor?',
  isCausal: 'boolean',
  needWeights: 'boolean',
  averageAttnWeights: 'boolean',
};

/**
 * Attention in `numHeads` parts of the features: concat(headᵢ) · W_outᵀ + b_out, where headᵢ is
 * {@link F.scaledDotProductAttention} of the i-th parts of query, key and value, each projected by its third of the input
 * projection.
 *
 * query: [L, N, embedDim]; key and value: [S, N, embedDim]; with `batchFirst` [N, L, embedDim] and so on; without a batch
 * [L, embedDim]. Returns [output, weights]: the shape of query, and [N, L, S]. A query whose keys are all hidden gets 0.
 *
 * Starts with Xavier's uniform for the input projection, as {@link Linear} for the output, and biases of 0.
 *
 * @example
 * const attention = new MultiheadAttention(64, 4, { batchFirst: true });
 * const [y] = attention(x, x, x, { isCausal: true, needWeights: false });
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
 */
export class MultiheadAttention extends Module<
  [query: Tensor, key: Tensor, value: Tensor, options?: AttendOptions],
  [output: Tensor, weights: Tensor | null]
> {
  /** Of query, key and value: [3 · embedDim, embedDim]. */
  inProjWeight: Parameter;
  /** [3 · embedDim] */
  inProjBias: Parameter | null;
  outProj: Linear;
  readonly embedDim: number;
  readonly numHeads: number;
  dropout: number;
  batchFirst: boolean;

  /** @throws KindlingError unless `numHeads` divides `embedDim` */
  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    super();
    const { dropout = 0, bias = true, batchFirst = false } = checked('MultiheadAttention', options, MULTIHEAD);
    required('MultiheadAttention', { embedDim, numHeads }, { embedDim: 'size', numHeads: 'size' });
    if (embedDim % numHeads !== 0) refuse(`MultiheadAttention: ${numHeads} heads do not divide embedDim ${embedDim}`);
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.dropout = dropout;
    this.batchFirst = batchFirst;
    this.inProjWeight = init.xavierUniform(uninitialized([3 * embedDim, embedDim]));
    this.inProjBias = bias ? init.zeros(uninitialized([3 * embedDim])) : null;
    this.outProj = new Linear(embedDim, embedDim, { bias });
    if (this.outProj.bias) init.zeros(this.outProj.bias);
  }

  protected override keyOf(field: string): string {
    return ['inProjWeight', 'inProjBias', 'outProj'].includes(field) ? snakeCase(field) : field;
  }

  forward(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions = {}): [Tensor, Tensor | null] {
    const { needWeights = true, averageAttnWeights = true } = checked('MultiheadAttention', options, ATTEND);
    const { embedDim, numHeads, batchFirst } = this;
    Object.entries({ query, key, value }).forEach(([name, x]) => void wantTensor('MultiheadAttention', name, x));
    const inputs = [query, key, value];
    if (inputs.some(({ shape, ndim }) => ndim !== query.ndim || ndim < 2 || ndim > 3 || shape.at(-1) !== embedDim)) {
      const shapes = inputs.map(({ shape }) => show(shape)).join(', ');
      refuse(`MultiheadAttention: wants [L, N, ${embedDim}] or [L, ${embedDim}] thrice, got ${shapes}`);
    }
    const alone = query.ndim === 2;
    const ahead = batchFirst || alone;
    const [q, k, v] = projected(this, inputs).map((x) => {
      const parts = [...(alone ? [1] : []), ...x.shape.slice(0, -1), numHeads, embedDim / numHeads];
      return permute(reshape(x, parts), ahead ? [0, 2, 1, 3] : [1, 2, 0, 3]);
    }) as [Tensor, Tensor, Tensor];
    const scores = [...q.shape.slice(0, 3), at(k.shape, 2)];
    const dropoutP = this.training ? this.dropout : 0;
    const { attnMask, keyPaddingMask } = options;
    // Of causal attention without a mask what lies behind the diagonal is passed over.
    const isCausal = !attnMask && !keyPaddingMask && options.isCausal;
    const attention = { ...(isCausal ? { isCausal } : { attnMask: maskOf(options, scores) }), dropoutP };
    const [heads, weights] = needWeights ? attend(q, k, v, attention) : [attended(q, k, v, attention), null];
    const y = this.outProj(reshape(permute(heads, ahead ? [0, 2, 1, 3] : [2, 0, 1, 3]), query.shape));
    if (!weights) return [y, null];
    const shown = averageAttnWeights ? mean(weights, { dim: 1 }) : weights;
    return [y, alone ? squeeze(shown, 0) : shown];
  }
}

/** Query, key and value through their projections, in one product where they are the same tensor. */
function projected({ inProjWeight, inProjBias, embedDim: e }: MultiheadAttention, inputs: readonly Tensor[]): Tensor[] {
  const [query] = inputs;
  if (query && inputs.every((x) => x === query)) {
    const all = F.linear(query, inProjWeight, inProjBias);
    return inputs.map((_, i) => narrow(all, -1, i * e, e));
  }
  const third = (x: Tensor, i: number): Tensor => narrow(x, 0, i * e, e);
  return inputs.map((x, i) => F.linear(x, third(inProjWeight, i), inProjBias && third(inProjBias, i)));
}

/** What is added to scores [N, numHeads, L, S]. */
function maskOf({ attnMask: given, keyPaddingMask, isCausal }: AttendOptions, scores: Shape): Tensor | null {
  const [n = 0, heads = 0, l = 0, s = 0] = scores;
  const attnMask = given ?? (isCausal ? triu(ones([l, s], { dtype: 'bool' }), 1) : null);
  const added = (name: string, mask: Tensor | null | undefined, forms: readonly Shape[], to: Shape): Tensor[] => {
    if (!mask) return [];
    if (!forms.some((form) => sameShape(form, mask.shape)) || (mask.dtype !== 'bool' && mask.dtype !== 'f32')) {
      const wanted = forms.map(show).join(' or ');
      refuse(`MultiheadAttention: wants ${name} ${wanted} of bool or f32, got ${show(mask.shape)} of ${mask.dtype}`);
    }
    return [reshape(mask.dtype === 'bool' ? where(mask, Number.NEGATIVE_INFINITY, 0) : mask, to)];
  };
  const perHead = attnMask?.ndim === 3 ? scores : [l, s];
  const [mask = null, padding] = [
    ...added(
      'attnMask',
      attnMask,
      [
        [l, s],
        [n * heads, l, s],
      ],
      perHead,
    ),
    ...added('keyPaddingMask', keyPaddingMask, n === 1 ? [[1, s], [s]] : [[n, s]], [n, 1, 1, s]),
  ];
  return mask && padding ? add(mask, padding) : mask;
}
