/**
 * Gradient of conv2d for its input, as an implicit matrix product (layout in shape.ts): per group,
 *
 *   dx[c; (n, i, j)] = Σ over taps, o of weight[o, c, tap] · dy[n, o, (i + padH − ky·dilationH) / strideH, (j + …) / strideW]
 *
 * where the position in dy must be whole and inside. The taps are the outer sum, so that this is decided once for all o.
 * Launch: tiles of [c / groups, n · h · w], see gemm/gemm.ts.
 */
import { gemm } from '../gemm/gemm.js';
import type { GemmTile, GemmVariant } from '../gemm/spec.js';
import { interned, type Kernel } from '../kernel.js';
import { type Conv2dShape, derived } from './shape.js';

export interface Conv2dInputGradSpec {
  shape: Conv2dShape;
  variant: GemmVariant;
  tile?: GemmTile;
}

/** [dy, weight] → dx. */
export const conv2dInputGrad = interned(({ shape, variant, tile }: Conv2dInputGradSpec): Kernel => {
  const { n, c, h, w, o, kw, strideH, strideW, padH, padW, dilationH, dilationW, groups } = shape;
  const { oh, ow, cg, og, taps, pixels, outPixels } = derived(shape);
  const whole = [
    ...(strideH > 1 ? [`y % ${strideH}u == 0u`] : []),
    ...(strideW > 1 ? [`x % ${strideW}u == 0u`] : []),
    `y / ${strideH}u < ${oh}u`,
    `x / ${strideW}u < ${ow}u`,
  ].join(' && ');
  return gemm({
    name: 'conv2d.inputGrad',
    variant,
    tile,
    batches: groups,
    rows: cg,
    columns: n * h * w,
    outer: taps,
    inner: og,
    read: { dy: 'f32', weight: 'f32' },
    left: {
      buffer: 'weight',
      origin: `return vec3((batch * ${og * cg}u + line) * ${taps}u, 0u, 0u);`,
      run: 'return vec3(origin.x + outer, 0u, 0u);',
      checked: false,
      stride: cg * taps,
      contiguous: 'line',
    },
    right: {
      buffer: 'dy',
      origin: `let pixel = line % ${pixels}u;
  return vec3((line / ${pixels}u * ${o}u + batch * ${og}u) * ${outPixels}u, pixel / ${w}u + ${padH}u, pixel % ${w}u + ${padW}u);`,
      // Left of or above dy, y and x wrap and are too large.
      run: `let y = origin.y - outer / ${kw}u * ${dilationH}u;
  let x = origin.z - outer % ${kw}u * ${dilationW}u;
  return vec3(origin.x + y / ${strideH}u * ${ow}u + x / ${strideW}u, 0u, select(0u, ${og}u, ${whole}));`,
      checked: true,
      stride: outPixels,
      contiguous: 'line',
    },
    rowOffset: `(batch * ${cg}u + row) * ${pixels}u`,
    columnOffset: `column / ${pixels}u * ${c * pixels}u + column % ${pixels}u`,
  });
});
