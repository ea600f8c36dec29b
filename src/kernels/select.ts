/**
 * The elements that were chosen, close together. What was chosen is told by counts[i], how many of the elements up to i were; the
 * r-th is the first whose count is r, found by halving. So every invocation writes an element of its own, and the bits repeat.
 *
 * Launch: one invocation per element written.
 */
import { interned, type Kernel, kernel, linear, linearKernel, linearMain } from './kernel.js';

/** The place `low` of the element chosen as number `r`, counted from 1, among `size`. */
const find = (size: string): string => `var low = 0u;
  var high = ${size} - 1u;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (counts[middle] < r) { low = middle + 1u; } else { high = middle; }
  }`;

/** [counts, x] → the chosen elements of x, as bits, and zeros up to its size. */
export const selectKernel = /* @__PURE__ */ interned(
  ({ size }: { size: number }): Kernel =>
    linearKernel({
      name: 'maskedSelect',
      read: { counts: 'u32', xs: 'u32' },
      write: { ys: 'u32' },
      size,
      body: `  let r = i + 1u;
  if (r > counts[${size - 1}u]) {
    ys[i] = 0u;
    return;
  }
  ${find(`${size}u`)}
  ys[i] = xs[low];`,
    }),
);

/** [counts, g] → g where chosen, back in their places, and zeros. */
export const selectGradKernel = /* @__PURE__ */ interned(
  ({ size }: { size: number }): Kernel =>
    linearKernel({
      name: 'maskedSelect.grad',
      read: { counts: 'u32', gs: 'f32' },
      write: { dxs: 'f32' },
      size,
      body: `  let count = counts[i];
  let before = select(counts[max(i, 1u) - 1u], 0u, i == 0u);
  dxs[i] = select(0.0, gs[max(count, 1u) - 1u], count > before);`,
    }),
);

export interface NonzeroSpec {
  /** How many were chosen: a parameter, since it is data. */
  readonly count: number;
  readonly shape: readonly number[];
}

/** [counts] → the coordinates of each chosen element, [count, dimensions]. */
export const nonzeroKernel = ({ count, shape }: NonzeroSpec): Kernel => {
  const size = shape.reduce((a, b) => a * b, 1);
  return kernel({
    name: 'nonzero',
    read: { counts: 'u32' },
    write: { places: 'u32' },
    params: { count },
    workgroups: linear(count),
    wgsl: `${linearMain('params.count')}
  let r = i + 1u;
  ${find(`${size}u`)}
  ${shape
    .map((length, d) => `places[i * ${shape.length}u + ${d}u] = low % ${length}u;\n  low /= ${length}u;`)
    .reverse()
    .join('\n  ')}
}`,
  });
};
