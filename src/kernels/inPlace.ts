/** What is written where it lies, for leaves alone. Launch: one invocation per element. */
import { interned, type Kernel, kernel, linear, linearMain } from './kernel.js';

/** x[i] += 1. */
export const incrementKernel = interned(
  ({ size, type }: { size: number; type: 'f32' | 'i32' | 'u32' }): Kernel =>
    kernel({
      name: 'inPlace.increment',
      write: { xs: type },
      workgroups: linear(size),
      wgsl: `${linearMain('arrayLength(&xs)')}
  xs[i] += ${type}(1);
}`,
    }),
);

/** x[i] *= factor[0]. */
export const scaleKernel = interned(
  ({ size }: { size: number }): Kernel =>
    kernel({
      name: 'inPlace.scale',
      read: { factor: 'f32' },
      write: { xs: 'f32' },
      workgroups: linear(size),
      wgsl: `${linearMain('arrayLength(&xs)')}
  xs[i] *= factor[0];
}`,
    }),
);

/** x[i] += y[i]. */
export const addToKernel = interned(
  ({ size }: { size: number }): Kernel =>
    kernel({
      name: 'inPlace.add',
      read: { ys: 'f32' },
      write: { xs: 'f32' },
      workgroups: linear(size),
      wgsl: `${linearMain('arrayLength(&xs)')}
  xs[i] += ys[i];
}`,
    }),
);
