/**
 * Reading tensors by strides in kernels over flat arrays (flat.ts). Element i of the result has coordinates in a shape; an
 * operand is read at offset + Σ coordinate · stride, 0 where it broadcasts, negative where it is walked backwards.
 *
 * Dimensions that every operand walks without a jump are one. Where the last one that is left is a multiple of four long,
 * four elements are made at once: one division finds the place of all, and where they are neighbours in memory that begin
 * at a multiple of four, they are one load. Times on 2²² elements beside one by one (SwiftShader, Chromium 156, 2026-11):
 * [65536, 64] + [64] a third, a transpose three fifths, expanding rows a sixth.
 */
import type { Scalar, Use } from './flat.js';

export interface Strided {
  readonly type: Scalar;
  readonly strides: readonly number[];
  readonly offset?: number;
}

export interface Operand {
  readonly use: Use;
  /** Whether it is the same for all elements. */
  readonly once: boolean;
  /** Statements that load it into `name` from `array`. */
  readonly load: (name: string, array: string) => string;
  /** The place in `array`; of the first of four, where they are not one load. */
  readonly index: (array: string) => string;
}

/** How operands are read for a result of `shape`, and whether four elements are made at once. */
export function operandsOf(shape: readonly number[], given: readonly Strided[], mayVector: boolean) {
  const dims: { length: number; strides: number[] }[] = [];
  shape.forEach((length, d) => {
    if (length === 1) return;
    const strides = given.map((operand) => operand.strides[d] ?? 0);
    const outer = dims.at(-1);
    if (outer?.strides.every((stride, n) => stride === (strides[n] ?? 0) * length)) {
      outer.length *= length;
      outer.strides = strides;
    } else dims.push({ length, strides });
  });
  const lengths = dims.map(({ length }) => length);
  const last = lengths.at(-1) ?? 1;
  const vector = mayVector && last > 0 && last % 4 === 0;
  const operands = given.map((operand, n): Operand => {
    const strides = dims.map((dim) => dim.strides[n] ?? 0);
    return vector ? fours(lengths, strides, operand) : ones(lengths, strides, operand);
  });
  return { vector, operands };
}

const plus = (offset: number, index: string): string =>
  offset === 0 ? index : index === '0u' ? `${offset}u` : `${offset}u + ${index}`;

function ones(shape: readonly number[], strides: readonly number[], { type, offset = 0 }: Strided): Operand {
  const index = plus(offset, indexed(shape, strides));
  return {
    use: index === 'i' ? { walked: type } : type,
    once: strides.every((stride) => stride === 0),
    load: (name, array) => `let ${name} = ${array}[${index}];`,
    index: (array) => `${array}[${index}]`,
  };
}

function fours(shape: readonly number[], strides: readonly number[], { type, offset = 0 }: Strided): Operand {
  const step = strides.at(-1) ?? 0;
  const rest = strides.slice(0, -1);
  const quarter = [...shape.slice(0, -1), (shape.at(-1) ?? 1) / 4];
  const element = `vec4<${type}>` as const;
  if (step === 1 && [offset, ...rest].every((stride) => stride % 4 === 0)) {
    const index = plus(offset / 4, indexed(quarter, [...rest.map((stride) => stride / 4), 1]));
    return {
      use: index === 'i' ? { walked: type } : element,
      once: false,
      load: (name, array) => `let ${name} = ${array}[${index}];`,
      index: (array) => `${array}[${index}]`,
    };
  }
  const index = plus(offset, indexed(quarter, [...rest, 4 * step]));
  const each = [0, 1, 2, 3].map((k) => (at: string) => (k === 0 ? at : `${at} + ${(k * step) >>> 0}u`));
  return {
    use: type,
    once: strides.every((stride) => stride === 0),
    load: (name, array) =>
      step === 0
        ? `let ${name} = ${element}(${array}[${index}]);`
        : `let ${name}At = ${index};
let ${name} = ${element}(${each.map((at) => `${array}[${at(`${name}At`)}]`).join(', ')});`,
    index: (array) => `${array}[${index}]`,
  };
}

/** WGSL for the offset of element `index` (row-major in `shape`) in a tensor read with `strides`. */
export function indexed(shape: readonly number[], strides: readonly number[], index = 'i'): string {
  const dims: { length: number; stride: number }[] = [];
  shape.forEach((length, d) => {
    if (length === 1) return;
    const stride = strides[d] ?? 0;
    const outer = dims.at(-1);
    // Dimensions that are walked without a jump between them are one dimension.
    if (outer && outer.stride === stride * length) {
      outer.length *= length;
      outer.stride = stride;
    } else dims.push({ length, stride });
  });
  const total = dims.reduce((product, { length }) => product * length, 1);
  const terms: string[] = [];
  let below = 1;
  for (const { length, stride } of dims.reverse()) {
    const quotient = below === 1 ? index : `${index} / ${below}u`;
    const coordinate = below * length === total ? quotient : `(${quotient}) % ${length}u`;
    // Negative strides wrap around, as u32 arithmetic does.
    if (stride !== 0) terms.push(stride === 1 ? coordinate : `(${coordinate}) * ${stride >>> 0}u`);
    below *= length;
  }
  return terms.join(' + ') || '0u';
}
