/**
 * Gradient of conv2d for its input, as an implicit matrix product (layout in shape.ts): per group,
 *
 *   dx[c; (n, i, j)] = Σ over taps, o of weight[o, c, tap] · dy[n, o, (i + padH − ky·dilationH) / strideH, (j + …) / strideW]
 *
 * where the position in dy must be whole and inside. The taps are the outer sum, so that this is decided once for all o.
 * Launch: tiles of [c / groups, n · h · w], see gemm/gemm.ts.
 *
 * Passing over the taps that a border pixel lacks (a quarter of the work on 15×15 images, half on 6×6): 34 → 15 ms for
 * [64, 64, 6, 6] × [64, 64, 3, 3] (SwiftShader, processor time of 2 cores, 2026-11).
 */
import { gemm } from '../gemm/gemm.js';
import type { GemmTile, GemmVariant } from '../gemm/spec.js';
import { interned, type Kernel } from '../kernel.js';
import { type Conv2dShape, derived, imagesTogether } from './shape.js';

export interface Conv2dInputGradSpec {
  shape: Conv2dShape;
  variant: GemmVariant;
  tile?: GemmTile;
}

/** [dy, weight] → dx. */
export const conv2dInputGrad = interned(({ shape, variant, tile }: Conv2dInputGradSpec): Kernel => {
  const { n, c, h, w, o, kw, strideH, strideW, padH, padW, dilationH, dilationW, groups } = shape;
  const { oh, ow, cg, og, taps, pixels, outPixels } = derived(shape);
  // Whether tap (ky, kx) of a pixel has an output, from y = i + padH − ky·dilationH and x likewise; they are too large where
  // they wrap. `&` and not `&&`, whose branches take SwiftShader minutes to compile where they are unrolled.
  const exists = [
    ...(strideH > 1 ? [`(y % ${strideH}u == 0u)`] : []),
    ...(strideW > 1 ? [`(x % ${strideW}u == 0u)`] : []),
    `(y / ${strideH}u < ${oh}u)`,
    `(x / ${strideW}u < ${ow}u)`,
  ].join(' & ');
  const tapOf = (y: string, x: string): string =>
    `let y = ${y} - outer / ${kw}u * ${dilationH}u;
  let x = ${x} - outer % ${kw}u * ${dilationW}u;`;
  // With the same pixel of all images side by side, a tile has one pixel, and the taps that it lacks can be passed over.
  const together = imagesTogether(shape, variant);
  const [image, pixel] = together ? [`% ${n}u`, `/ ${n}u`] : [`/ ${pixels}u`, `% ${pixels}u`];
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
      origin: `let pixel = line ${pixel};
  return vec3((line ${image} * ${o}u + batch * ${og}u) * ${outPixels}u, pixel / ${w}u + ${padH}u, pixel % ${w}u + ${padW}u);`,
      run: `${tapOf('origin.y', 'origin.z')}
  return vec3(origin.x + y / ${strideH}u * ${ow}u + x / ${strideW}u, 0u, select(0u, ${og}u, ${exists}));`,
      checked: true,
      stride: outPixels,
      contiguous: 'line',
    },
    rowOffset: `(batch * ${cg}u + row) * ${pixels}u`,
    columnOffset: `column ${image} * ${c * pixels}u + column ${pixel}`,
    skip: together ? 'lacksTap(firstColumn, lastColumn, outer)' : undefined,
    module: `fn lacksTap(firstColumn: u32, lastColumn: u32, outer: u32) -> bool {
  let pixel = firstColumn / ${n}u;
  ${tapOf(`pixel / ${w}u + ${padH}u`, `pixel % ${w}u + ${padW}u`)}
  return pixel == lastColumn / ${n}u && !(${exists});
}`,
  });
});
