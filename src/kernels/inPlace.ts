/** What is written where it lies, for leaves alone. Launch: see flat.ts. */
import { type Flat, flatKernel, type Scalar, SOFTWARE_FLAT } from './flat.js';
import { interned, type Kernel } from './kernel.js';

/** x[i] += 1. */
export const incrementKernel = /* @__PURE__ */ interned(
  ({ size, type, flat = SOFTWARE_FLAT }: { size: number; type: Scalar; flat?: Flat }): Kernel =>
    flatKernel({
      name: 'inPlace.increment',
      read: {},
      write: { xs: { walked: type } },
      size,
      flat,
      body: (vector) => `xs[i] += ${vector ? `vec4<${type}>` : type}(1);`,
    }),
);

/** x[i] += y[i]. */
export const addToKernel = /* @__PURE__ */ interned(
  ({ size, flat = SOFTWARE_FLAT }: { size: number; flat?: Flat }): Kernel =>
    flatKernel({
      name: 'inPlace.add',
      read: { ys: { walked: 'f32' } },
      write: { xs: { walked: 'f32' } },
      size,
      flat,
      body: () => 'xs[i] += ys[i];',
    }),
);

/** x[i] += share · (y[i] − x[i]); where the share is 1, x[i] = y[i] to the bit, whatever x[i] is. */
export const approachKernel = /* @__PURE__ */ interned(
  ({ size, flat = SOFTWARE_FLAT }: { size: number; flat?: Flat }): Kernel =>
    flatKernel({
      name: 'inPlace.approach',
      read: { ys: { walked: 'f32' }, share: 'f32' },
      write: { xs: { walked: 'f32' } },
      size,
      flat,
      body: () => `if (share[0] == 1.0) {
  xs[i] = ys[i];
} else {
  xs[i] += share[0] * (ys[i] - xs[i]);
}`,
    }),
);
