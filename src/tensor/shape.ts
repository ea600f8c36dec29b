/** Arithmetic on shapes: sizes, strides, broadcasting, dimensions counted from the end. */
import { refuse } from '../gpu/errors.js';
import { text } from '../gpu/options.js';

export type Shape = readonly number[];

/** Number of elements. A scalar, shape [], has one. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, n) => product * n, 1);

/** `[2, 3]`, for messages. */
export const show = (shape: Shape): string => `[${shape.map(text).join(', ')}]`;

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i]);

/** The n-th entry, which the caller knows to be there. */
export function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length}`);
  return value;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= at(shape, d);
  }
  return strides;
}

/** `dim` counted from the front. @throws KindlingError if it is outside [-rank, rank - 1] */
export function dimOf(op: string, dim: number, rank: number): number {
  const found = typeof dim === 'number' && dim < 0 ? dim + Math.max(rank, 1) : dim;
  if (!Number.isInteger(dim) || found < 0 || found >= Math.max(rank, 1)) {
    refuse(`${op}: dim ${text(dim)} is outside a tensor of ${rank} dimensions`);
  }
  return found;
}

/** Dimensions counted from the front, ascending, each once; all of them where none are given. */
export function dimsOf(op: string, dims: number | readonly number[] | undefined, rank: number): number[] {
  if (dims === undefined) return Array.from({ length: rank }, (_, d) => d);
  const list = Array.isArray(dims) ? (dims as readonly number[]) : [dims as number];
  const found = list.map((dim) => dimOf(op, dim, rank));
  if (new Set(found).size !== found.length) refuse(`${op}: a dimension appears twice in [${dims}]`);
  return found.filter((dim) => dim < rank).sort((a, b) => a - b);
}

/** The shape two operands broadcast to, as in NumPy. @throws KindlingError naming `op` and both shapes */
export function broadcast(op: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, d) => {
    const m = a[d - rank + a.length] ?? 1;
    const n = b[d - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      refuse(`${op}: shapes ${show(a)} and ${show(b)} do not broadcast: dimension ${d} is ${m} and ${n}`);
    }
    return m === 1 ? n : m;
  });
}

/** Strides with which a tensor of `shape` is read as if expanded to `to`: 0 along broadcast dimensions. */
export function broadcastStrides(shape: Shape, to: Shape): number[] {
  const strides = stridesOf(shape);
  const lead = to.length - shape.length;
  return to.map((_, d) => (d < lead || shape[d - lead] === 1 ? 0 : at(strides, d - lead)));
}

/** Refuses lengths that are given one by one, or none. */
export function wantShape(op: string, shape: unknown): void {
  if (!Array.isArray(shape)) refuse(`${op}: the shape is an array, such as [2, 3]; got ${text(shape)}`);
}

/** @throws KindlingError unless every entry is a whole number ≥ 0 */
export function checkShape(op: string, shape: Shape): Shape {
  wantShape(op, shape);
  for (const n of shape) {
    if (!Number.isInteger(n) || n < 0) refuse(`${op}: ${text(shape)} is not a shape`);
  }
  if (sizeOf(shape) >= 2 ** 31) refuse(`${op}: ${show(shape)} has more elements than 2^31 - 1`);
  return shape;
}
