/** Text of a tensor, by the rules of `torch.set_printoptions`: 4 digits, and the edges alone above 1,000 elements. */
import { at, type Shape, sizeOf, stridesOf } from './shape.js';

const EDGE_ITEMS = 3;
const THRESHOLD = 1000;
const LINE_WIDTH = 80;

/** `tensor([[1.0000, 2.5000]])`, with the type named where it is not f32. */
export function format(data: ArrayLike<number>, shape: Shape, dtype: string): string {
  const edges = sizeOf(shape) > THRESHOLD;
  const one = formatter(visible(data, shape, edges), dtype);
  const strides = stridesOf(shape);
  const level = (dim: number, offset: number, indent: number): string => {
    const length = shape[dim];
    if (length === undefined) return one(at(data, offset));
    const indices = shown(length, edges);
    const parts = indices.map((i) => (i < 0 ? '...' : level(dim + 1, offset + i * at(strides, dim), indent + 1)));
    if (dim === shape.length - 1) return `[${wrap(parts, indent + 1)}]`;
    const gap = `,${'\n'.repeat(shape.length - dim - 1)}${' '.repeat(indent + 1)}`;
    return `[${parts.join(gap)}]`;
  };
  const suffix = dtype === 'f32' || dtype === 'bool' ? '' : `, dtype=${dtype}`;
  return `tensor(${level(0, 0, 'tensor('.length)}${suffix})`;
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
  return sizeOf(shape) === 0 ? [] : offsets.map((offset) => at(data, offset));
}

function formatter(values: readonly number[], dtype: string): (value: number) => string {
  const text = choose(values, dtype);
  const width = Math.max(0, ...values.map((value) => text(value).length));
  return (value) => text(value).padStart(width);
}

function choose(values: readonly number[], dtype: string): (value: number) => string {
  if (dtype === 'bool') return (value) => (value ? 'True' : 'False');
  if (dtype !== 'f32') return String;
  const finite = values.filter((v) => Number.isFinite(v) && v !== 0).map(Math.abs);
  const largest = Math.max(...finite, 0);
  const smallest = Math.min(...finite, Number.POSITIVE_INFINITY);
  const whole = finite.every(Number.isInteger);
  if (
    finite.length > 0 &&
    (largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4) &&
    !(whole && largest <= 1e8)
  ) {
    return (value) => special(value) ?? value.toExponential(4).replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return (value) => special(value) ?? (whole ? `${value}.` : value.toFixed(4));
}

function special(value: number): string | null {
  if (Number.isNaN(value)) return 'nan';
  return Number.isFinite(value) ? null : value > 0 ? 'inf' : '-inf';
}

function wrap(parts: readonly string[], indent: number): string {
  const lines: string[] = [];
  let line = '';
  for (const part of parts) {
    if (line && indent + line.length + part.length + 2 > LINE_WIDTH) {
      lines.push(line);
      line = '';
    }
    line += line ? `, ${part}` : part;
  }
  lines.push(line);
  return lines.join(`,\n${' '.repeat(indent)}`);
}
