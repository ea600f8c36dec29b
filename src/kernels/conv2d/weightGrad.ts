/**
 * Gradients of conv2d for its weight and bias (layout in shape.ts): per group,
 *
 *   dweight[o; (c, ky, kx)] = Σ over n, i, j of dy[n, o, i, j] · x[n, c, i·strideH − padH + ky·dilationH, j·strideW − …]
 *   dbias[o] = Σ over n, i, j of dy[n, o, i, j]
 *
 * A small result and an enormous sum: it is cut into parts, `partial` writes each part and `reduce` adds them in order.
 * The bias gradient is the sum of what the product reads of dy anyway.
 *
 * Layout: parts is [splits][dweight | dbias].
 * Launch: tiles of [o / groups, c / groups · kh · kw] per part, see gemm/gemm.ts; then one invocation per gradient.
 *
 * Runs over 64 images instead of rows of 13: 89 → 71 ms for [64, 32, 15, 15] × [64, 32, 3, 3]; on rows of 30 or of 4 the two
 * are level (SwiftShader, processor time of 2 cores, 2026-11).
 */
import { gemm } from '../gemm/gemm.js';
import type { GemmTile, GemmVariant } from '../gemm/spec.js';
import { type Split, splitsFor, sumParts } from '../gemm/split.js';
import { interned } from '../kernel.js';
import { type Conv2dShape, derived, imagesTogether, padded } from './shape.js';

export interface Conv2dWeightGradSpec {
  shape: Conv2dShape;
  bias: boolean;
  variant: GemmVariant;
  tile?: GemmTile;
  splits?: number;
}

/** partial: [dy, x] → parts; reduce: [parts] → dweight, and dbias if wanted. */
export const conv2dWeightGrad = interned((spec: Conv2dWeightGradSpec): Split => {
  const { shape, bias, variant, tile } = spec;
  const { n, c, h, w, o, kw, strideH, strideW, padH, padW, dilationH, dilationW, groups } = shape;
  const { oh, ow, cg, og, taps, pixels, outPixels } = derived(shape);
  const together = imagesTogether(shape, variant);
  // The outer sum is over output pixels, its runs over images; or the outer sum is over output rows, its runs along a row.
  const [outer, inner] = together ? [oh * ow, n] : [n * oh, ow];
  const wanted = spec.splits ?? splitsFor(variant, { rows: og, columns: cg * taps, batches: groups }, outer * inner);
  const splits = Math.ceil(outer / Math.ceil(outer / Math.min(wanted, outer)));
  const weights = o * cg * taps;
  const size = weights + (bias ? o : 0);
  const partial = gemm({
    name: 'conv2d.weightGrad.partial',
    variant,
    tile,
    batches: groups,
    rows: og,
    columns: cg * taps,
    outer,
    inner,
    splits,
    read: { dy: 'f32', x: 'f32' },
    left: {
      buffer: 'dy',
      origin: `return vec3((batch * ${og}u + line) * ${outPixels}u, 0u, 0u);`,
      run: together
        ? 'return vec3(origin.x + outer, 0u, 0u);'
        : `return vec3(origin.x + outer / ${oh}u * ${o * outPixels}u + outer % ${oh}u * ${ow}u, 0u, 0u);`,
      checked: false,
      stride: together ? o * outPixels : 1,
      contiguous: 'inner',
    },
    right: {
      buffer: 'x',
      // The channel's first pixel, and the tap relative to the window's corner, which wraps when it lies in the padding.
      origin: `let tap = line % ${taps}u;
  return vec3((batch * ${cg}u + line / ${taps}u) * ${pixels}u, tap / ${kw}u * ${dilationH}u - ${padH}u, tap % ${kw}u * ${dilationW}u - ${padW}u);`,
      // Along a row, columns of x are origin.z + k · strideW: `first` and `end` bound the k that lie in the image.
      run: together
        ? `let y = origin.y + outer / ${ow}u * ${strideH}u;
  let x = origin.z + outer % ${ow}u * ${strideW}u;
  return vec3(origin.x + y * ${w}u + x, 0u, select(0u, ${n}u, (y < ${h}u) & (x < ${w}u)));`
        : `let y = origin.y + outer % ${oh}u * ${strideH}u;
  let left = i32(origin.z);
  let first = u32((max(-left, 0) + ${strideW - 1}) / ${strideW});
  let end = u32(max(${w} - left + ${strideW - 1}, 0) / ${strideW});
  let offset = origin.x + outer / ${oh}u * ${c * pixels}u + y * ${w}u + origin.z;
  return vec3(offset, first, select(0u, end - min(first, end), y < ${h}u));`,
      checked: padded(shape),
      stride: together ? c * pixels : strideW,
      contiguous: 'inner',
    },
    rowOffset: `split * ${size}u + (batch * ${og}u + row) * ${cg * taps}u`,
    columnOffset: 'column',
    rowSum: bias ? `split * ${size}u + ${weights}u + batch * ${og}u + row` : undefined,
  });
  const outputs: Record<string, number> = bias ? { weightGrad: weights, biasGrad: o } : { weightGrad: weights };
  return {
    partial,
    partialSize: splits * size,
    reduce: sumParts({ name: 'conv2d.weightGrad.reduce', parts: splits, outputs }),
  };
});
