/** Weights by length and direction, and weights whose largest singular value is 1. */
import { refuse } from '../gpu/errors.js';
import { atMost, checked, type Known, text } from '../gpu/options.js';
import { abs, div, mul } from '../ops/elementwise/arithmetic.js';
import { matmul } from '../ops/matmul.js';
import { dot, mv } from '../ops/products.js';
import { norm } from '../ops/reduce.js';
import { clone, flatten, permute } from '../ops/shape.js';
import { normalize } from '../ops/unitNorm.js';
import { noGrad } from '../tensor/remember.js';
import { randn } from '../tensor/sample.js';
import { at, dimOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { AnyModule } from './anyModule.js';
import { ConvTranspose1d, ConvTranspose2d } from './convTranspose.js';
import { isParametrized, Parametrization, parameterIn, parametrize } from './parametrize.js';
import { named } from './repr.js';

export interface WeightNormOptions {
  /** The parameter's field. Default: 'weight'. */
  name?: string | undefined;
  /** The dimension whose entries have a length each; null, or −1: one length for all. Default: 0. */
  dim?: number | null | undefined;
}

const WEIGHT_NORM: Known<WeightNormOptions> = { name: 'string', dim: 'whole?' };

/** g · v / ‖v‖. */
class WeightNorm extends Parametrization {
  /** −1 for all. */
  readonly dim: number;

  constructor(dim: number) {
    super();
    this.dim = dim;
  }

  forward(g: Tensor, v: Tensor): Tensor {
    return mul(v, div(g, lengthsOf(v, this.dim)));
  }

  rightInverse(value: Tensor): Tensor[] {
    return [lengthsOf(value, this.dim), clone(value)];
  }

  override extraRepr(): string {
    return named({ dim: this.dim });
  }
}

/** The lengths along a dimension, in a shape that broadcasts; that of all as a scalar. */
function lengthsOf(v: Tensor, dim: number): Tensor {
  if (dim < 0) return norm(v);
  const others = v.shape.map((_, d) => d).filter((d) => d !== dim);
  return others.length === 0 ? abs(v) : norm(v, { dim: others, keepdim: true });
}

/**
 * Has a layer's weight computed as g · v / ‖v‖, its lengths and its directions learned apart: `parametrizations.weight.original0`
 * and `original1`. The value is at first what it was. Make the optimizer afterwards.
 *
 * @returns the module
 * @example const layer = weightNorm(new Linear(20, 40));
 * @throws KindlingError where the field has no parameter, or is parametrized already
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.weight_norm.html
 */
export function weightNorm<M extends AnyModule>(module: M, options: WeightNormOptions = {}): M {
  atMost('weightNorm', 2, arguments);
  const { name = 'weight', dim = 0 } = checked('weightNorm', options, WEIGHT_NORM);
  const { ndim } = parameterIn('weightNorm', module, name);
  if (isParametrized(module, name)) refuse(`weightNorm: ${text(name)} is parametrized already`);
  const all = dim === null || dim === -1;
  parametrize(module, name, new WeightNorm(all ? -1 : dimOf('weightNorm', dim, ndim)));
  return module;
}

export interface SpectralNormOptions {
  /** The parameter's field. Default: 'weight'. */
  name?: string | undefined;
  /** Iterations of the power method each time the weight is read in training. Default: 1. */
  nPowerIterations?: number | undefined;
  /** The least length that a vector is divided by. Default: 1e-12. */
  eps?: number | undefined;
  /** The dimension of the outputs. Default: 0, of transposed convolutions 1. */
  dim?: number | null | undefined;
}

const SPECTRAL_NORM: Known<SpectralNormOptions> = {
  name: 'string',
  nPowerIterations: 'size',
  eps: 'number',
  dim: 'whole?',
};

/** Iterations before the first use. */
const FIRST_ITERATIONS = 15;

/** W / σ, with σ by the vectors that belong to it; of a vector x / ‖x‖. */
class SpectralNorm extends Parametrization {
  /** The left and the right singular vector, estimated. */
  u: Tensor | null = null;
  v: Tensor | null = null;
  readonly dim: number;
  readonly nPowerIterations: number;
  readonly eps: number;

  constructor(weight: Tensor, dim: number, nPowerIterations: number, eps: number) {
    super();
    this.dim = dim;
    this.nPowerIterations = nPowerIterations;
    this.eps = eps;
    if (weight.ndim < 2) return;
    const matrix = matrixOf(weight.detach(), dim);
    const [height, width] = [0, 1].map((d) => normalize(randn([at(matrix.shape, d)]), { dim: 0, eps }));
    this.u = this.registerBuffer('u', height as Tensor);
    this.v = this.registerBuffer('v', width as Tensor);
    iterate(this, matrix, FIRST_ITERATIONS);
  }

  protected override keyOf(field: string): string {
    return field === 'u' || field === 'v' ? `_${field}` : field;
  }

  forward(weight: Tensor): Tensor {
    const { u, v, dim, eps, training, nPowerIterations } = this;
    if (!u || !v) return normalize(weight, { dim: 0, eps });
    const matrix = matrixOf(weight, dim);
    if (training) iterate(this, matrix, nPowerIterations);
    // The next iteration overwrites them; backward needs them as they are now.
    const [left, right] = [clone(u), clone(v)];
    return div(weight, dot(left, mv(matrix, right)));
  }

  rightInverse(value: Tensor): Tensor[] {
    return [value];
  }
}

/** The weight as a matrix: outputs by all else. */
function matrixOf(weight: Tensor, dim: number): Tensor {
  const order = [dim, ...weight.shape.map((_, d) => d).filter((d) => d !== dim)];
  return flatten(dim === 0 ? weight : permute(weight, order), 1);
}

/** Lets the vectors come nearer to those of the largest singular value. */
function iterate({ u, v, eps }: SpectralNorm, matrix: Tensor, times: number): void {
  noGrad(() => {
    for (let i = 0; i < times; i++) {
      u?.copy_(normalize(mv(matrix, v as Tensor), { dim: 0, eps }));
      v?.copy_(normalize(matmul(u as Tensor, matrix), { dim: 0, eps }));
    }
  });
}

/**
 * Has a layer's weight divided by its largest singular value, as the discriminators of GANs want it. The value is estimated by the
 * power method, which goes on each time the weight is read in training; its vectors are buffers,
 * `parametrizations.weight.0._u` and `_v`. What is learned is `parametrizations.weight.original`.
 *
 * @returns the module
 * @example const layer = spectralNorm(new Conv2d(3, 64, 3));
 * @throws KindlingError where the field has no parameter
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.spectral_norm.html
 */
export function spectralNorm<M extends AnyModule>(module: M, options: SpectralNormOptions = {}): M {
  atMost('spectralNorm', 2, arguments);
  const { name = 'weight', nPowerIterations = 1, eps = 1e-12, dim } = checked('spectralNorm', options, SPECTRAL_NORM);
  const weight = parameterIn('spectralNorm', module, name);
  const isTransposed = module instanceof ConvTranspose1d || module instanceof ConvTranspose2d;
  const outputs = dimOf('spectralNorm', dim ?? (isTransposed ? 1 : 0), weight.ndim);
  parametrize(module, name, new SpectralNorm(weight, outputs, nPowerIterations, eps));
  return module;
}
