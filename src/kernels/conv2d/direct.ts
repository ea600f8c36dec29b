/**
 * conv2d of few channels a group, a depthwise one most of all, and its gradients, without a matrix product (layout in shape.ts):
 * a product whose groups have one row does 28 times the work that is needed, and its gradients 28 and 100 times.
 *
 * All three are one walk: out[image, plane, i, j] = Σ over k, taps of in[channel(k), y(i, tap), x(j, tap)] · by[k, tap]. Of the
 * gradient by the weight, k are the rows of dy in all images, and a row's elements the taps, a stride apart. An invocation owns
 * a strip of a plane's row, and what it loads meets several taps; in an input gradient the strip's pixels lie a stride apart, so
 * that all have the same taps: others are passed over.
 *
 * Layout: parts of a weight gradient are [parts][o, c / groups, kh, kw], each of so many rows; sumParts adds them in order.
 * Launch: one invocation per strip, neighbours side by side. Most sizes are data: layers that differ in these share a text.
 */
import { type Split, sumParts } from '../gemm/split.js';
import { interned, type Kernel, linearKernel, numbers } from '../kernel.js';
import { range } from '../range.js';
import { type Conv2dShape, sizesOf } from './shape.js';

/** Whether a convolution is done so: of few channels a group. */
export const directFits = (s: Conv2dShape): boolean => s.groups > 1 && Math.max(s.c, s.o) <= 4 * s.groups;

export interface DirectSpec {
  readonly part: 'forward' | 'inputGrad' | 'weightGrad';
  readonly shape: Conv2dShape;
  readonly bias?: boolean;
  /** Of a weight gradient: rows of dy to a part. */
  readonly span?: number;
}

/** Strips of up to 8 that are as many as they must be, and alike. */
const stripOf = (width: number): number => Math.ceil(width / Math.ceil(width / 8));

/** [x, weight, bias?] → y, [dy, weight] → dx, or [x, dy] → parts. */
export const directKernel = /* @__PURE__ */ interned(({ part, shape, bias, span = 1 }: DirectSpec): Kernel => {
  const sizes = sizesOf(shape);
  const { n, c, h, w, o, kh, kw, oh, ow, cg, og, taps, strideH, strideW, padH, padW, dilationH, dilationW } = sizes;
  const isBack = part === 'inputGrad';
  const isSum = part === 'weightGrad';
  const rows = n * oh;
  const [channels, inHeight, inWidth] = isBack ? [o, oh, ow] : [c, h, w];
  const [images, planes, height, width, down, across] = isSum
    ? [Math.ceil(rows / span), o * cg, kh, kw, oh, ow]
    : [n, ...(isBack ? ([c, h, w] as const) : ([o, oh, ow] as const)), kh, kw];
  const apart = isBack ? strideW : 1;
  const strip = stripOf(Math.ceil(width / apart));
  const blocks = Math.ceil(width / apart / strip) * apart;
  const size = images * planes * height * blocks;
  const params = { size, blocks, planes, height, width, channels, inHeight, inWidth, down, across, o, span, rows };
  const u = numbers(params);
  const [stepY, stepX, farY, farX] = isSum
    ? [dilationH, dilationW, strideH, strideW]
    : [strideH, strideW, dilationH, dilationW];
  // Taps at once; of an input gradient with strides each is there or not.
  const some = range(isBack && stepX > 1 ? 1 : stripOf(across));
  const meet = (to: string, from: string, tap: string, pad: number, step: number, far: number): string =>
    isBack
      ? `let ${to}Off = ${from} + ${pad + step * far * taps}u - ${tap} * ${far}u;
      if (${to}Off % ${step}u > 0u) { continue; }
      let ${to} = ${to}Off / ${step}u - ${far * taps}u;`
      : `let ${to} = ${from} * ${step}u + ${tap} * ${far}u - ${pad}u;`;
  const each = (line: (p: number) => string): string => range(strip).map(line).join('\n      ');
  const by = (p: number, t: number): number => (isBack ? p - t * farX : p * stepX + t * farX) >>> 0;
  const columns = new Set(range(strip).flatMap((p) => some.map((t) => by(p, t))));
  const rest = across % some.length || across;
  // Of the last turn some taps may not be there: a NaN that they would meet is none of theirs.
  const term = (p: number, t: number): string =>
    t < rest ? `w${t} * x${by(p, t)}` : `select(0.0, w${t} * x${by(p, t)}, tx + ${t}u < ${u.across})`;
  const [own, others] = isBack ? [cg, og] : [og, cg];
  const group = `plane / ${own}u * ${others}u + k`;
  const [first, length, channelOf, weightOf] = isSum
    ? [
        `image * ${u.span}`,
        `min(${u.span}, ${u.rows} - first)`,
        `k / ${u.down} * ${u.channels} + plane / ${cg * og}u * ${cg}u + plane % ${cg}u`,
        `k / ${u.down} * ${u.o} + plane / ${cg}u`,
      ]
    : [
        '0u',
        `${others}u`,
        `image * ${u.channels} + ${group}`,
        isBack ? `(${group}) * ${cg}u + plane % ${cg}u` : `plane * ${cg}u + k`,
      ];
  return linearKernel({
    name: `conv2d.${part}.direct`,
    read: { xs: 'f32', weight: 'f32', ...(bias && { bias: 'f32' as const }) },
    write: { ys: 'f32' },
    puts: 'ys',
    params,
    size,
    count: u.size,
    flops: 2 * n * o * oh * ow * cg * taps,
    body: `  let row = i / ${u.blocks};
  let block = i % ${u.blocks};
  let i0 = row % ${u.height};
  let j0 = block / ${apart}u * ${strip * apart}u + block % ${apart}u;
  let plane = row / ${u.height} % ${u.planes};
  let image = row / ${u.height} / ${u.planes};
  var sums: array<f32, ${strip}>;
  let first = ${first};
  for (var k = first; k < first + ${length}; k++) {
    for (var ty = ${isSum ? `k % ${u.down}` : '0u'}; ty < ${isSum ? `k % ${u.down} + 1u` : u.down}; ty++) {
      ${meet('y', 'i0', 'ty', padH, stepY, farY)}
      if (y >= ${u.inHeight}) { continue; }
      let base = ((${channelOf}) * ${u.inHeight} + y) * ${u.inWidth};
      let start = ((${weightOf}) * ${u.down} + ty) * ${u.across};
      var line = array<f32, ${strip}>();
      for (var tx = 0u; tx < ${u.across}; tx += ${some.length}u) {
      ${meet('x', 'j0', 'tx', padW, stepX, farX)}
      ${[...columns].map((c) => `let x${c} = select(0.0, xs[base + x + ${c}u], x + ${c}u < ${u.inWidth});`).join('\n      ')}
      ${some.map((t) => `let w${t} = weight[start + tx + ${t}u];`).join('\n      ')}
      ${each((p) => `line[${p}] += ${some.map((t) => term(p, t)).join(' + ')};`)}
      }
      ${each((p) => `sums[${p}] += line[${p}];`)}
    }
  }
  let at = row * ${u.width} + j0;
  ${each(
    (p) =>
      `if (j0 + ${p * apart}u < ${u.width}) { put(sums[${p}]${bias ? ' + bias[plane]' : ''}, at + ${p * apart}u); }`,
  )}`,
  });
});

/** [x, dy] → parts, [parts] → dweight. @param fill invocations that keep the adapter busy */
export const directWeightGrad = /* @__PURE__ */ interned((shape: Conv2dShape, { fill }: { fill: number }): Split => {
  const { n, o, oh, ow, cg, taps } = sizesOf(shape);
  const size = o * cg * taps;
  const rows = n * oh;
  // Lavapipe leaves loops after 65,535 turns.
  const fewest = (rows * (ow + 3)) / 60000;
  const span = Math.ceil(rows / Math.ceil(Math.max(fewest, Math.min(rows / 8, (fill * shape.kw) / size))));
  const parts = Math.ceil(rows / span);
  const reduce = sumParts('conv2d.weightGrad.reduce', parts, { weightGrad: size });
  return { partial: directKernel({ part: 'weightGrad', shape, span }), partialSize: parts * size, reduce };
});
