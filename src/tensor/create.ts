/** Making tensors. Shapes are arrays; options as in PyTorch. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, required, text, wantTensor } from '../gpu/options.js';
import { EYE, type Filling, fillKernel, PROGRESSION, VALUE } from '../kernels/fill.js';
import { bitsOf } from '../kernels/flat.js';
import { constant } from '../stream/scope.js';
import { hostValues } from './hostValues.js';
import { flatVariant, launch } from './launch.js';
import { checkShape, type Shape, show, sizeOf } from './shape.js';
import { DTYPES, type DType, elementsOf, holds, type Nested, Tensor, type TensorData } from './tensor.js';

type NestedBigInt = bigint | readonly NestedBigInt[];

export interface TensorOptions {
  /** Default: f32; for `tensor()`, what the data suggest. */
  dtype?: DType | undefined;
  /** Default: false. */
  requiresGrad?: boolean | undefined;
}

/** @internal */
export const TENSOR: Known<TensorOptions> = { dtype: DTYPES, requiresGrad: 'boolean' };

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
    return tensor(Float64Array.from(data, Number), { ...options, dtype: options.dtype ?? 'i32' });
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
        const form = shape.length > 0 ? ` nested ${shape.length} deep` : ', in arrays or a typed array';
        refuse(`tensor: wants numbers${form}, found ${text(value)}`);
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
  if (dtype === 'bool') return Uint32Array.from(data, (value) => (value === 0 ? 0 : 1));
  const elements = elementsOf(dtype);
  if (data instanceof elements) return data;
  // Fractions are cut off, as PyTorch does; what the type cannot hold is refused.
  for (const value of dtype === 'f32' ? [] : data) {
    if (!holds(dtype, Math.trunc(value))) refuse(`${op}: ${value} does not fit ${dtype}`);
  }
  return elements.from(data);
}

function finish(made: Tensor, options: TensorOptions): Tensor {
  return options.requiresGrad ? made.requiresGrad_() : made;
}

/** A tensor of one value. */
export const full = (shape: Shape, value: number, options: TensorOptions = {}): Tensor =>
  filled('full', shape, value, options);

/** A tensor of zeros. */
export const zeros = (shape: Shape, options: TensorOptions = {}): Tensor => filled('zeros', shape, 0, options);

/** A tensor of ones. */
export const ones = (shape: Shape, options: TensorOptions = {}): Tensor => filled('ones', shape, 1, options);

/** One value in another tensor's shape, and its type unless another is asked for. */
export const fullLike = (like: Tensor, value: number, options: TensorOptions = {}): Tensor =>
  filledLike('fullLike', like, value, options);

/** Zeros with another tensor's shape, and its type unless another is asked for. */
export const zerosLike = (like: Tensor, options: TensorOptions = {}): Tensor =>
  filledLike('zerosLike', like, 0, options);

/** Ones with another tensor's shape, and its type unless another is asked for. */
export const onesLike = (like: Tensor, options: TensorOptions = {}): Tensor => filledLike('onesLike', like, 1, options);

const filledLike = (name: string, like: Tensor, value: number, options: TensorOptions): Tensor =>
  filled(name, wantTensor(name, 'like', like).shape, value, {
    ...checked(name, options, TENSOR),
    dtype: options.dtype ?? like.dtype,
  });

function filled(name: string, shape: Shape, value: number, options: TensorOptions): Tensor {
  checkShape(name, shape);
  const { dtype = 'f32' } = checked(name, options, TENSOR);
  required(name, { value }, { value: 'number' });
  const [bits = 0] = new Uint32Array(convert(name, Float64Array.of(value), dtype).buffer);
  return finish(fill(VALUE, [bits], shape, dtype), options);
}

/** @internal One value that the host uploads, once for all replays of a captured step. */
export const constantOf = (shape: Shape, value: number, dtype: DType = 'f32'): Tensor =>
  constant(() => fromTyped(new Float64Array(sizeOf(shape)).fill(value), shape, { dtype }));

/**
 * `start`, `start + step`, … below `end`; `arange(n)` counts from 0. As exact as float32 allows up to 2²⁴ elements.
 *
 * @throws KindlingError where no way leads from start to end, or an integer type is asked for and start or step is none
 * @see https://pytorch.org/docs/stable/generated/torch.arange.html
 */
export function arange(start: number, end?: number, step = 1, options: TensorOptions = {}): Tensor {
  const { dtype = 'f32' } = checked('arange', options, TENSOR);
  const [from, to] = end === undefined ? [0, start] : [start, end];
  required('arange', { start: from, end: to, step }, { start: 'number', end: 'number', step: 'number' });
  const count = Math.ceil((to - from) / step);
  if (!Number.isFinite(count) || count < 0) refuse(`arange: no way from ${from} to ${to} by ${step}`);
  if (dtype === 'f32') {
    const words = [...inTwo(from), ...inTwo(step, 0xfffff000)];
    return finish(fill(PROGRESSION, words, [count], dtype), options);
  }
  const ends = count === 0 ? [] : [from, from + (count - 1) * step];
  if (dtype === 'bool' || !Number.isInteger(step) || !ends.every((end) => holds(dtype, end))) {
    refuse(`arange: from ${from} to ${to} by ${step} is not of type ${dtype}`);
  }
  return fill(PROGRESSION, [from, step], [count], dtype);
}

/** Two floats whose sum is a number, the first of the bits that the mask leaves. */
function inTwo(value: number, mask = 0xffffffff): [number, number] {
  const first = new Float32Array(1);
  const bits = new Uint32Array(first.buffer);
  first[0] = value;
  bits[0] = (bits[0] ?? 0) & mask;
  return [bits[0], bitsOf(value - (first[0] ?? 0), 'f32')];
}

/** `steps` values from `start` to `end`, both included. */
export function linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
  checked('linspace', options, TENSOR);
  required('linspace', { start, end, steps }, { start: 'number', end: 'number', steps: 'count' });
  const values = Float64Array.from({ length: steps }, (_, i) => start + ((end - start) * i) / Math.max(1, steps - 1));
  return constant(() => fromTyped(values, [steps], { dtype: 'f32', ...options }, 'linspace'));
}

/** The identity matrix, `n` by `m`. */
export function eye(n: number, m = n, options: TensorOptions = {}): Tensor {
  const { dtype = 'f32' } = checked('eye', options, TENSOR);
  checkShape('eye', [n, m]);
  return finish(fill(EYE, [m], [n, m], dtype), options);
}

/** A tensor that a kernel makes of each element's index and a few words. */
function fill(filling: Filling, words: ArrayLike<number>, shape: Shape, dtype: DType): Tensor {
  const type = dtype === 'bool' ? 'u32' : dtype;
  const kernel = fillKernel(filling, { type, size: sizeOf(shape), flat: flatVariant() });
  return launch(kernel, [hostValues('u32', words.length, () => words)], shape, dtype);
}
