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
import { type GemmTile, type GemmVariant, runInside, shapeIsData } from '../gemm/spec.js';
import { interned, type Kernel, numbers } from '../kernel.js';
import { type Conv2dShape, derived, imagesTogether, plain, sizesOf } from './shape.js';

export interface Conv2dInputGradSpec {
  shape: Conv2dShape;
  variant: GemmVariant;
  tile?: GemmTile;
}

/** [dy, weight] → dx. */
export const conv2dInputGrad = /* @__PURE__ */ interned(({ shape, variant, tile }: Conv2dInputGradSpec): Kernel => {
  const { n, c, h, w, strideH, strideW, groups } = shape;
  const { cg, og, taps, outPixels } = derived(shape);
  const sizes = { ...sizesOf(shape), image: c * h * w, step: cg * taps };
  const u = numbers(sizes, shapeIsData(variant));
  // Whether tap (ky, kx) of a pixel has an output, from y = i + padH − ky·dilationH and x likewise; they are too large where
  // they wrap. `&` and not `&&`, whose branches take SwiftShader minutes to compile where they are unrolled.
  const along = (at: string, stride: number, name: 'strideH' | 'strideW'): string =>
    stride > 1 ? `${at} / ${u[name]}` : at;
  const [row, column] = [along('y', strideH, 'strideH'), along('x', strideW, 'strideW')];
  const exists = [
    ...(strideH > 1 ? [`(y % ${u.strideH} == 0u)`] : []),
    ...(strideW > 1 ? [`(x % ${u.strideW} == 0u)`] : []),
    `(${row} < ${u.oh})`,
    `(${column} < ${u.ow})`,
  ].join(' & ');
  const tapOf = (y: string, x: string): string =>
    `let y = ${y} - outer / ${u.kw} * ${u.dilationH};
  let x = ${x} - outer % ${u.kw} * ${u.dilationW};`;
  // One tap that every pixel has: a plain product.
  const everywhere = plain(shape);
  // With the same pixel of all images side by side, a tile has one pixel, and the taps that it lacks can be passed over.
  const together = !everywhere && imagesTogether(shape, variant);
  const find = (line: string): string =>
    together
      ? `let pixel = ${line} / ${u.n};
  let image = ${line} - pixel * ${u.n};`
      : `let image = ${line} / ${u.pixels};
  let pixel = ${line} - image * ${u.pixels};`;
  return gemm({
    ...{ name: 'conv2d.inputGrad', variant, tile, sizes },
    ...{ batches: groups, rows: cg, columns: n * h * w, outer: taps, inner: og },
    read: { dy: 'f32', weight: 'f32' },
    left: {
      buffer: 'weight',
      origin: `return vec3((batch * ${u.og} * ${u.cg} + line) * ${u.taps}, 0u, 0u);`,
      ...(!everywhere && { run: 'return vec3(origin.x + outer, 0u, 0u);' }),
      along: u.step,
      contiguous: 'line',
      aligned: everywhere && cg % 4 === 0,
    },
    right: {
      buffer: 'dy',
      origin: `${find('line')}
  let plane = (image * ${u.o} + batch * ${u.og}) * ${u.outPixels};
  ${
    everywhere
      ? 'return vec3(plane + pixel, 0u, 0u);'
      : `let row = pixel / ${u.w};
  return vec3(plane, row + ${u.padH}, pixel - row * ${u.w} + ${u.padW});`
  }`,
      ...(!everywhere && {
        run: `${tapOf('origin.y', 'origin.z')}
  return vec3(origin.x + ${row} * ${u.ow} + ${column}, 0u, select(0u, 1u, ${exists}));`,
      }),
      inside: everywhere ? undefined : runInside,
      along: u.outPixels,
      contiguous: 'line',
      aligned: everywhere && outPixels % 4 === 0,
    },
    rowOffset: `(batch * ${u.cg} + row) * ${u.pixels}`,
    columnOffset: 'addressOf(column)',
    skip: together
      ? {
          tile: (width, columns) =>
            `  let firstColumn = columnTile * ${width}u;\n  let lastColumn = min(firstColumn + ${width - 1}u, ${columns} - 1u);`,
          end: 'select(innerEnd, innerStart, lacksTap(firstColumn, lastColumn, outer))',
        }
      : undefined,
    module: `fn addressOf(column: u32) -> u32 {
  ${find('column')}
  return image * ${u.image} + pixel;
}
${
  together
    ? `fn lacksTap(firstColumn: u32, lastColumn: u32, outer: u32) -> bool {
  let pixel = firstColumn / ${u.n};
  ${tapOf(`pixel / ${u.w} + ${u.padH}`, `pixel % ${u.w} + ${u.padW}`)}
  return pixel == lastColumn / ${u.n} && !(${exists});
}`
    : ''
}`,
  });
});
