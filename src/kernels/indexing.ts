/**
 * Elements picked by an index tensor.
 *
 *   indexSelect: y[o, j, i] = x[o, index[j], i]           (an embedding is this along dimension 0)
 *   gather:      y[.., j, ..] = x[.., index[.., j, ..], ..] along one dimension
 *
 * An index outside x reads what stands for none of its type, NaN in f32. Layout: row-major; elements move as bits.
 * Launch: one invocation per element of y. Gradients: scatter.ts, sums.
 */
import { interned, type Kernel, linearKernel } from './kernel.js';
import { indexed } from './strided.js';

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export interface IndexSelectSpec {
  /** x is [outer, length, inner]. */
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  /** Number of indices. */
  readonly count: number;
  /** Bits of what an index outside x reads. */
  readonly none: string;
}

/** [x, index] → y. */
export const indexSelectKernel = /* @__PURE__ */ interned(
  ({ outer, length, inner, count, none }: IndexSelectSpec): Kernel => {
    const size = outer * count * inner;
    return linearKernel({
      name: 'indexSelect',
      read: { xs: 'u32', index: 'i32' },
      write: { ys: 'u32' },
      size,
      count: 'arrayLength(&ys)',
      body: `  let k = u32(index[i / ${inner}u${outer === 1 ? '' : ` % ${count}u`}]);
  let outer = ${outer === 1 ? '0u' : `i / ${count * inner}u`};
  ys[i] = select(${none}, xs[(outer * ${length}u + k) * ${inner}u + i % ${inner}u], k < ${length}u);`,
    });
  },
);

export interface GatherSpec {
  readonly dim: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly indexShape: readonly number[];
  /** Bits of what an index outside x reads. */
  readonly none: string;
}

const without = (strides: readonly number[], dim: number): number[] => strides.map((s, d) => (d === dim ? 0 : s));

/** [x, index] → y, of the index's shape. */
export const gatherIndexKernel = /* @__PURE__ */ interned(
  ({ dim, shape, strides, indexShape, none }: GatherSpec): Kernel => {
    const size = product(indexShape);
    return linearKernel({
      name: 'gather',
      read: { xs: 'u32', index: 'i32' },
      write: { ys: 'u32' },
      size,
      count: 'arrayLength(&ys)',
      body: `  let k = u32(index[i]);
  ys[i] = select(${none}, xs[${indexed(indexShape, without(strides, dim))} + k * ${strides[dim] ?? 1}u], k < ${shape[dim] ?? 1}u);`,
    });
  },
);
