/**
 * Holds a function of kindling against the same mathematics written plainly in JavaScript's doubles: its value, its
 * shape, and its gradients, which are central differences of the plain function. One call per case.
 */
import { type Tensor, tensor } from 'kindling';
import { expect } from 'vitest';
import { random } from './random.js';

/** An n-dimensional array of doubles; `index` marks one that goes to the device as i32 and has no gradient. */
export interface Plain {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly index?: boolean;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** The n-th number of a list that has one. */
export function at(data: ArrayLike<number>, index: number): number {
  const value = data[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${data.length}`);
  return value;
}

/** Elements computed from their coordinates. */
export function build(shape: readonly number[], element: (...coordinates: number[]) => number): Plain {
  const data = Array.from({ length: sizeOf(shape) }, (_, i) => {
    let rest = i;
    const coordinates = new Array<number>(shape.length);
    for (let d = shape.length - 1; d >= 0; d--) {
      coordinates[d] = rest % at(shape, d);
      rest = Math.floor(rest / at(shape, d));
    }
    return element(...coordinates);
  });
  return { shape, data };
}

/** The element at some coordinates, each taken modulo its dimension's length 1, as broadcasting reads. */
export function get({ shape, data }: Plain, ...coordinates: number[]): number {
  const own = coordinates.slice(coordinates.length - shape.length);
  return at(
    data,
    shape.reduce((offset, n, d) => offset * n + (n === 1 ? 0 : at(own, d)), 0),
  );
}

/** Uniform f32 values in [low, high). */
export const values = (shape: readonly number[], low = -2, high = 2): Plain => ({
  shape,
  data: Array.from({ length: sizeOf(shape) }, () => Math.fround(low + (high - low) * random())),
});

/** What a ReLU makes: about half are 0, and a few NaN. */
export const gates = (shape: readonly number[]): Plain => {
  const { data } = values(shape);
  return { shape, data: data.map((value) => (value > 1.8 ? Number.NaN : Math.max(value, 0))) };
};

/** Values where such a gate is open. */
export const gated = ({ shape, data }: Plain, gate: Plain): Plain => ({
  shape,
  data: data.map((value, i) => (at(gate.data, i) === 0 ? 0 : value)),
});

/** With NaN for the first element. */
export const spoilt = ({ shape, data }: Plain): Plain => ({ shape, data: data.with(0, Number.NaN) });

/** Values in random order that are at least 4 / size apart, so that no maximum is in doubt. */
export function distinct(shape: readonly number[]): Plain {
  const size = sizeOf(shape);
  const order = Array.from({ length: size }, (_, i) => ({ i, key: random() })).sort((a, b) => a.key - b.key);
  return { shape, data: order.map(({ i }) => Math.fround((i - size / 2) * (4 / size))) };
}

export const plain = (shape: readonly number[], data: readonly number[]): Plain => ({ shape, data });

/** Applies `f` to every row along `dim`. */
export function alongRows(x: Plain, dim: number, f: (row: number[]) => number[]): Plain {
  const d = dim < 0 ? dim + x.shape.length : dim;
  const length = at(x.shape, d);
  const inner = sizeOf(x.shape.slice(d + 1));
  const data = [...x.data];
  for (let start = 0; start < data.length; start++) {
    if (Math.floor(start / inner) % length !== 0) continue;
    f(Array.from({ length }, (_, k) => at(x.data, start + k * inner))).forEach((value, k) => {
      data[start + k * inner] = value;
    });
  }
  return plain(x.shape, data);
}

export const total = (row: readonly number[]): number => row.reduce((a, b) => a + b, 0);

/** Whole numbers, as indices. */
export const indices = (shape: readonly number[], data: readonly number[]): Plain => ({ shape, data, index: true });

/** A tensor of a plain array's elements. */
export const toTensor = ({ shape, data, index }: Plain): Tensor =>
  tensor(Float64Array.from(data), { shape, dtype: index ? 'i32' : 'f32' });

export interface Bounds {
  /** Default: 1e-5. */
  rtol?: number;
  /** Default: 2e-6. */
  atol?: number;
  /** Whether to compare gradients too. Default: true. */
  grad?: boolean;
}

/** |got − want| ≤ atol + rtol · |want| for every element, and equal shapes. */
export async function close(what: string, got: Tensor, want: Plain, { rtol = 1e-5, atol = 2e-6 }: Bounds = {}) {
  expect([...got.shape], `${what}: shape`).toEqual([...want.shape]);
  const data = await got.data();
  const wrong = want.data.flatMap((value, i) => {
    const found = at(data, i);
    const fits = Object.is(value, found) || Math.abs(found - value) <= atol + rtol * Math.abs(value);
    return fits ? [] : [`[${i}] is ${found}, not ${value}`];
  });
  expect(wrong.slice(0, 5), what).toEqual([]);
}

/** Runs `ours` and `theirs` on the same inputs and compares value, shape and the gradients by all inputs. */
export async function agree(
  ours: (...inputs: Tensor[]) => Tensor,
  theirs: (...inputs: Plain[]) => Plain,
  inputs: readonly Plain[],
  bounds: Bounds = {},
): Promise<void> {
  const tensors = inputs.map(toTensor);
  const { grad = true } = bounds;
  if (grad) for (const [i, x] of tensors.entries()) x.requiresGrad_(!inputs[i]?.index);
  const got = ours(...tensors);
  const want = theirs(...inputs);
  await close('value', got, want, bounds);
  if (!grad) return;
  const weights = values(want.shape, 0.5, 1.5);
  got.backward(toTensor(weights));
  const projected = (given: readonly Plain[]): number =>
    theirs(...given).data.reduce((sum, value, i) => sum + value * at(weights.data, i), 0);
  for (const [i, input] of inputs.entries()) {
    if (input.index) continue;
    const slope = input.data.map((value, element) => {
      const step = 1e-5;
      const moved = (by: number): number =>
        projected(inputs.map((x, j) => (j === i ? { ...x, data: x.data.with(element, value + by) } : x)));
      return (moved(step) - moved(-step)) / (2 * step);
    });
    const found = tensors[i]?.grad;
    if (!found) throw new Error(`input ${i} has no gradient`);
    await close(`gradient by input ${i}`, found, plain(input.shape, slope), bounds);
  }
}

export function softmaxRow(row: readonly number[]): number[] {
  const top = Math.max(...row);
  const powers = row.map((value) => Math.exp(value - top));
  return powers.map((power) => power / total(powers));
}

export const softmax = (x: Plain, dim: number): Plain => alongRows(x, dim, softmaxRow);
export const logSoftmax = (x: Plain, dim: number): Plain => alongRows(x, dim, (row) => softmaxRow(row).map(Math.log));
