/**
 * conv2d forward as an implicit matrix product (formula and layout in shape.ts): per group,
 *
 *   y[o; (n, i, j)] = Σ over taps, channels of weight[o; tap, c] · x[(n, i, j); tap, c]
 *
 * with the batch folded into the columns, so that small images fill tiles too. The window's taps are the outer sum: where a
 * tap falls in the image, and whether it does, is found once for all channels.
 * Launch: tiles of [o / groups, n · oh · ow], see gemm/gemm.ts.
 */
import { gemm } from '../gemm/gemm.js';
import type { GemmTile, GemmVariant } from '../gemm/spec.js';
import { interned, type Kernel } from '../kernel.js';
import { type Conv2dShape, derived, padded } from './shape.js';

export interface Conv2dForwardSpec {
  shape: Conv2dShape;
  bias: boolean;
  relu?: boolean;
  variant: GemmVariant;
  tile?: GemmTile;
}

/** [x, weight, bias?] → y. */
export const conv2dForward = interned(({ shape, bias, relu, variant, tile }: Conv2dForwardSpec): Kernel => {
  const { n, c, h, w, o, kw, strideH, strideW, padH, padW, dilationH, dilationW, groups } = shape;
  const { oh, ow, cg, og, taps, pixels, outPixels } = derived(shape);
  return gemm({
    name: 'conv2d.forward',
    variant,
    tile,
    batches: groups,
    rows: og,
    columns: n * oh * ow,
    outer: taps,
    inner: cg,
    read: { x: 'f32', weight: 'f32', ...(bias ? { bias: 'f32' } : {}) },
    left: {
      buffer: 'weight',
      origin: `return vec3((batch * ${og}u + line) * ${cg * taps}u, 0u, 0u);`,
      run: 'return vec3(origin.x + outer, 0u, 0u);',
      checked: false,
      stride: taps,
      contiguous: 'inner',
    },
    right: {
      buffer: 'x',
      // First channel of the group's image, and the window's corner, which wraps when it lies in the padding.
      origin: `let pixel = line % ${outPixels}u;
  return vec3((line / ${outPixels}u * ${c}u + batch * ${cg}u) * ${pixels}u, pixel / ${ow}u * ${strideH}u - ${padH}u, pixel % ${ow}u * ${strideW}u - ${padW}u);`,
      run: `let y = origin.y + outer / ${kw}u * ${dilationH}u;
  let x = origin.z + outer % ${kw}u * ${dilationW}u;
  return vec3(origin.x + y * ${w}u + x, 0u, select(0u, ${cg}u, (y < ${h}u) & (x < ${w}u)));`,
      checked: padded(shape),
      stride: pixels,
      contiguous: 'line',
    },
    rowOffset: `(batch * ${og}u + row) * ${outPixels}u`,
    columnOffset: `column / ${outPixels}u * ${o * outPixels}u + column % ${outPixels}u`,
    rowBias: bias ? `bias[batch * ${og}u + row]` : undefined,
    relu,
  });
});
