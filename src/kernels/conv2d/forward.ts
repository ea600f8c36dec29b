/**
 * conv2d forward as an implicit matrix product (formula and layout in shape.ts): per group,
 *
 *   y[o; (n, i, j)] = Σ over channels, taps of weight[o; c, tap] · x[(n, i, j); c, tap]
 *
 * with the batch folded into the columns, so that small images fill tiles too. Without padding every tap lies in the image,
 * and one run goes over all channels and taps. With padding `registers` and `subgroups` take the taps as the outer sum: where
 * a tap falls, and whether in the image, is found once for all channels.
 *
 * Pooled, with a window and stride of 2: only the pixels that a window covers are computed, four neighbouring columns to a
 * window, and bias and ReLU come before the maximum, so that values and places are those of conv2d, relu and maxPool2d.
 * Launch: tiles of [o / groups, n · oh · ow], see gemm/gemm.ts.
 */
import { RELU } from '../floats.js';
import { gemm } from '../gemm/gemm.js';
import { pooled } from '../gemm/pooled.js';
import { type Gemm, type GemmTile, type GemmVariant, runInside, shapeIsData } from '../gemm/spec.js';
import { gridSizes, gridWalk } from '../gemm/walk.js';
import { type Element, interned, type Kernel, numbers } from '../kernel.js';
import { type Conv2dShape, derived, padded, plain, sizesOf } from './shape.js';

export interface Conv2dForwardSpec {
  shape: Conv2dShape;
  bias: boolean;
  /** Max-pools the ReLU of y by 2 × 2; y is [n, o, ⌊oh / 2⌋, ⌊ow / 2⌋] then. */
  pool?: boolean;
  variant: GemmVariant;
  tile?: GemmTile;
}

/**
 * [x, weight, bias?] → y; with `pool` also places (u32): where in the plane of oh · ow each maximum lies, or 0xffffffff where
 * it is 0, so that the pool's gradient is the ReLU's too.
 */
export const conv2dForward: (spec: Conv2dForwardSpec) => Kernel = /* @__PURE__ */ interned((spec) => {
  const { oh, ow } = derived(spec.shape);
  const made = gemm(forwardProduct(spec));
  if (spec.pool || oh < 2 || ow < 2) return made;
  return {
    ...made,
    pooled: (height, width) => (height === oh && width === ow ? conv2dForward({ ...spec, pool: true }) : null),
  };
});

/** The product that it is. */
export function forwardProduct({ shape, bias, pool, variant, tile }: Conv2dForwardSpec): Gemm {
  const { n, w, kh, kw, dilationH, dilationW } = shape;
  const { oh, ow, cg, og, taps, pixels } = derived(shape);
  const [ph, pw] = [Math.floor(oh / 2), Math.floor(ow / 2)];
  const checked = padded(shape);
  // Taps are the outer sum where they must be checked; otherwise, and on GPUs, they lie within the run.
  const flat = !checked || variant === 'workgroup';
  const grid = { width: kw, height: kh, column: dilationW, row: dilationH * w, plane: pixels };
  const written = pool ? ph * pw : oh * ow;
  const sizes = { ...sizesOf(shape), ...gridSizes('tap', grid), written, pw, otherChannels: (shape.o - 1) * written };
  const u = numbers(sizes, shapeIsData(variant));
  // Remainders by subtraction: a division is what costs.
  const place = pool
    ? `let window = line / 4u;
  let image = window / ${u.written};
  let pixel = window - image * ${u.written};
  let row = pixel / ${u.pw};
  let i = row * 2u + ((line >> 1u) & 1u);
  let j = (pixel - row * ${u.pw}) * 2u + (line & 1u);`
    : `let image = line / ${u.written};
  let pixel = line - image * ${u.written};
  let i = pixel / ${u.ow};
  let j = pixel - i * ${u.ow};`;
  const column = pool ? 'column / 4u' : 'column';
  // The window's corner wraps when it lies in the padding; so does the address there.
  const inside = (y: string, x: string): string => `(origin.y + ${y} < ${u.h}) & (origin.z + ${x} < ${u.w})`;
  const atTap = inside(`at.z * ${u.dilationH}`, `at.y * ${u.dilationW}`);
  return {
    ...{ name: 'conv2d.forward', variant, tile, sizes, alone: !pool },
    ...{ batches: shape.groups, rows: og, columns: pool ? n * ph * pw * 4 : n * oh * ow },
    ...(flat ? { outer: 1, inner: cg * taps } : { outer: taps, inner: cg }),
    read: { x: 'f32', weight: 'f32', ...(bias && { bias: 'f32' as Element }) },
    left: {
      buffer: 'weight',
      origin: `return vec3((batch * ${u.og} + line) * ${u.weights}, 0u, 0u);`,
      ...(!flat && { run: 'return vec3(origin.x + outer, 0u, 0u);' }),
      along: flat ? '1u' : u.taps,
      contiguous: 'inner',
      aligned: flat && (cg * taps) % 4 === 0,
    },
    right: {
      buffer: 'x',
      // The group's first channel at the window's corner, and the corner.
      origin: `${place}
  let y = i * ${u.strideH} - ${u.padH};
  let x = j * ${u.strideW} - ${u.padW};
  return vec3((image * ${u.c} + batch * ${u.cg}) * ${u.pixels} + y * ${u.w} + x, y, x);`,
      ...(!flat && {
        run: `let y = outer / ${u.kw} * ${u.dilationH};
  let x = outer % ${u.kw} * ${u.dilationW};
  return vec3(origin.x + y * ${u.w} + x, 0u, select(0u, 1u, ${inside('y', 'x')}));`,
      }),
      inside: checked ? (flat ? () => atTap : runInside) : undefined,
      // With one tap a run is the channels alone.
      along: flat && (taps > 1 || checked) ? gridWalk('tap', u) : u.pixels,
      contiguous: 'line',
      aligned: plain(shape) && !pool && pixels % 4 === 0,
    },
    rowOffset: `(batch * ${u.og} + row) * ${u.written}`,
    columnOffset: `${column} + ${column} / ${u.written} * ${u.otherChannels}`,
    rowBias: bias ? `bias[batch * ${u.og} + row]` : undefined,
    pool: pool ? { first: 'placeOf(column)', down: u.ow, ...pooled } : undefined,
    module: pool
      ? `${RELU}
fn placeOf(column: u32) -> u32 {
  let window = column / 4u;
  let pixel = window - window / ${u.written} * ${u.written};
  let row = pixel / ${u.pw};
  return (row * ${u.ow} + pixel - row * ${u.pw}) * 2u;
}`
      : '',
  };
}
