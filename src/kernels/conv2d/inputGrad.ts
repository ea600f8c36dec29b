/**
 * Gradient of conv2d for its input, as an implicit matrix product (layout in shape.ts): per group,
 *
 *   dx[c; (n, i, j)] = Σ over taps, o of weight[o, c, tap] · dy[n, o, (i + padH − ky·dilationH) / strideH, (j + …) / strideW]
 *
 * where the position in dy must be whole and inside. The taps are the outer sum, so that this is decided once for all o.
 *
 * With strides a pixel meets only some of the taps, and those with the same remainders of i and j, a *phase*, meet the same: a
 * phase is a batch of the product, over its `first` tap and each strideth from there. With dilation, too, it takes all taps, and
 * looks which it meets.
 *
 * Launch: tiles of [c / groups, n · ⌈h / strideH⌉ · ⌈w / strideW⌉] per group and phase, see gemm/gemm.ts. A phase that lacks the
 * last row or column computes the one before again.
 *
 * Passing over the taps that a border pixel lacks (a quarter of the work on 15×15 images, half on 6×6): 34 → 15 ms for
 * [64, 64, 6, 6] × [64, 64, 3, 3] (SwiftShader, processor time of 2 cores, 2026-11).
 */
import { gemm } from '../gemm/gemm.js';
import { type Gemm, type GemmTile, type GemmVariant, runInside, shapeIsData } from '../gemm/spec.js';
import { interned, numbers } from '../kernel.js';
import { type Conv2dShape, derived, imagesTogether, plain, sizesOf } from './shape.js';

export interface Conv2dInputGradSpec {
  shape: Conv2dShape;
  variant: GemmVariant;
  tile?: GemmTile;
}

/** [dy, weight] → dx. */
export const conv2dInputGrad = /* @__PURE__ */ interned((spec: Conv2dInputGradSpec) => gemm(inputGradProduct(spec)));

/** The product that it is. */
export function inputGradProduct({ shape, variant, tile }: Conv2dInputGradSpec): Gemm {
  const { n, c, h, w, kh, kw, strideH, strideW, dilationH, dilationW, groups } = shape;
  const { oh, ow, cg, og, taps, outPixels } = derived(shape);
  const [rows, columns] = [Math.min(strideH, h), Math.min(strideW, w)];
  const phases = rows * columns;
  const [width, spots] = [Math.ceil(w / strideW), Math.ceil(h / strideH) * Math.ceil(w / strideW)];
  const sizes = { ...sizesOf(shape), image: c * h * w, step: cg * taps, width, spots };
  const u = numbers(sizes, shapeIsData(variant));
  const both = (a: string | number, b: string | number): string => `vec2<u32>(${a}, ${b})`;
  const strided = strideH * strideW > 1;
  const [stride, pad, window] = [both(strideH, strideW), both(u.padH, u.padW), both(u.kh, u.kw)];
  const divided = strided && dilationH * dilationW === 1;
  const step = divided ? stride : both(1, 1);
  const [group, turns] = strided ? [`(batch / ${phases}u)`, 'turns(batch)'] : ['batch', window];
  // One tap that every pixel has: a plain product.
  const everywhere = plain(shape);
  // With the same pixel of all images side by side, a tile has one pixel, and the taps that it lacks can be passed over.
  // Not where a phase computes pixels again: passing over taps in one tile and not in another, an infinite weight gave either NaN or none.
  const together = !everywhere && (h % strideH) + (w % strideW) === 0 && imagesTogether(shape, variant);
  const find = (line: string): string =>
    together
      ? `let pixel = ${line} / ${u.n};
  let image = ${line} - pixel * ${u.n};`
      : `let image = ${line} / ${u.spots};
  let pixel = ${line} - image * ${u.spots};`;
  // Positions that wrap are too large. `&` and not `&&`, whose branches take SwiftShader minutes to compile where they are unrolled.
  const meet = (
    corner: string,
  ): string => `let here = ${corner} - tapOf(batch, outer) * ${both(u.dilationH, u.dilationW)};
  let at = here${strided ? ` / ${stride}` : ''};
  let exists = all(at < ${both(u.oh, u.ow)})${strided && !divided ? ` & all(here % ${stride} == vec2<u32>())` : ''};`;
  return {
    ...{ name: 'conv2d.inputGrad', variant, tile, sizes, flops: 2 * n * c * og * oh * ow * taps },
    ...{ batches: groups * phases, rows: cg, columns: n * spots, inner: og },
    outer: divided ? Math.ceil(kh / strideH) * Math.ceil(kw / strideW) : taps,
    taps: strided ? `${turns}.x * ${turns}.y` : undefined,
    read: { dy: 'f32', weight: 'f32' },
    left: {
      buffer: 'weight',
      origin: `return vec3((${group} * ${u.og} * ${u.cg} + line) * ${u.taps}, 0u, 0u);`,
      run: strided
        ? `let tap = tapOf(batch, outer);
  return vec3(origin.x + tap.x * ${u.kw} + tap.y, 0u, 0u);`
        : 'return vec3(origin.x + outer, 0u, 0u);',
      along: u.step,
      contiguous: 'line',
      aligned: everywhere && cg % 4 === 0,
    },
    right: {
      buffer: 'dy',
      origin: `${find('line')}
  let plane = (image * ${u.o} + ${group} * ${u.og}) * ${u.outPixels};
  return vec3(plane${everywhere ? ' + pixel, 0u, 0u' : `, placeOf(batch, pixel) + ${pad}`});`,
      ...(!everywhere && {
        run: `${meet('origin.yz')}
  return vec3(origin.x + at.x * ${u.ow} + at.y, 0u, select(0u, 1u, exists));`,
      }),
      inside: everywhere ? undefined : runInside,
      along: u.outPixels,
      contiguous: 'line',
      aligned: everywhere && outPixels % 4 === 0,
    },
    rowOffset: `(${group} * ${u.cg} + row) * ${u.pixels}`,
    columnOffset: 'addressOf(batch, column)',
    skip: together ? 'lacksTap(batch, firstColumn, lastColumn, outer)' : undefined,
    module: `${
      strided
        ? `fn phaseOf(batch: u32) -> vec2<u32> { return ${both(`batch / ${columns}u % ${rows}u`, `batch % ${columns}u`)}; }
fn firstOf(batch: u32) -> vec2<u32> { return (phaseOf(batch) + ${pad}) % ${step}; }
fn turns(batch: u32) -> vec2<u32> { return (${window} + ${step} - 1 - firstOf(batch)) / ${step}; }
`
        : ''
    }fn tapOf(batch: u32, outer: u32) -> vec2<u32> {
  let across = ${turns}.y;
  let turn = outer / across;
  return vec2(turn, outer - turn * across)${strided ? ` * ${step} + firstOf(batch)` : ''};
}
fn placeOf(batch: u32, pixel: u32) -> vec2<u32> {
  let row = pixel / ${u.width};
  let at = vec2(row, pixel - row * ${u.width})${strided ? ` * ${stride} + phaseOf(batch)` : ''};
  return at${strided ? ` - select(vec2<u32>(), ${stride}, at >= ${both(u.h, u.w)})` : ''};
}
fn addressOf(batch: u32, column: u32) -> u32 {
  ${find('column')}
  let at = placeOf(batch, pixel);
  return image * ${u.image} + at.x * ${u.w} + at.y;
}
${
  together
    ? `fn lacksTap(batch: u32, firstColumn: u32, lastColumn: u32, outer: u32) -> bool {
  let pixel = firstColumn / ${u.n};
  ${meet(`placeOf(batch, pixel) + ${pad}`)}
  return pixel == lastColumn / ${u.n} && !exists;
}`
    : ''
}`,
  };
}
