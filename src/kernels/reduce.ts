/**
 * Reductions: y[o] = combine over k of x[o, k], o counting the dimensions that stay and k those that go. Where k is long
 * and there are few o, `splits` invocations share one o, each taking every splits-th k, and a second launch combines
 * their partial results in order: the order of additions is fixed, so results repeat to the bit.
 *
 * Layout: row-major, any dimensions. Launch: one invocation per (o, split).
 */
import { indexed } from './elementwise.js';
import { f32, interned, type Kernel, kernel, linear, linearMain } from './kernel.js';

export type Reduction = 'sum' | 'prod' | 'max' | 'min';
type Scalar = 'f32' | 'i32' | 'u32';

/** Extremes start from the first element: no other is as small as minus infinity. */
const COMBINE: Record<Reduction, { start?: Record<Scalar, string>; next: string }> = {
  sum: { start: { f32: '0.0', i32: '0i', u32: '0u' }, next: 'total + x' },
  prod: { start: { f32: '1.0', i32: '1i', u32: '1u' }, next: 'total * x' },
  max: { next: 'max(total, x)' },
  min: { next: 'min(total, x)' },
};

export interface ReduceSpec {
  readonly op: Reduction;
  readonly type: Scalar;
  /** Lengths and strides of the dimensions that stay. */
  readonly kept: readonly number[];
  readonly keptStrides: readonly number[];
  /** Lengths and strides of the dimensions that go. */
  readonly reduced: readonly number[];
  readonly reducedStrides: readonly number[];
  readonly splits: number;
  /** The result is multiplied by this: 1/n makes a mean. Ignored for integers. */
  readonly scale: number;
}

const count = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Enough invocations to fill an adapter, and no chain of additions much longer than the root of their number. */
export function splitsFor(outputs: number, length: number): number {
  if (length <= 128) return 1;
  return Math.max(1, Math.min(Math.ceil(Math.sqrt(length)), Math.ceil(16384 / Math.max(outputs, 1))));
}

/** Dimensions split into those that stay and those that go. */
export function splitDims(shape: readonly number[], strides: readonly number[], dims: readonly number[]) {
  const pick = (values: readonly number[], gone: boolean) => values.filter((_, d) => dims.includes(d) === gone);
  return {
    kept: pick(shape, false),
    keptStrides: pick(strides, false),
    reduced: pick(shape, true),
    reducedStrides: pick(strides, true),
  };
}

export const reduceKernel = interned((spec: ReduceSpec): Kernel => {
  const { start, next } = COMBINE[spec.op];
  const outputs = count(spec.kept) * spec.splits;
  const scaled = spec.scale === 1 || spec.type !== 'f32' ? 'total' : `total * ${f32(spec.scale)}`;
  return kernel({
    name: `reduce.${spec.op}`,
    read: { xs: spec.type },
    write: { ys: spec.type },
    workgroups: linear(outputs),
    wgsl: `${linearMain(outputs)}
  let o = i / ${spec.splits}u;
  let base = ${indexed(spec.kept, spec.keptStrides, 'o')};
  let first = i % ${spec.splits}u;
  var total = ${start?.[spec.type] ?? `xs[base + ${indexed(spec.reduced, spec.reducedStrides, 'first')}]`};
  for (var k = first; k < ${count(spec.reduced)}u; k += ${spec.splits}u) {
    let x = xs[base + ${indexed(spec.reduced, spec.reducedStrides, 'k')}];
    total = ${next};
  }
  ys[i] = ${scaled};
}`,
  });
});

/** Index along the reduced dimension of the largest (or smallest) element, the first where several are equal. */
export const argKernel = interned(
  (spec: Omit<ReduceSpec, 'op' | 'splits' | 'scale'> & { readonly op: 'max' | 'min' }): Kernel => {
    const outputs = count(spec.kept);
    const at = (k: string) => `xs[base + ${indexed(spec.reduced, spec.reducedStrides, k)}]`;
    return kernel({
      name: `arg${spec.op}`,
      read: { xs: spec.type },
      write: { ys: 'i32' },
      workgroups: linear(outputs),
      wgsl: `${linearMain(outputs)}
  let base = ${indexed(spec.kept, spec.keptStrides)};
  var k = 0u;
  var best = ${at('k')};
  var where_ = 0i;
  for (k = 1u; k < ${count(spec.reduced)}u; k++) {
    let x = ${at('k')};
    if (x ${spec.op === 'max' ? '>' : '<'} best) {
      best = x;
      where_ = i32(k);
    }
  }
  ys[i] = where_;
}`,
    });
  },
);

/**
 * Gradient of max and min: g shared evenly among the elements equal to the result, as PyTorch's amax does.
 * Launch: one invocation per output o.
 */
export const extremeGradKernel = interned((spec: Omit<ReduceSpec, 'op' | 'splits' | 'scale' | 'type'>): Kernel => {
  const outputs = count(spec.kept);
  const length = count(spec.reduced);
  const offset = `base + ${indexed(spec.reduced, spec.reducedStrides, 'k')}`;
  return kernel({
    name: 'reduce.extreme.grad',
    read: { xs: 'f32', ys: 'f32', gs: 'f32' },
    write: { dxs: 'f32' },
    workgroups: linear(outputs),
    wgsl: `${linearMain(outputs)}
  let base = ${indexed(spec.kept, spec.keptStrides)};
  let y = ys[i];
  var ties = 0.0;
  for (var k = 0u; k < ${length}u; k++) { ties += select(0.0, 1.0, xs[${offset}] == y); }
  let share = gs[i] / ties;
  for (var k = 0u; k < ${length}u; k++) { dxs[${offset}] = select(0.0, share, xs[${offset}] == y); }
}`,
  });
});
