/**
 * Elements written where an index tensor says.
 *
 *   place:    y[.., index[.., j, ..], ..] = x[.., j, ..], where nobody is named twice, into a y that exists
 *   sums:     y[.., n, ..] = Σ of those x[.., j, ..] whose index is n, where there are any, into a y that exists
 *   segments: every element of y finds those that name it, and is their sum, the last of them, or their number
 *
 * For sums and segments the indices come sorted, each row of them with the places that they had: those that name an element lie
 * side by side in the order that they had. For segments an element finds them by halving, and is x's where nobody names it; for
 * sums the first of them adds up the others, so that what is named counts and not how large y is. So there are no atomics and
 * the bits repeat. Layout: row-major. Launch: one invocation per element of y for segments, otherwise of x.
 */
import { blocked } from './blocked.js';
import { interned, type Kernel, linearKernel } from './kernel.js';
import { indexed } from './strided.js';

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const without = (strides: readonly number[], dim: number): number[] => strides.map((s, d) => (d === dim ? 0 : s));

export interface PlaceSpec {
  readonly dim: number;
  /** Of y. */
  readonly strides: readonly number[];
  readonly indexShape: readonly number[];
}

/** [x, index] → y, which exists. */
export const placeKernel = /* @__PURE__ */ interned(
  ({ dim, strides, indexShape }: PlaceSpec): Kernel =>
    linearKernel({
      name: 'place',
      read: { xs: 'f32', index: 'i32' },
      write: { ys: 'f32' },
      size: product(indexShape),
      body: `  ys[${indexed(indexShape, without(strides, dim))} + u32(index[i]) * ${strides[dim] ?? 1}u] = xs[i];`,
    }),
);

/** WGSL of the first k from `from` on to `to` whose index is not `comes` (before, or up to) `own`, as a variable. */
const halved = (
  name: string,
  from: string,
  comes: '<' | '<=',
  stride: number,
  to = 'rows',
): string => `var ${name} = ${from};
  for (var high = ${to}; ${name} < high;) {
    let middle = (${name} + high) / 2u;
    if (index[row + middle * ${stride}u] ${comes} own) { ${name} = middle + 1u; } else { high = middle; }
  }`;

export interface SumsSpec {
  readonly dim: number;
  /** Of x. */
  readonly shape: readonly number[];
  readonly indexStrides: readonly number[];
  /** Of y, and its length along `dim`. */
  readonly strides: readonly number[];
  readonly length: number;
  /** Whether elements are four numbers each. */
  readonly four: boolean;
}

/** [indices, places, x] → y, which exists. */
export const segmentSumsKernel = /* @__PURE__ */ interned((spec: SumsSpec): Kernel => {
  const { dim, shape, indexStrides, strides, length, four } = spec;
  const element = four ? 'vec4<f32>' : 'f32';
  const rows = shape[dim] ?? 1;
  const inner = product(shape.slice(dim + 1));
  const stride = indexStrides[dim] ?? 1;
  const own = shape.map((_, d) => product(shape.slice(d + 1)));
  return linearKernel({
    name: 'segmentSums',
    read: { index: 'i32', places: 'i32', xs: element },
    write: { ys: element },
    params: { rows },
    size: product(shape),
    count: 'arrayLength(&xs)',
    body: `  let rows = params.rows;
  let row = ${indexed(shape, without(indexStrides, dim))};
  let base = ${indexed(shape, without(own, dim))};
  var k = i / ${inner}u${product(shape.slice(0, dim)) === 1 ? '' : ' % rows'};
  let own = index[row + k * ${stride}u];
  if (u32(own) >= ${length}u || (k > 0u && index[row + (k - 1u) * ${stride}u] == own)) { return; }
  // Most runs are short, and a long one is not walked twice: lavapipe leaves loops after 65,535 turns.
  var leap = 1u;
  while (k + leap < rows && index[row + (k + leap) * ${stride}u] == own) { leap *= 2u; }
  ${halved('end', 'k + leap / 2u + 1u', '<=', stride, 'min(k + leap, rows)')}
  ${blocked({
    state: { total: `${element}()` },
    end: 'end',
    turns: rows,
    turn: (level) => `${level('total')} += xs[base + u32(places[row + k * ${stride}u]) * ${inner}u];`,
  })}
  ys[${indexed(shape, without(strides, dim))} + u32(own) * ${strides[dim] ?? 1}u] = total;`,
  });
});

export interface SegmentSpec {
  /** What becomes of the elements that name one; `winner` is the place of the last of them, or -1. */
  readonly kind: 'sum' | 'last' | 'winner' | 'count';
  readonly type: 'f32' | 'i32' | 'u32';
  readonly dim: number;
  /** Of y. */
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** Elements of y outside of this, along other dimensions, are named by nobody. */
  readonly within: readonly number[];
  /** Indices in a row. */
  readonly count: number;
  readonly indexStrides: readonly number[];
  readonly sourceStrides: readonly number[];
}

/** [indices, places, x, source] → y; without x and source where places or their number are asked for. */
export const segmentKernel = /* @__PURE__ */ interned((spec: SegmentSpec): Kernel => {
  const { kind, type, dim, shape, strides, within, count, indexStrides, sourceStrides } = spec;
  const coordinate = (d: number): string => `i / ${strides[d] ?? 1}u % ${shape[d] ?? 1}u`;
  const inside = shape.flatMap((n, d) => {
    const length = within[d] ?? n;
    return d !== dim && length < n ? [`(${coordinate(d)} < ${length}u)`] : [];
  });
  const stride = indexStrides[dim] ?? 1;
  const place = (k: string): string => `u32(places[row + (${k}) * ${stride}u])`;
  const source = (k: string): string => `source[base + ${place(k)} * ${sourceStrides[dim] ?? 1}u]`;
  const base = `let base = ${indexed(shape, without(sourceStrides, dim))};`;
  const made = {
    sum: `${base}
  var k = first;
  ${blocked({
    state: { total: `${type}()` },
    end: 'end',
    step: '1u',
    turns: count,
    turn: (level) => `${level('total')} += ${source('k')};`,
  })}
  ys[i] = xs[i] + total;`,
    last: `${base}
  if (end > first) { ys[i] = ${source('end - 1u')}; } else { ys[i] = xs[i]; }`,
    winner: `if (end > first) { ys[i] = i32(${place('end - 1u')}); } else { ys[i] = -1; }`,
    count: 'ys[i] = i32(end - first);',
  }[kind];
  const reads = kind === 'sum' || kind === 'last';
  return linearKernel({
    name: `scatter.${kind}`,
    read: {
      index: 'i32',
      ...(kind === 'count' ? {} : { places: 'i32' as const }),
      ...(reads ? { xs: type, source: type } : {}),
    },
    write: { ys: reads ? type : 'i32' },
    size: product(shape),
    body: `  let own = i32(${coordinate(dim)});
  let row = ${indexed(shape, without(indexStrides, dim))};
  let rows = ${inside.length > 0 ? `select(0u, ${count}u, ${inside.join(' & ')})` : `${count}u`};
  ${halved('first', '0u', '<', stride)}
  ${halved('end', 'first', '<=', stride)}
  ${made}`,
  });
});
