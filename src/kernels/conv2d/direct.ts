/**
 * conv2d of few channels a group, a depthwise one most of all, and its gradients, without a matrix product (layout in shape.ts):
 * a product whose groups have one row does 28 times the work that is needed, and its gradients 28 and 100 times.
 *
 * All three are one walk: out[image, plane, i, j] = Σ over k, taps of in[channel(k), y(i, tap), x(j, tap)] · by[k, tap]. Of the
 * gradient by the weight, k are the images, and dy's elements the taps, a stride apart. An invocation owns a strip of a plane's
 * row; in an input gradient the strip's pixels lie a stride apart, so that all have the same taps: others are passed over.
 *
 * Layout: parts of a weight gradient are [parts][o, c / groups, kh, kw], each of so many images; sumParts adds them in order.
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
  /** Of a weight gradient: images to a part. */
  readonly span?: number;
}

/** The strip of 3 to 8 that covers a row with the least left over. */
const stripOf = (width: number): number => {
  const covered = (strip: number): number => Math.ceil(width / strip) * strip;
  return [4, 5, 6, 7, 8, 3].reduce((best, strip) => (covered(strip) < covered(best) ? strip : best));
};

/** [x, weight, bias?] → y, [dy, weight] → dx, or [x, dy] → parts. */
export const directKernel = /* @__PURE__ */ interned(({ part, shape, bias, span = 1 }: DirectSpec): Kernel => {
  const all = sizesOf(shape);
  const { n, c, h, w, o, kh, kw, oh, ow, cg, og, taps, strideH, strideW, padH, padW, dilationH, dilationW } = all;
  const isBack = part === 'inputGrad';
  const isSum = part === 'weightGrad';
  const [[images, planes, height, width], [channels, inHeight, inWidth], [down, across]] = {
    forward: [
      [n, o, oh, ow],
      [c, h, w],
      [kh, kw],
    ] as const,
    inputGrad: [
      [n, c, h, w],
      [o, oh, ow],
      [kh, kw],
    ] as const,
    weightGrad: [
      [Math.ceil(n / span), o * cg, kh, kw],
      [c, h, w],
      [oh, ow],
    ] as const,
  }[part];
  const apart = isBack ? strideW : 1;
  const strip = stripOf(Math.ceil(width / apart));
  const blocks = Math.ceil(width / apart / strip) * apart;
  const size = images * planes * height * blocks;
  const params = { ...{ size, blocks, planes, height, width, channels, inHeight, inWidth, down, across }, n, o, span };
  const u = numbers(params);
  const [stepX, farX] = isSum ? [dilationW, strideW] : [strideW, dilationW];
  // Taps at once; of an input gradient with strides each is there or not.
  const some = range(isBack && stepX > 1 ? 1 : across > 8 ? stripOf(across) : across);
  const meet = (to: string, from: string, tap: string, pad: number, step: number, far: number): string =>
    isBack
      ? `let ${to}Off = ${from} + ${pad + step * far * taps}u - ${tap} * ${far}u;
      if (${to}Off % ${step}u > 0u) { continue; }
      let ${to} = ${to}Off / ${step}u - ${far * taps}u;`
      : `let ${to} = ${from} * ${step}u + ${tap} * ${far}u - ${pad}u;`;
  const each = (line: (p: number) => string): string => range(strip).map(line).join('\n      ');
  const by = (p: number, t: number): number => (isBack ? p - t * farX : p * stepX + t * farX) >>> 0;
  const columns = new Set(range(strip).flatMap((p) => some.map((t) => by(p, t))));
  const exists = across % some.length > 0 ? (t: number) => `tx + ${t}u < ${u.across}` : () => 'true';
  const channel = `/ ${isBack ? cg : og}u * ${isBack ? og : cg}u + `;
  const group = `plane ${channel}k`;
  const [first, end, plane, weight] = isSum
    ? [
        ...[`image * ${u.span}`, `min((image + 1u) * ${u.span}, ${u.n})`],
        ...[`k * ${u.channels} + plane / ${cg}u ${channel}plane % ${cg}u`, `k * ${u.o} + plane / ${cg}u`],
      ]
    : [
        ...['0u', `${isBack ? og : cg}u`, `image * ${u.channels} + ${group}`],
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
  for (var k = ${first}; k < ${end}; k++) {
    for (var ty = 0u; ty < ${u.down}; ty++) {
      ${isSum ? meet('y', 'i0', 'ty', padH, dilationH, strideH) : meet('y', 'i0', 'ty', padH, strideH, dilationH)}
      if (y >= ${u.inHeight}) { continue; }
      let base = ((${plane}) * ${u.inHeight} + y) * ${u.inWidth};
      let first = ((${weight}) * ${u.down} + ty) * ${u.across};
      var line = array<f32, ${strip}>();
      for (var tx = 0u; tx < ${u.across}; tx += ${some.length}u) {
      ${meet('x', 'j0', 'tx', padW, stepX, farX)}
      ${[...columns].map((c) => `let x${c} = select(0.0, xs[base + x + ${c}u], x + ${c}u < ${u.inWidth});`).join('\n      ')}
      ${some.map((t) => `let w${t} = select(0.0, weight[first + tx + ${t}u], ${exists(t)});`).join('\n      ')}
      ${each((p) => `line[${p}] += ${some.map((t) => `w${t} * x${by(p, t)}`).join(' + ')};`)}
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
export function directWeightGrad(shape: Conv2dShape, { fill }: { fill: number }): Split {
  const { n, o, cg, taps } = sizesOf(shape);
  const size = o * cg * taps;
  const span = Math.ceil(n / Math.ceil(Math.min(n, (fill * shape.kw) / size)));
  const parts = Math.ceil(n / span);
  const reduce = sumParts('conv2d.weightGrad.sum', parts, { weightGrad: size });
  return { partial: directKernel({ part: 'weightGrad', shape, span }), partialSize: parts * size, reduce };
}
