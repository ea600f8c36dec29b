/**
 * Elements picked by an index tensor.
 *
 *   indexSelect: y[o, j, i] = x[o, index[j], i]           (an embedding is this along dimension 0)
 *   gather:      y[.., j, ..] = x[.., index[.., j, ..], ..] along one dimension
 *
 * Gradients gather too: an element of dx walks the indices in order and adds where one names it, so there are no atomics
 * and the bits repeat. An index outside x reads what stands for none of its type, NaN in f32. Layout: row-major; elements move as bits.
 * Launch: one invocation per element of y forward, of x backward.
 */
import { blocked } from './blocked.js';
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

/** [index, g] → dx, four elements of an inner row at a time where it is a multiple of four. */
export const indexSelectGradKernel = /* @__PURE__ */ interned((spec: IndexSelectSpec): Kernel => {
  const { outer, length, count } = spec;
  const vector = spec.inner % 4 === 0;
  const element = vector ? 'vec4<f32>' : 'f32';
  const inner = vector ? spec.inner / 4 : spec.inner;
  return linearKernel({
    name: 'indexSelect.grad',
    read: { index: 'i32', gs: element },
    write: { dxs: element },
    params: { count },
    size: outer * length * inner,
    body: `  let own = i32(i / ${inner}u % ${length}u);
  let base = ${outer === 1 ? '' : `i / ${length * inner}u * ${count * inner}u + `}i % ${inner}u;
  var k = 0u;
  ${blocked({
    state: { total: `${element}()` },
    end: 'params.count',
    turns: count,
    turn: (level) => `if (index[k] == own) { ${level('total')} += gs[base + k * ${inner}u]; }`,
  })}
  dxs[i] = total;`,
  });
});

export interface GatherSpec {
  readonly dim: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly indexShape: readonly number[];
  readonly indexStrides: readonly number[];
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

/** [index, g] → dx. */
export const gatherIndexGradKernel = /* @__PURE__ */ interned((spec: GatherSpec): Kernel => {
  const { dim, shape, strides, indexShape, indexStrides } = spec;
  const size = product(shape);
  const coordinate = (d: number): string => `i / ${strides[d] ?? 1}u % ${shape[d] ?? 1}u`;
  // The index may be shorter than x along the other dimensions; what it leaves out has no gradient.
  const inside = shape.flatMap((n, d) => {
    const length = indexShape[d] ?? n;
    return d !== dim && length < n ? [`${coordinate(d)} < ${length}u`] : [];
  });
  const count = indexShape[dim] ?? 1;
  const summed = blocked({
    state: { total: '0.0' },
    ...(inside.length > 0 && { end: `select(0u, ${count}u, ${inside.join(' && ')})` }),
    turns: count,
    turn: (level) => `let at = base + k * ${indexStrides[dim] ?? 1}u;
    if (index[at] == own) { ${level('total')} += gs[at]; }`,
  });
  return linearKernel({
    name: 'gather.grad',
    read: { index: 'i32', gs: 'f32' },
    write: { dxs: 'f32' },
    size,
    body: `  let own = i32(${coordinate(dim)});
  let base = ${indexed(shape, without(indexStrides, dim))};
  var k = 0u;
  ${summed}
  dxs[i] = total;`,
  });
});
