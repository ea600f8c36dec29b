/** Text of a tensor, by the rules of `torch.set_printoptions`: 4 digits, and the edges alone above 1,000 elements. */
import { ofTensor } from '../gpu/options.js';
import { at, type Shape, sizeOf, stridesOf } from './shape.js';
import type { Tensor } from './tensor.js';

const DIGITS = 4;
const EDGE_ITEMS = 3;
const THRESHOLD = 1000;
const LINE_WIDTH = 80;
const PREFIX = 'tensor(';

/** Prints a tensor's elements as PyTorch would. Waits for the device. */
export function print(x: Tensor): Promise<void> {
  ofTensor('print', 1, arguments);
  return x.data().then((data) => console.log(format(data, x.shape, x.dtype)));
}

/** `tensor([[1.0000, 2.5000]])`, with the type named where it is neither f32 nor seen from the elements. */
export function format(data: ArrayLike<number>, shape: Shape, dtype: string): string {
  const empty = sizeOf(shape) === 0;
  let text = PREFIX + (empty ? '[]' : body(data, shape, dtype));
  const append = (suffix: string): void => {
    // Two more than the line holds: one for the comma that follows, one as PyTorch counts.
    const counted = text.length - text.lastIndexOf('\n') + 1;
    text += counted + suffix.length + 2 > LINE_WIDTH ? `,\n${' '.repeat(PREFIX.length)}${suffix}` : `, ${suffix}`;
  };
  if (empty && shape.length !== 1) append(`size=(${shape.join(', ')})`);
  if (dtype !== 'f32' && (empty || dtype !== 'bool')) append(`dtype=${dtype}`);
  return `${text})`;
}

function body(data: ArrayLike<number>, shape: Shape, dtype: string): string {
  const edges = sizeOf(shape) > THRESHOLD;
  const { text, width } = formatter(visible(data, shape, edges), dtype);
  const strides = stridesOf(shape);
  const level = (dim: number, offset: number, indent: number): string => {
    const length = shape[dim];
    if (length === undefined) return text(at(data, offset)).padStart(width);
    const last = dim === shape.length - 1;
    const dots = last ? ' ...' : '...';
    const parts = shown(length, edges).map((i) =>
      i < 0 ? dots : level(dim + 1, offset + i * at(strides, dim), indent + 1),
    );
    if (last) return `[${wrap(parts, indent, width)}]`;
    return `[${parts.join(`,${'\n'.repeat(shape.length - dim - 1)}${' '.repeat(indent + 1)}`)}]`;
  };
  return level(0, 0, PREFIX.length);
}

/** Indices along a dimension that are printed; -1 stands for the dots. */
function shown(length: number, edges: boolean): number[] {
  if (!edges || length <= 2 * EDGE_ITEMS) return Array.from({ length }, (_, i) => i);
  const head = Array.from({ length: EDGE_ITEMS }, (_, i) => i);
  return [...head, -1, ...head.map((i) => length - EDGE_ITEMS + i)];
}

function visible(data: ArrayLike<number>, shape: Shape, edges: boolean): number[] {
  const strides = stridesOf(shape);
  let offsets = [0];
  shape.forEach((length, dim) => {
    const indices = shown(length, edges).filter((i) => i >= 0);
    offsets = offsets.flatMap((offset) => indices.map((i) => offset + i * at(strides, dim)));
  });
  return offsets.map((offset) => at(data, offset));
}

interface Formatter {
  text(value: number): string;
  readonly width: number;
}

/** Zeros, infinities and NaN take no part in choosing a notation or its width. */
function formatter(values: readonly number[], dtype: string): Formatter {
  const counted = dtype === 'f32' ? values.filter((v) => Number.isFinite(v) && v !== 0) : values;
  const text =
    dtype === 'bool' ? (value: number) => (value ? 'True' : 'False') : dtype === 'f32' ? real(counted) : String;
  return { text, width: counted.reduce((width, value) => Math.max(width, text(value).length), 1) };
}

function real(values: readonly number[]): (value: number) => string {
  let largest = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const value of values) {
    largest = Math.max(largest, Math.abs(value));
    smallest = Math.min(smallest, Math.abs(value));
  }
  const whole = values.every(Number.isInteger);
  const wide = values.length > 0 && (largest / smallest > 1000 || largest > 1e8 || (!whole && smallest < 1e-4));
  return (value) => {
    if (Number.isNaN(value)) return 'nan';
    const sign = value < 0 || Object.is(value, -0) ? '-' : '';
    const size = Math.abs(value);
    if (size === Number.POSITIVE_INFINITY) return `${sign}inf`;
    if (wide) return sign + halfToEven(size, 'toExponential').replace(/e([+-])(\d)$/, 'e$10$2');
    return sign + (whole ? `${size}.` : halfToEven(size, 'toFixed'));
  };
}

/** Rounds as Python does; JavaScript rounds halves such as 1/32 up. */
function halfToEven(value: number, notation: 'toFixed' | 'toExponential'): string {
  const exact = value[notation](100);
  const end = exact.indexOf('.') + 1 + DIGITS;
  const [, exponent] = /^50*(e.*|)$/.exec(exact.slice(end)) ?? [];
  const evenBelow = exponent !== undefined && Number(exact[end - 1]) % 2 === 0;
  return evenBelow ? exact.slice(0, end) + exponent : value[notation](DIGITS);
}

function wrap(parts: readonly string[], indent: number, width: number): string {
  const perLine = Math.max(1, Math.floor((LINE_WIDTH - indent) / (width + 2)));
  const lines: string[] = [];
  for (let i = 0; i < parts.length; i += perLine) lines.push(parts.slice(i, i + perLine).join(', '));
  return lines.join(`,\n${' '.repeat(indent + 1)}`);
}
