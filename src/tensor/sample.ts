/**
 * Tensors of random numbers, from the library's seed. They are made on the device, so they may stand in captured steps, and
 * each replay draws new ones: those that the function itself would draw, in a step or outside. The same seed gives the same
 * numbers on every adapter, up to the rounding of float32.
 */
import { refuse } from '../gpu/errors.js';
import { checked, required, text, wantTensor } from '../gpu/options.js';
import { bitsOf } from '../kernels/flat.js';
import { BERNOULLI, type Distribution, INTEGER, NORMAL, randomKernel, UNIFORM } from '../kernels/random.js';
import { TENSOR, type TensorOptions, tensor } from './create.js';
import { flatVariant, launchInto } from './launch.js';
import { creationDraw, creationGenerator } from './random.js';
import { checkShape, type Shape } from './shape.js';
import { type DType, Tensor } from './tensor.js';

/** A distribution, and the words that its kernel reads. */
interface Law {
  readonly distribution: Distribution;
  readonly words: readonly number[];
}

const floats = (...values: number[]): number[] => values.map((value) => bitsOf(value, 'f32'));

/** The largest float32 below a number. */
function below(high: number): number {
  const value = Float32Array.of(high);
  if ((value[0] ?? 0) < high) return value[0] ?? 0;
  const bits = new Int32Array(value.buffer);
  // Floats are ordered as their bits are, negative ones the other way round; below 0 is the smallest negative one.
  if (value[0] === 0) return -(2 ** -149);
  bits[0] = (bits[0] ?? 0) + (high > 0 ? -1 : 1);
  return value[0] ?? 0;
}

/** @internal Uniform in [low, high). */
export const uniformLaw = (low: number, high: number): Law => ({
  distribution: UNIFORM,
  words: floats(low, high - low, high > low ? below(high) : high),
});

/** @internal Normal. */
export const normalLaw = (mean: number, std: number): Law => ({ distribution: NORMAL, words: floats(mean, std) });

const bernoulliLaw = (p: number): Law => ({
  distribution: BERNOULLI,
  words: [Math.min(0xffffffff, Math.floor(p * 2 ** 32)), Number(p === 1)],
});

/** @internal Overwrites a tensor with random numbers. */
export function drawInto<T extends Tensor>(made: T, { distribution, words }: Law): T {
  const type = made.dtype === 'bool' ? 'u32' : made.dtype;
  const kernel = randomKernel(distribution, { type, size: made.size, flat: flatVariant() });
  launchInto(kernel, [creationDraw(words)], [made]);
  return made;
}

function drawn(law: Law, shape: Shape, options: TensorOptions, dtype: DType): Tensor {
  const made = drawInto(new Tensor(shape, dtype), law);
  return options.requiresGrad ? made.requiresGrad_() : made;
}

/** A tensor of f32. */
function real(name: string, law: Law, shape: Shape, options: TensorOptions): Tensor {
  checkShape(name, shape);
  const { dtype = 'f32' } = checked(name, options, TENSOR);
  if (dtype !== 'f32') refuse(`${name}: random numbers are f32, not ${dtype}`);
  return drawn(law, shape, options, dtype);
}

/** Uniform in [low, high), from the library's seed. */
export function uniform(shape: Shape, low: number, high: number, options: TensorOptions = {}): Tensor {
  required('uniform', { low, high }, { low: 'number', high: 'number' });
  return real('uniform', uniformLaw(low, high), shape, options);
}

/** Uniform in [0, 1). */
export const rand = (shape: Shape, options: TensorOptions = {}): Tensor =>
  real('rand', uniformLaw(0, 1), shape, options);

/** Normal with mean 0 and standard deviation 1. */
export const randn = (shape: Shape, options: TensorOptions = {}): Tensor =>
  real('randn', normalLaw(0, 1), shape, options);

/** Uniform in [0, 1), in another tensor's shape. */
export const randLike = (like: Tensor, options: TensorOptions = {}): Tensor =>
  real('randLike', uniformLaw(0, 1), wantTensor('randLike', 'like', like).shape, options);

/** Normal with mean 0 and standard deviation 1, in another tensor's shape. */
export const randnLike = (like: Tensor, options: TensorOptions = {}): Tensor =>
  real('randnLike', normalLaw(0, 1), wantTensor('randnLike', 'like', like).shape, options);

/** Whole numbers in [low, high). Default type: i32. */
export const randint = (low: number, high: number, shape: Shape, options: TensorOptions = {}): Tensor =>
  whole('randint', low, high, shape, options);

/** Whole numbers in [low, high), in another tensor's shape and, unless another is asked for, of its type. */
export const randintLike = (like: Tensor, low: number, high: number, options: TensorOptions = {}): Tensor =>
  whole('randintLike', low, high, wantTensor('randintLike', 'like', like).shape, {
    ...checked('randintLike', options, TENSOR),
    dtype: options.dtype ?? like.dtype,
  });

function whole(name: string, low: number, high: number, shape: Shape, options: TensorOptions): Tensor {
  checkShape(name, shape);
  const { dtype = 'i32' } = checked(name, options, TENSOR);
  if (!(Number.isInteger(low) && Number.isInteger(high) && low < high)) {
    refuse(`${name}: no whole number in [${text(low)}, ${text(high)})`);
  }
  const [least, most] = { u32: [0, 2 ** 32], bool: [0, 2], i32: [-(2 ** 31), 2 ** 31], f32: [-(2 ** 24), 2 ** 24 + 1] }[
    dtype
  ];
  if (low < (least ?? 0) || high > (most ?? 0)) refuse(`${name}: [${low}, ${high}) is not within ${dtype}`);
  return drawn({ distribution: INTEGER, words: [low, high - low] }, shape, options, dtype);
}

/**
 * 1 with probability `p`, else 0, for each element of a shape. `bernoulli` takes a probability for each.
 *
 * @internal
 */
export function coins(name: string, shape: Shape, p: number, dtype: DType): Tensor {
  if (!(p >= 0 && p <= 1)) refuse(`${name}: p ${p} is not from 0 to 1`);
  return drawn(bernoulliLaw(p), shape, {}, dtype);
}

/** The whole numbers below `n`, each once, in a random order. Default type: i32. The host makes it. */
export function randperm(n: number, options: TensorOptions = {}): Tensor {
  checked('randperm', options, TENSOR);
  checkShape('randperm', [n]);
  return tensor(creationGenerator().permutation(n), { ...options, dtype: options.dtype ?? 'i32' });
}
