/**
 * Gradients of softmax and of its logarithm along one dimension: softmax dx = y (g − Σ g y); log-softmax dx = g − e^y Σ g.
 *
 * Layout and launch as in softmax.ts; cross-entropy has a gradient of its own, so that programs with that alone carry none of these.
 */
import type { Level } from './blocked.js';
import { isNan, nanOf } from './floats.js';
import { interned, type Kernel } from './kernel.js';
import { range } from './range.js';
import { rowKernel } from './rows.js';
import { type SoftmaxSpec, walkOf } from './softmax.js';

/** What is made of a row, as WGSL. */
export interface SoftmaxSlope {
  readonly name: string;
  /** What is added up, and an element of the gradient, in which the sum is `all`. */
  readonly part: (g: string, y: string) => string;
  readonly slope: (g: string, y: string) => string;
  /** The sum, where it is not simply that of a row whose first element is `y`. */
  readonly all?: (sum: string, y: string) => string;
}

export const LOG_SOFTMAX_SLOPE: SoftmaxSlope = {
  name: 'logSoftmax',
  part: (g) => g,
  slope: (g, y) => `${g} - exp(${y}) * all`,
  // e^y of a NaN is a number on some adapters; a row has one throughout or nowhere.
  all: (sum, y) => `var all = ${sum};\n  if (${isNan(y)}) { all = ${nanOf(y)}; }`,
};

export const SOFTMAX_SLOPE: SoftmaxSlope = {
  name: 'softmax',
  part: (g, y) => `${g} * ${y}`,
  slope: (g, y) => `${y} * (${g} - all)`,
};

/** [y, g] → dx. */
export const softmaxGradKernel = /* @__PURE__ */ interned((kind: SoftmaxSlope, spec: SoftmaxSpec): Kernel => {
  const { name, part, slope, all = (sum: string): string => `let all = ${sum};` } = kind;
  const { vector, element, launch, start, at, walk, gather, sum } = walkOf(spec);
  const of = (line: typeof part, j: number): string => line(`gs[${at(j)}]`, `ys[${at(j)}]`);
  const summed = (count: number, level: Level): string => {
    const parts = range(count).map((j) => of(part, j));
    return `\n    ${level('total')} += ${sum(`(${parts.join(' + ')})`)};`;
  };
  const stored = (count: number): string =>
    range(count)
      .map((j) => `\n    put(${of(slope, j)}, ${at(j)});`)
      .join('');
  return rowKernel({
    name: `${name}.grad`,
    read: { ys: element, gs: element },
    write: { dxs: element },
    puts: 'dxs',
    ...launch('gs'),
    body: `${start}
${gather({ total: '0.0' }, summed)}
  ${all('rowSum(total)', `ys[base]${vector ? '.x' : ''}`)}${walk(stored)}`,
  });
});
