/**
 * Reading tensors by strides in kernels over flat arrays (flat.ts). Element i of the result has coordinates in a shape; an
 * operand is read at offset + Σ coordinate · stride, 0 where it broadcasts, negative where it is walked backwards.
 *
 * Dimensions that are walked without a jump between them are one. Where the last one that is left is a multiple of four long,
 * four elements are made at once: one division finds the place of all, and where they are neighbours in memory that begin
 * at a multiple of four, they are one load. Times on 2²² elements beside one by one (SwiftShader, Chromium 156, 2026-11):
 * [65536, 64] + [64] a third, a transpose three fifths, expanding rows a sixth.
 */
import type { Use } from './flat.js';
import { elementOf } from './floats.js';
import type { Strided } from './types.js';

export interface Operand {
  readonly use: Use;
  /** Whether four elements are made at once. */
  readonly vector: boolean;
  /** Whether it is the same for all elements. */
  readonly once: boolean;
  /** Statements that load it into `name` from `array`. */
  readonly load: (name: string, array: string) => string;
  /** The place in `array`; of the first of four, where they are not one load. */
  readonly index: (array: string) => string;
}

interface Dim {
  length: number;
  stride: number;
}

/** The dimensions that are left where those that are walked without a jump are one. */
function merged(shape: readonly number[], strides: readonly number[]): Dim[] {
  const dims: Dim[] = [];
  shape.forEach((length, d) => {
    if (length === 1) return;
    const stride = strides[d] ?? 0;
    const outer = dims.at(-1);
    if (outer && outer.stride === stride * length) {
      outer.length *= length;
      outer.stride = stride;
    } else dims.push({ length, stride });
  });
  return dims;
}

/** How an operand is read for a result of `shape`, four elements at once where it allows that. */
export function operandOf(
  shape: readonly number[],
  { type, strides, offset = 0, length: all = 0 }: Strided,
  mayVector: boolean,
): Operand {
  const dims = merged(shape, strides);
  const { length, stride: step } = dims.pop() ?? { length: 1, stride: 0 };
  const vector = mayVector && length > 0 && length % 4 === 0;
  const whole = vector && step === 1 && [offset, all, ...dims.map(({ stride }) => stride)].every((n) => n % 4 === 0);
  // Counted in vec4 where they are one load.
  const unit = whole ? 4 : 1;
  const outer = dims.map((dim) => ({ length: dim.length, stride: dim.stride / unit }));
  const inner = vector ? { length: length / 4, stride: (4 * step) / unit } : { length, stride: step };
  const at = place([...outer, inner]);
  const index = offset === 0 ? at : `${(offset / unit) >>> 0}u + ${at}`;
  const element = elementOf(type, vector);
  const each = [0, 1, 2, 3].map((k) => `[${k === 0 ? '' : `${(k * step) >>> 0}u + `}`);
  return {
    use: index === 'i' && (whole || !vector) ? { walked: type } : whole ? element : type,
    vector,
    once: step === 0 && dims.every(({ stride }) => stride === 0),
    load: (name, array) => {
      if (whole || !vector) return `let ${name} = ${array}[${index}];`;
      if (step === 0) return `let ${name} = ${element}(${array}[${index}]);`;
      const all = each.map((from) => `${array}${from}${name}At]`).join(', ');
      return `let ${name}At = ${index};\nlet ${name} = ${element}(${all});`;
    },
    index: (array) => `${array}[${index}]`,
  };
}

/** WGSL for the offset of element `index` (row-major in `shape`) in a tensor read with `strides`. */
export const indexed = (shape: readonly number[], strides: readonly number[], index = 'i'): string =>
  place(merged(shape, strides), index);

function place(dims: readonly Dim[], index = 'i'): string {
  const total = dims.reduce((product, { length }) => product * length, 1);
  const terms: string[] = [];
  let below = 1;
  for (const { length, stride } of dims.toReversed()) {
    const quotient = below === 1 ? index : `${index} / ${below}u`;
    const coordinate = below * length === total ? quotient : `(${quotient}) % ${length}u`;
    // Negative strides wrap around, as u32 arithmetic does.
    if (stride !== 0) terms.push(stride === 1 ? coordinate : `(${coordinate}) * ${stride >>> 0}u`);
    below *= length;
  }
  return terms.join(' + ') || '0u';
}
