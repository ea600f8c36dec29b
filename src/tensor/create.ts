/** Making tensors. Shapes are arrays; options as in PyTorch. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known } from '../gpu/options.js';
import { constant } from '../gpu/storage.js';
import { creationGenerator } from './random.js';
import { checkShape, type Shape, show, sizeOf } from './shape.js';
import { DTYPES, type DType, holds, type Nested, Tensor, type TensorData } from './tensor.js';

type NestedBigInt = bigint | readonly NestedBigInt[];

export interface TensorOptions {
  /** Default: f32; for `tensor()`, what the data suggest. */
  dtype?: DType;
  /** Default: false. */
  requiresGrad?: boolean;
}

const TENSOR: Known<TensorOptions> = { dtype: DTYPES, requiresGrad: 'boolean' };

/**
 * A tensor of the given elements: a number, nested arrays, or a typed array with a shape.
 *
 * @param data numbers or booleans; booleans make a bool tensor, Int32Array and BigInts i32, Uint32Array u32, everything else f32
 * @throws KindlingError where an integer type cannot hold a number; fractions are cut off
 * @see https://pytorch.org/docs/stable/generated/torch.tensor.html
 */
export function tensor(
  data:
    | Nested
    | NestedBigInt
    | readonly Nested[]
    | TensorData
    | Uint8Array
    | Float64Array
    | BigInt64Array
    | BigUint64Array,
  options: TensorOptions & { shape?: Shape } = {},
): Tensor {
  checked('tensor', options, { ...TENSOR, shape: 'any' });
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const values = Float64Array.from(data, Number);
    return fromTyped(values, options.shape ?? [data.length], { ...options, dtype: options.dtype ?? 'i32' });
  }
  if (ArrayBuffer.isView(data)) return fromTyped(data, options.shape ?? [data.length], options);
  const shape: number[] = [];
  for (let level: unknown = data; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat: (number | boolean | bigint)[] = [];
  const walk = (value: unknown, dim: number): void => {
    if (Array.isArray(value)) {
      if (value.length !== shape[dim]) refuse(`tensor: nested arrays differ in length at dimension ${dim}`);
      for (const item of value) walk(item, dim + 1);
    } else {
      const known = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
      if (dim !== shape.length || !known) {
        refuse(`tensor: wants numbers nested ${shape.length} deep, found ${String(value)}`);
      }
      flat.push(value);
    }
  };
  walk(data, 0);
  const all = (type: string): boolean => flat.length > 0 && flat.every((value) => typeof value === type);
  const dtype = options.dtype ?? (all('boolean') ? 'bool' : all('bigint') ? 'i32' : 'f32');
  return fromTyped(Float64Array.from(flat, Number), options.shape ?? shape, { ...options, dtype });
}

function fromTyped(
  data: TensorData | Uint8Array | Float64Array,
  shape: Shape,
  options: TensorOptions,
  op = 'tensor',
): Tensor {
  if (sizeOf(checkShape('tensor', shape)) !== data.length) {
    refuse(`tensor: ${data.length} elements do not fit shape ${show(shape)}`);
  }
  const dtype = options.dtype ?? (data instanceof Int32Array ? 'i32' : data instanceof Uint32Array ? 'u32' : 'f32');
  return finish(new Tensor(shape, dtype, undefined, convert(op, data, dtype)), options);
}

function convert(op: string, data: TensorData | Uint8Array | Float64Array, dtype: DType): TensorData {
  if (dtype === 'f32') return data instanceof Float32Array ? data : Float32Array.from(data);
  if (dtype === 'i32' && data instanceof Int32Array) return data;
  if (dtype === 'u32' && data instanceof Uint32Array) return data;
  if (dtype !== 'bool') {
    // Fractions are cut off, as PyTorch does; what the type cannot hold is refused.
    for (const value of data) if (!holds(dtype, Math.trunc(value))) refuse(`${op}: ${value} does not fit ${dtype}`);
    return dtype === 'i32' ? Int32Array.from(data) : Uint32Array.from(data);
  }
  return Uint32Array.from(data, (value) => (value === 0 ? 0 : 1));
}

function finish(made: Tensor, options: TensorOptions): Tensor {
  return options.requiresGrad ? made.requiresGrad_() : made;
}

/** A tensor of one value. */
export const full = (shape: Shape, value: number, options: TensorOptions = {}): Tensor =>
  filled('full', shape, value, options);

function filled(name: string, shape: Shape, value: number, options: TensorOptions): Tensor {
  checked(name, options, TENSOR);
  const values = new Float64Array(sizeOf(checkShape(name, shape))).fill(value);
  return constant(() => fromTyped(values, shape, { dtype: 'f32', ...options }, name));
}

/** A tensor of zeros. */
export const zeros = (shape: Shape, options: TensorOptions = {}): Tensor => filled('zeros', shape, 0, options);

/** A tensor of ones. */
export const ones = (shape: Shape, options: TensorOptions = {}): Tensor => filled('ones', shape, 1, options);

/** Zeros with another tensor's shape, and its type unless another is asked for. */
export const zerosLike = (like: Tensor, options: TensorOptions = {}): Tensor =>
  filled('zerosLike', like.shape, 0, { ...checked('zerosLike', options, TENSOR), dtype: options.dtype ?? like.dtype });

/** Ones with another tensor's shape, and its type unless another is asked for. */
export const onesLike = (like: Tensor, options: TensorOptions = {}): Tensor =>
  filled('onesLike', like.shape, 1, { ...checked('onesLike', options, TENSOR), dtype: options.dtype ?? like.dtype });

/** `start`, `start + step`, … below `end`; `arange(n)` counts from 0. */
export function arange(start: number, end?: number, step = 1, options: TensorOptions = {}): Tensor {
  checked('arange', options, TENSOR);
  const [from, to] = end === undefined ? [0, start] : [start, end];
  const count = Math.ceil((to - from) / step);
  if (!Number.isFinite(count) || count < 0) refuse(`arange: no way from ${from} to ${to} by ${step}`);
  const values = Float64Array.from({ length: count }, (_, i) => from + i * step);
  return constant(() => fromTyped(values, [count], { dtype: 'f32', ...options }, 'arange'));
}

/** `steps` values from `start` to `end`, both included. */
export function linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
  checked('linspace', options, TENSOR);
  checkShape('linspace', [steps]);
  const values = Float64Array.from({ length: steps }, (_, i) => start + ((end - start) * i) / Math.max(1, steps - 1));
  return constant(() => fromTyped(values, [steps], { dtype: 'f32', ...options }, 'linspace'));
}

/** The identity matrix, `n` by `m`. */
export function eye(n: number, m = n, options: TensorOptions = {}): Tensor {
  checked('eye', options, TENSOR);
  checkShape('eye', [n, m]);
  const values = new Float64Array(n * m);
  for (let i = 0; i < Math.min(n, m); i++) values[i * m + i] = 1;
  return constant(() => fromTyped(values, [n, m], { dtype: 'f32', ...options }));
}

/** Uniform in [low, high), from the library's seed. */
export const uniform = (shape: Shape, low: number, high: number, options: TensorOptions = {}): Tensor =>
  uniformly('uniform', shape, low, high, options);

function uniformly(name: string, shape: Shape, low: number, high: number, options: TensorOptions): Tensor {
  checked(name, options, TENSOR);
  const random = creationGenerator();
  const size = sizeOf(checkShape(name, shape));
  const values = Float64Array.from({ length: size }, () => low + (high - low) * random.uniform());
  return fromTyped(values, shape, { dtype: 'f32', ...options });
}

/** Uniform in [0, 1). */
export const rand = (shape: Shape, options: TensorOptions = {}): Tensor => uniformly('rand', shape, 0, 1, options);

/** Normal with mean 0 and standard deviation 1. */
export function randn(shape: Shape, options: TensorOptions = {}): Tensor {
  checked('randn', options, TENSOR);
  const random = creationGenerator();
  const values = Float64Array.from({ length: sizeOf(checkShape('randn', shape)) }, () => random.normal());
  return fromTyped(values, shape, { dtype: 'f32', ...options });
}

/** The whole numbers below `n`, each once, in a random order. Default type: i32. */
export function randperm(n: number, options: TensorOptions = {}): Tensor {
  checked('randperm', options, TENSOR);
  checkShape('randperm', [n]);
  const random = creationGenerator();
  const values = Float64Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [values[i], values[j]] = [values[j] ?? 0, values[i] ?? 0];
  }
  return fromTyped(values, [n], { ...options, dtype: options.dtype ?? 'i32' });
}

/** Whole numbers in [low, high). Default type: i32. */
export function randint(low: number, high: number, shape: Shape, options: TensorOptions = {}): Tensor {
  checked('randint', options, TENSOR);
  if (!(Number.isInteger(low) && Number.isInteger(high) && low < high)) {
    refuse(`randint: no whole number in [${low}, ${high})`);
  }
  const random = creationGenerator();
  const size = sizeOf(checkShape('randint', shape));
  const values = Float64Array.from({ length: size }, () => low + random.integer(high - low));
  return fromTyped(values, shape, { ...options, dtype: options.dtype ?? 'i32' });
}
