/**
 * Moving elements. `gather`: y[i] = x[offset + Σ coordinate · stride], the coordinates being those of i in `shape`: this
 * is permute, expand, slice and flip. `scatter`: y[offset + Σ coordinate · stride] = x[i]: this is cat, stack, pad and
 * the gradient of a slice. Launch: one invocation per element of `shape`.
 */
import { indexed } from './elementwise.js';
import { type Element, f32, interned, type Kernel, kernel, linear, linearMain } from './kernel.js';

export interface CopySpec {
  readonly shape: readonly number[];
  /** May be 0 (expand) or negative (flip). */
  readonly strides: readonly number[];
  readonly offset: number;
}

const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** WGSL for offset + Σ coordinate · stride, negative strides being walked from the other end. */
function place({ shape, strides, offset }: CopySpec): string {
  const forward = indexed(
    shape,
    strides.map((s) => Math.max(s, 0)),
  );
  const back = indexed(
    shape,
    strides.map((s) => Math.max(-s, 0)),
  );
  return `${offset}u + ${forward}${back === '0u' ? '' : ` - (${back})`}`;
}

export const gatherKernel = interned(
  (spec: CopySpec): Kernel =>
    kernel({
      name: 'copy.gather',
      read: { xs: 'u32' },
      write: { ys: 'u32' },
      workgroups: linear(size(spec.shape)),
      wgsl: `${linearMain(size(spec.shape))}
  ys[i] = xs[${place(spec)}];
}`,
    }),
);

export const scatterKernel = interned(
  (spec: CopySpec): Kernel =>
    kernel({
      name: 'copy.scatter',
      read: { xs: 'u32' },
      write: { ys: 'u32' },
      workgroups: linear(size(spec.shape)),
      wgsl: `${linearMain(size(spec.shape))}
  ys[${place(spec)}] = xs[i];
}`,
    }),
);

/** y[i] = value. */
export const fillKernel = interned(
  ({ size, value, type }: { size: number; value: number; type: 'f32' | 'i32' | 'u32' }): Kernel =>
    kernel({
      name: 'fill',
      write: { ys: type },
      workgroups: linear(size),
      wgsl: `${linearMain('arrayLength(&ys)')}
  ys[i] = ${type === 'f32' ? f32(value) : `${type}(${value})`};
}`,
    }),
);

/** y[i] = x[i] in another type; bool is u32 of 0 or 1. */
export const castKernel = interned(
  ({ from, to, bool, size }: { from: Element; to: Element; bool: boolean; size: number }): Kernel =>
    kernel({
      name: 'cast',
      read: { xs: from },
      write: { ys: to },
      workgroups: linear(size),
      wgsl: `${linearMain('arrayLength(&ys)')}
  ys[i] = ${bool ? `select(0u, 1u, xs[i] != ${from}(0))` : `${to}(xs[i])`};
}`,
    }),
);

/** y = condition ? a : b, elementwise in one shape; the three are read with strides. */
export const whereKernel = interned(
  (spec: { shape: readonly number[]; strides: readonly (readonly number[])[] }): Kernel => {
    const [c = '', a = '', b = ''] = spec.strides.map((strides) => indexed(spec.shape, strides));
    return kernel({
      name: 'where',
      read: { condition: 'u32', as_: 'u32', bs: 'u32' },
      write: { ys: 'u32' },
      workgroups: linear(size(spec.shape)),
      wgsl: `${linearMain(size(spec.shape))}
  ys[i] = select(bs[${b}], as_[${a}], condition[${c}] != 0u);
}`,
    });
  },
);
