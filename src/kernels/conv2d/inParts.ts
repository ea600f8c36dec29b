/**
 * A convolution of few pixels and its input gradient, for GPUs: the products of forward.ts and inputGrad.ts with their sums in parts.
 *
 * Layout: parts are [parts][result]. Launch: see gemm/inParts.ts.
 */
import { splitGemm } from '../gemm/gemm.js';
import { inParts } from '../gemm/inParts.js';
import type { Gemm } from '../gemm/spec.js';
import type { Bias, Split } from '../gemm/split.js';
import { interned } from '../kernel.js';
import { forwardProduct } from './forward.js';
import { inputGradProduct } from './inputGrad.js';
import { type Conv2dShape, derived } from './shape.js';

export interface InPartsSpec {
  shape: Conv2dShape;
  bias?: boolean;
  /** Parts, with the default tile; by default tile and parts are chosen from the shape. */
  splits?: number;
}

const VARIANT = 'workgroup';

/** Null where nothing is cut. */
function split(product: Gemm, splits: number | undefined, size: number, bias?: Bias): Split | null {
  const made = splits ? { ...product, splits } : inParts(product);
  const sizes = { ...made.sizes, size };
  return made.splits > 1 ? (splitGemm({ ...made, sizes }, { output: size }, bias) as Split) : null;
}

/** partial [x, weight] → parts, reduce [parts, bias?] → y. */
export const forwardInParts = /* @__PURE__ */ interned(({ shape, bias, splits }: InPartsSpec): Split | null => {
  const { outPixels } = derived(shape);
  const added: Bias = {
    read: { bias: 'f32' },
    sizes: { outPixels, o: shape.o },
    ofColumn: '',
    of: 'bias[i / params.outPixels % params.o]',
  };
  const product = forwardProduct({ shape, bias: false, variant: VARIANT });
  return split(product, splits, shape.n * shape.o * outPixels, bias ? added : undefined);
});

/** partial [dy, weight] → parts, reduce [parts] → dx. */
export const inputGradInParts = /* @__PURE__ */ interned(({ shape, splits }: InPartsSpec): Split | null =>
  split(inputGradProduct({ shape, variant: VARIANT }), splits, shape.n * shape.c * shape.h * shape.w),
);
