/**
 * Initialisation of parameters, in place, from the library's seed. Fans and gains are PyTorch's.
 *
 * @see https://pytorch.org/docs/stable/nn.init.html
 */
import { refuse } from '../gpu/errors.js';
import { atMost, checked, type Known, required, text, wantTensor } from '../gpu/options.js';
import { full } from '../tensor/create.js';
import { drawInto, normalLaw, uniformLaw } from '../tensor/sample.js';
import { checkShape, type Shape, show, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

export type Nonlinearity = 'linear' | 'conv2d' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu';

export interface KaimingOptions {
  /** Negative slope of the leaky ReLU that follows. Default: 0. */
  a?: number | undefined;
  /** Whose variance to keep: of the values forward (`fanIn`) or of the gradients backward (`fanOut`). Default: `fanIn`. */
  mode?: 'fanIn' | 'fanOut' | undefined;
  /** Default: `leakyRelu`. */
  nonlinearity?: Nonlinearity | undefined;
}

const NONLINEARITIES = ['linear', 'conv2d', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'selu'] as const;
const KAIMING: Known<KaimingOptions> = { a: 'number', mode: ['fanIn', 'fanOut'], nonlinearity: NONLINEARITIES };

function checkedType<T extends Tensor>(name: string, tensor: T): T {
  if (wantTensor(name, 'tensor', tensor).dtype === 'f32') return tensor;
  refuse(`${name}: only f32 tensors, this is ${tensor.dtype}`);
}

/** Uniform in [low, high). Default: [0, 1). @throws KindlingError unless both are numbers, low at most high */
export function uniform<T extends Tensor>(tensor: T, low = 0, high = 1): T {
  atMost('init.uniform', 3, arguments);
  if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high)) {
    refuse(`init.uniform: no numbers in [${text(low)}, ${text(high)}); write uniform(tensor, -0.1, 0.1)`);
  }
  return drawInto(checkedType('init.uniform', tensor), uniformLaw(low, high));
}

/** Normal. Default: mean 0, standard deviation 1. @throws KindlingError unless both are numbers, std from 0 on */
export function normal<T extends Tensor>(tensor: T, mean = 0, std = 1): T {
  atMost('init.normal', 3, arguments);
  if (!(Number.isFinite(mean) && Number.isFinite(std) && std >= 0)) {
    const given = `mean ${text(mean)} and std ${text(std)}`;
    refuse(`init.normal: ${given} are to be numbers, std from 0 on; write normal(tensor, 0, 0.02)`);
  }
  return drawInto(checkedType('init.normal', tensor), normalLaw(mean, std));
}

const filled = <T extends Tensor>(name: string, tensor: T, value: number): T =>
  checkedType(name, tensor).copy_(full(tensor.shape, value));

/** One value. */
export function constant<T extends Tensor>(tensor: T, value: number): T {
  atMost('init.constant', 2, arguments);
  required('init.constant', { value }, { value: 'number' });
  return filled('init.constant', tensor, value);
}

/** All 0. */
export function zeros<T extends Tensor>(tensor: T): T {
  atMost('init.zeros', 1, arguments);
  return filled('init.zeros', tensor, 0);
}

/** All 1. */
export function ones<T extends Tensor>(tensor: T): T {
  atMost('init.ones', 1, arguments);
  return filled('init.ones', tensor, 1);
}

/** Xavier's uniform: ±gain · √(6 / (fan in + fan out)). Default gain: 1. */
export function xavierUniform<T extends Tensor>(tensor: T, options: { gain?: number } = {}): T {
  const { gain = 1 } = checked('xavierUniform', options, { gain: 'number' });
  const { fanIn, fanOut } = calculateFanInAndFanOut(wantTensor('xavierUniform', 'tensor', tensor).shape);
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  return uniform(tensor, -bound, bound);
}

/** Xavier's normal: standard deviation gain · √(2 / (fan in + fan out)). Default gain: 1. */
export function xavierNormal<T extends Tensor>(tensor: T, options: { gain?: number } = {}): T {
  const { gain = 1 } = checked('xavierNormal', options, { gain: 'number' });
  const { fanIn, fanOut } = calculateFanInAndFanOut(wantTensor('xavierNormal', 'tensor', tensor).shape);
  return normal(tensor, 0, gain * Math.sqrt(2 / (fanIn + fanOut)));
}

/** Kaiming's uniform: ±gain · √(3 / fan). */
export function kaimingUniform<T extends Tensor>(tensor: T, options: KaimingOptions = {}): T {
  const bound = Math.sqrt(3) * kaimingStd('kaimingUniform', tensor, options);
  return uniform(tensor, -bound, bound);
}

/** Kaiming's normal: standard deviation gain / √fan. */
export const kaimingNormal = <T extends Tensor>(tensor: T, options: KaimingOptions = {}): T =>
  normal(tensor, 0, kaimingStd('kaimingNormal', tensor, options));

function kaimingStd(name: string, tensor: Tensor, options: KaimingOptions): number {
  const { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' } = checked(name, options, KAIMING);
  return (
    calculateGain(nonlinearity, a) / Math.sqrt(calculateFanInAndFanOut(wantTensor(name, 'tensor', tensor).shape)[mode])
  );
}

/** The factor by which a nonlinearity shrinks the standard deviation. `slope` is leaky ReLU's; default 0.01. */
export function calculateGain(nonlinearity: Nonlinearity, slope = 0.01): number {
  atMost('calculateGain', 2, arguments);
  required('calculateGain', { nonlinearity, slope }, { nonlinearity: NONLINEARITIES, slope: 'number' });
  if (nonlinearity === 'tanh') return 5 / 3;
  if (nonlinearity === 'relu') return Math.SQRT2;
  if (nonlinearity === 'leakyRelu') return Math.sqrt(2 / (1 + slope ** 2));
  return nonlinearity === 'selu' ? 3 / 4 : 1;
}

/** Inputs of one output, and outputs of one input, of a weight [out, in, ...kernel]. */
export function calculateFanInAndFanOut(shape: Shape): { fanIn: number; fanOut: number } {
  atMost('calculateFanInAndFanOut', 1, arguments);
  checkShape('calculateFanInAndFanOut', shape);
  const [out, inner, ...kernel] = shape;
  if (out === undefined || inner === undefined) {
    refuse(`init: fan in and fan out want at least 2 dimensions, the shape is ${show(shape)}`);
  }
  return { fanIn: inner * sizeOf(kernel), fanOut: out * sizeOf(kernel) };
}
