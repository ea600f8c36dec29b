/** Values that hold tensors: arrays and plain objects of tensors and of whatever else. */
import { sameShape } from './shape.js';
import { Tensor } from './tensor.js';

const isPlain = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;

/** The same value with every tensor replaced. */
export function mapTensors(value: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  if (value instanceof Tensor) return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapTensors(item, replace));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTensors(item, replace)]));
}

/** The tensors in a value. */
export function* tensorsIn(value: unknown): Generator<Tensor> {
  if (value instanceof Tensor) yield value;
  else if (Array.isArray(value)) for (const item of value) yield* tensorsIn(item);
  else if (isPlain(value)) for (const item of Object.values(value)) yield* tensorsIn(item);
}

/** Whether two values agree in shapes and types of their tensors and in everything else. */
export function alike(a: unknown, b: unknown): boolean {
  if (a instanceof Tensor) return b instanceof Tensor && a.dtype === b.dtype && sameShape(a.shape, b.shape);
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => alike(item, b[i]));
  if (!isPlain(a)) return Object.is(a, b);
  if (!isPlain(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => alike(a[name], b[name]));
}
