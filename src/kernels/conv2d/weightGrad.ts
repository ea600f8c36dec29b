/**
 * Gradients of conv2d for its weight and bias (layout in shape.ts): per group,
 *
 *   dweight[o; (c, ky, kx)] = Σ over n, i, j of dy[n, o, i, j] · x[n, c, i·strideH − padH + ky·dilationH, j·strideW − …]
 *   dbias[o] = Σ over n, i, j of dy[n, o, i, j]
 *
 * The bias gradient is the sum of what the product reads of dy anyway. Without padding one run goes over all outputs of the
 * batch; with padding the runs of `registers` and `subgroups` are rows of outputs, or the same output of all images.
 *
 * A small result and an enormous sum: where tiles are too few, it is cut into parts, `partial` writes each part and `reduce`
 * adds them in order.
 *
 * Layout: parts is [splits][dweight | dbias].
 * [64, 32, 15, 15] × [64, 32, 3, 3]: 7.2 GFLOP/s (SwiftShader in Chromium, processor time of 2 cores, 2026-11).
 * Launch: tiles of [o / groups, c / groups · kh · kw] per part, see gemm/gemm.ts; then one invocation per gradient.
 */
import { splitGemm } from '../gemm/gemm.js';
import { type Gemm, type GemmTile, type GemmVariant, partInside, runInside, shapeIsData } from '../gemm/spec.js';
import { cut, type Split, splitsFor, UNIT } from '../gemm/split.js';
import { gridSizes, gridWalk } from '../gemm/walk.js';
import { interned, type Kernel, numbers } from '../kernel.js';
import { type Conv2dShape, derived, imagesTogether, padded, plain, sizesOf } from './shape.js';

export interface Conv2dWeightGradSpec {
  shape: Conv2dShape;
  bias: boolean;
  variant: GemmVariant;
  tile?: GemmTile;
  splits?: number;
}

/**
 * [dy, x] → dweight, dbias?, or a {@link Split}: partial [dy, x] → parts, reduce [parts] → dweight, dbias?.
 */
export const conv2dWeightGrad = /* @__PURE__ */ interned((spec: Conv2dWeightGradSpec): Kernel | Split => {
  const { shape, bias, variant, tile } = spec;
  const { n, c, h, w, o, strideH, strideW, groups } = shape;
  const { oh, ow, cg, og, taps, pixels, outPixels } = derived(shape);
  const checked = padded(shape);
  const flat = !checked || variant === 'workgroup';
  const together = imagesTogether(shape, variant);
  const [outer, inner] = flat ? [1, n * outPixels] : together ? [outPixels, n] : [n * oh, ow];
  const wanted = spec.splits ?? splitsFor(variant, { rows: og, columns: cg * taps, batches: groups }, outer * inner);
  const { splits } = outer === 1 ? cut(inner, wanted, UNIT) : cut(outer, wanted, 1);
  const outputs = o * cg * taps;
  const size = outputs + (bias ? o : 0);
  const sizes = {
    ...sizesOf(shape),
    ...gridSizes('dy', { width: outPixels, height: 1, column: 1, row: 0, plane: o * outPixels }),
    ...gridSizes('x', { width: ow, height: oh, column: strideW, row: strideH * w, plane: c * pixels }),
    ...{ size, outputs, image: c * h * w },
  };
  const u = numbers(sizes, shapeIsData(variant));
  const atTap = (): string => `(origin.y + at.z * ${u.strideH} < ${u.h}) & (origin.z + at.y * ${u.strideW} < ${u.w})`;
  const row = `batch * ${u.og} + row`;
  const product: Gemm = {
    ...{
      name: 'conv2d.weightGrad',
      variant,
      tile,
      sizes,
      batches: groups,
      rows: og,
      columns: cg * taps,
      outer,
      inner,
      splits,
      alone: splits > 1,
      overBatch: true,
    },
    read: { dy: 'f32', x: 'f32' },
    left: {
      buffer: 'dy',
      origin: `return vec3((batch * ${u.og} + line) * ${u.outPixels}, 0u, 0u);`,
      ...(!flat && {
        run: together
          ? 'return vec3(origin.x + outer, 0u, 0u);'
          : `return vec3(origin.x + outer / ${u.oh} * ${u.dyPlane} + outer % ${u.oh} * ${u.ow}, 0u, 0u);`,
      }),
      along: flat ? gridWalk('dy', u) : together ? u.dyPlane : '1u',
      contiguous: 'inner',
      // Four by four only where that is work for all threads.
      aligned: og > 32 && outPixels % 4 === 0,
    },
    right: {
      buffer: 'x',
      // The channel at the tap, and the tap relative to the window's corner, which wraps when it lies in the padding.
      origin: `let tap = line % ${u.taps};
  let y = tap / ${u.kw} * ${u.dilationH} - ${u.padH};
  let x = tap % ${u.kw} * ${u.dilationW} - ${u.padW};
  return vec3((batch * ${u.cg} + line / ${u.taps}) * ${u.pixels} + y * ${u.w} + x, y, x);`,
      ...(!flat && {
        run: together
          ? `let y = outer / ${u.ow} * ${u.strideH};
  let x = outer % ${u.ow} * ${u.strideW};
  let inside = (origin.y + y < ${u.h}) & (origin.z + x < ${u.w});
  return vec3(origin.x + y * ${u.w} + x, 0u, select(0u, ${u.n}, inside));`
          : // Columns of x are origin.z + k · strideW: `first` and `end` bound the k that lie in the image.
            `let y = outer % ${u.oh} * ${u.strideH};
  let left = i32(origin.z);
  let stride = i32(${u.strideW});
  let first = u32((max(-left, 0) + stride - 1) / stride);
  let end = u32(max(i32(${u.w}) - left + stride - 1, 0) / stride);
  let offset = origin.x + outer / ${u.oh} * ${u.image} + y * ${u.w};
  return vec3(offset, first, select(0u, end - min(first, end), origin.y + y < ${u.h}));`,
      }),
      inside: checked ? (flat ? atTap : together ? runInside : partInside) : undefined,
      along: flat ? gridWalk('x', u) : together ? u.image : u.strideW,
      contiguous: 'inner',
      aligned: plain(shape) && pixels % 4 === 0,
    },
    rowOffset: `(${row}) * ${u.weights}`,
    columnOffset: 'column',
    rowSum: bias ? { buffer: 'biasGrad', at: row } : undefined,
  };
  return splitGemm(product, { weightGrad: outputs, ...(bias && { biasGrad: o }) });
});
