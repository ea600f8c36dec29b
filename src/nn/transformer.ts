/** The encoder of a transformer. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, required, text, wantTensor } from '../gpu/options.js';
import { add } from '../ops/elementwise/arithmetic.js';
import type { Tensor } from '../tensor/tensor.js';
import { MultiheadAttention } from './attention.js';
import { ModuleList } from './containers.js';
import { Dropout } from './dropout.js';
import * as F from './functional.js';
import { LayerNorm } from './layernorm.js';
import { Linear } from './linear.js';
import { Module } from './module.js';
import { snakeCase } from './repr.js';

export interface TransformerEncoderLayerOptions {
  /** Features between the two linear layers. Default: 2048. */
  dimFeedforward?: number | undefined;
  /** Probability with which an attention weight, or a feature behind attention and linear layers, becomes 0 in training. Default: 0.1. */
  dropout?: number | undefined;
  /** Between the linear layers. Default: 'relu'. */
  activation?: 'relu' | 'gelu' | undefined;
  /** Added to the variance by both normalisations. Default: 1e-5. */
  layerNormEps?: number | undefined;
  /** Whether the batch comes first: [N, L, E] rather than [L, N, E]. Default: false. */
  batchFirst?: boolean | undefined;
  /** Whether to normalise before attention and linear layers rather than behind them. Default: false. */
  normFirst?: boolean | undefined;
}

/** Masks are bool, true where a key is hidden, or f32, added to the scores. */
export interface EncoderLayerMasks {
  /** [L, L], or [N · nhead, L, L]. Default: none. */
  srcMask?: Tensor | null | undefined;
  /** Keys hidden from every query of a sample, [N, L], or [L] without a batch. Default: none. */
  srcKeyPaddingMask?: Tensor | null | undefined;
  /** Without `srcMask`: position i sees those up to i. With one it says that the mask is such, and changes nothing. Default: false. */
  isCausal?: boolean | undefined;
}

/** As {@link EncoderLayerMasks}; the mask of all layers is called `mask`. */
export interface EncoderMasks extends Omit<EncoderLayerMasks, 'srcMask'> {
  /** [L, L], or [N · nhead, L, L]. Default: none. */
  mask?: Tensor | null | undefined;
}

const LAYER: Known<TransformerEncoderLayerOptions> = {
  dimFeedforward: 'size',
  dropout: 'number',
  activation: ['relu', 'gelu'],
  layerNormEps: 'number',
  batchFirst: 'boolean',
  normFirst: 'boolean',
};
const LAYER_MASKS: Known<EncoderLayerMasks> = { srcMask: 'tensor?', srcKeyPaddingMask: 'tensor?', isCausal: 'boolean' };
const MASKS: Known<EncoderMasks> = { mask: 'tensor?', srcKeyPaddingMask: 'tensor?', isCausal: 'boolean' };

/**
 * Attention of a sequence to itself, then two linear layers for each position, each added to what came in and normalised:
 * x = norm1(x + attention(x)), y = norm2(x + linear2(activation(linear1(x)))); with `normFirst` x + attention(norm1(x)) and so on.
 *
 * src: [L, N, dModel]; with `batchFirst` [N, L, dModel]; without a batch [L, dModel]. Returns the same shape.
 *
 * @example
 * const layer = new TransformerEncoderLayer(64, 4, { dimFeedforward: 128, batchFirst: true });
 * const y = layer(x, { isCausal: true });
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
 */
export class TransformerEncoderLayer extends Module<[src: Tensor, options?: EncoderLayerMasks], Tensor> {
  selfAttn: MultiheadAttention;
  linear1: Linear;
  /** Behind the activation. */
  dropout: Dropout;
  linear2: Linear;
  norm1: LayerNorm;
  norm2: LayerNorm;
  /** Behind attention. */
  dropout1: Dropout;
  /** Behind the second linear layer. */
  dropout2: Dropout;
  activation: 'relu' | 'gelu';
  normFirst: boolean;

  /** @throws KindlingError unless `nhead` divides `dModel` */
  constructor(dModel: number, nhead: number, options: TransformerEncoderLayerOptions = {}) {
    super();
    const {
      dimFeedforward = 2048,
      dropout = 0.1,
      activation = 'relu',
    } = checked('TransformerEncoderLayer', options, LAYER);
    const { layerNormEps: eps = 1e-5, batchFirst = false, normFirst = false } = options;
    required('TransformerEncoderLayer', { dModel, nhead }, { dModel: 'size', nhead: 'size' });
    if (dModel % nhead !== 0) refuse(`TransformerEncoderLayer: ${nhead} heads do not divide dModel ${dModel}`);
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst });
    this.linear1 = new Linear(dModel, dimFeedforward);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel);
    this.norm1 = new LayerNorm(dModel, { eps });
    this.norm2 = new LayerNorm(dModel, { eps });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = activation;
    this.normFirst = normFirst;
  }

  protected override keyOf(field: string): string {
    return field === 'selfAttn' ? snakeCase(field) : field;
  }

  forward(src: Tensor, options: EncoderLayerMasks = {}): Tensor {
    const masks = checked('TransformerEncoderLayer', options, LAYER_MASKS);
    wantTensor('TransformerEncoderLayer', 'src', src);
    if (this.normFirst) {
      const x = add(src, attended(this, this.norm1(src), masks));
      return add(x, fedForward(this, this.norm2(x)));
    }
    const x = this.norm1(add(src, attended(this, src, masks)));
    return this.norm2(add(x, fedForward(this, x)));
  }
}

/** The half of a layer that attends. */
function attended(layer: TransformerEncoderLayer, x: Tensor, masks: EncoderLayerMasks): Tensor {
  const { srcMask: attnMask, srcKeyPaddingMask: keyPaddingMask, isCausal } = masks;
  const [y] = layer.selfAttn(x, x, x, { attnMask, keyPaddingMask, isCausal, needWeights: false });
  return layer.dropout1(y);
}

/** The half of a layer that goes from entry to entry. */
function fedForward(layer: TransformerEncoderLayer, x: Tensor): Tensor {
  const active = layer.activation === 'gelu' ? F.gelu(layer.linear1(x)) : F.relu(layer.linear1(x));
  return layer.dropout2(layer.linear2(layer.dropout(active)));
}

/** What a {@link TransformerEncoder} is made of: {@link TransformerEncoderLayer}, or what is called as it is. */
export type EncoderLayer = Module<[src: Tensor, options?: EncoderLayerMasks], Tensor>;

/**
 * Layers one after the other, and a normalisation behind them.
 *
 * PyTorch copies one layer, weights and all; here a function makes each, so that they start apart.
 *
 * src: as the layers take it. Returns the same shape.
 *
 * @example
 * const encoder = new TransformerEncoder(() => new TransformerEncoderLayer(64, 4), 6, { norm: new LayerNorm(64) });
 * const y = encoder(src, { srcKeyPaddingMask: padding });
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
 */
export class TransformerEncoder<Layer extends EncoderLayer = TransformerEncoderLayer> extends Module<
  [src: Tensor, options?: EncoderMasks],
  Tensor
> {
  layers: ModuleList<Layer>;
  norm: Module | null;
  readonly numLayers: number;

  /**
   * @param makeLayer called with the number of the layer, from 0 on
   * @param options.norm the normalisation behind the last layer. Default: none
   */
  constructor(
    makeLayer: (layer: number) => Layer,
    numLayers: number,
    options: { norm?: Module | null | undefined } = {},
  ) {
    super();
    const given: unknown = makeLayer;
    if (typeof given !== 'function' || given instanceof Module) {
      const how = 'new TransformerEncoder(() => new TransformerEncoderLayer(64, 4), 6)';
      refuse(`TransformerEncoder: wants a function that makes a layer, got ${text(given)}; write ${how}`);
    }
    required('TransformerEncoder', { numLayers }, { numLayers: 'count' });
    const { norm = null } = checked('TransformerEncoder', options, { norm: 'any' });
    if (norm !== null && !((norm as unknown) instanceof Module)) {
      refuse(`TransformerEncoder: norm is ${text(norm)}, wants a module`);
    }
    this.layers = new ModuleList(Array.from({ length: numLayers }, (_, i) => makeLayer(i)));
    this.norm = norm;
    this.numLayers = numLayers;
  }

  forward(src: Tensor, options: EncoderMasks = {}): Tensor {
    const { mask: srcMask, ...masks } = checked('TransformerEncoder', options, MASKS);
    wantTensor('TransformerEncoder', 'src', src);
    const y = [...this.layers].reduce((x, layer) => layer(x, { srcMask, ...masks }), src);
    return this.norm ? this.norm(y) : y;
  }
}
