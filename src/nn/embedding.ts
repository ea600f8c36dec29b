import { checked, required } from '../gpu/options.js';
import { eq } from '../ops/elementwise/comparison.js';
import { paddingRow } from '../ops/indexing.js';
import { unsqueeze, where } from '../ops/shape.js';
import { arange } from '../tensor/create.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import * as init from './init.js';
import { Module } from './module.js';
import { type Parameter, uninitialized } from './parameter.js';
import { named } from './repr.js';

/**
 * Rows of a table by number. input: i32 of any shape; result: [...input, embeddingDim].
 *
 * Starts normal, with mean 0 and standard deviation 1; the row of `paddingIdx` starts at 0.
 *
 * @example new Embedding(65, 32)(tensor([[1, 2], [0, 64]], { dtype: 'i32' })) // [2, 2, 32]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
 */
export class Embedding extends Module {
  /** [numEmbeddings, embeddingDim] */
  weight: Parameter;
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;

  /**
   * @param options.paddingIdx a row that gets no gradient; negative ones count from the end. Default: none
   * @throws KindlingError where there is no such row
   */
  constructor(numEmbeddings: number, embeddingDim: number, options: { paddingIdx?: number | null } = {}) {
    super();
    const { paddingIdx = null } = checked('Embedding', options, { paddingIdx: 'whole?' });
    required('Embedding', { numEmbeddings, embeddingDim }, { numEmbeddings: 'size', embeddingDim: 'size' });
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingIdx === null ? null : paddingRow(paddingIdx, numEmbeddings);
    this.weight = uninitialized([numEmbeddings, embeddingDim]);
    this.resetParameters();
  }

  /** Starts over. */
  resetParameters(): void {
    const { weight, paddingIdx, numEmbeddings } = this;
    init.normal(weight);
    if (paddingIdx === null) return;
    weight.copy_(where(unsqueeze(eq(arange(numEmbeddings), paddingIdx), 1), 0, weight.detach()));
  }

  forward(input: Tensor): Tensor {
    return F.embedding(input, this.weight, { paddingIdx: this.paddingIdx });
  }

  override extraRepr(): string {
    const { numEmbeddings, embeddingDim, paddingIdx } = this;
    const padding = paddingIdx === null ? '' : `, ${named({ padding_idx: paddingIdx })}`;
    return `${numEmbeddings}, ${embeddingDim}${padding}`;
  }
}
