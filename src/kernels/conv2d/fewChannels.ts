/**
 * Gradient of conv2d for an input of few channels, as RGB, by sliding windows (layout in shape.ts; stride, dilation and
 * groups are 1):
 *
 *   dx[n, c, i, j] = Σ over o, ky, kx of weight[o, c, ky, kx] · dy[n, o, i + padH − ky, j + padW − kx]
 *
 * As a matrix product this loads each dy once per tap, for no more than c rows. Here an invocation owns a block of `ROWS` ×
 * `COLUMNS` pixels of dx in all channels, and loads the rectangle of dy that it depends on once per o.
 * Launch: one invocation per block, the images side by side, in workgroups of a quad. With subgroups a quad shares what it
 * loads of the weight.
 *
 * [16, 3, 32, 32] × [32, 3, 3, 3], SwiftShader on two cores, Dawn in Node, 2026-11, least of four rounds: as a product
 * 9.5 ms; blocks of 1 × 4 4.8, 2 × 4 3.4, 4 × 4 3.3, 1 × 8 4.3, 2 × 8 5.8, 1 × 16 11; tap rows in a loop, 1 × 16 5.2.
 */
import { interned, type Kernel, kernel, LINEAR_WORKGROUP, linear } from '../kernel.js';
import { range } from '../range.js';
import { type Conv2dShape, conv2dOutput } from './shape.js';

const ROWS = 2;
const COLUMNS = 4;
const QUAD = 4;

export interface FewChannelsSpec {
  shape: Conv2dShape;
  /** Whether lanes of a quad may swap. */
  subgroups: boolean;
}

/** Whether a convolution can be done so, and its unrolled text stays short. */
export const fewChannelsFits = (s: Conv2dShape): boolean =>
  s.c <= 4 &&
  s.c * s.kh * s.kw <= 80 &&
  [s.strideH, s.strideW, s.dilationH, s.dilationW, s.groups].every((value) => value === 1);

/** [dy, weight] → dx. */
export const fewChannelsInputGrad = /* @__PURE__ */ interned(({ shape, subgroups }: FewChannelsSpec): Kernel => {
  const { n, c, h, w, o, kh, kw, padH, padW } = shape;
  const { oh, ow } = conv2dOutput(shape);
  const [down, across] = [Math.ceil(h / ROWS), Math.ceil(w / COLUMNS)];
  const blocks = n * down * across;
  const taps = c * kh * kw;
  const [high, wide] = [range(ROWS + kh - 1), range(COLUMNS + kw - 1)];
  const pixels = range(c).flatMap((ch) =>
    range(ROWS).flatMap((r) =>
      range(COLUMNS).map((p) => ({ ch, r, p, sum: `sums[${(ch * ROWS + r) * COLUMNS + p}]` })),
    ),
  );
  // Positions outside the image wrap or are too large, and are read as 0.
  const window = high.flatMap((y) => [
    `let line${y} = base + ${y * ow}u;`,
    ...wide.map((x) => `let dy${y}_${x} = select(0.0, dy[line${y} + ${x}u], row${y} & column${x});`),
  ]);
  const weights = subgroups
    ? [
        ...range(Math.ceil(taps / QUAD)).map(
          (g) => `let shared${g} = weight[first + min(${g * QUAD}u + quad, ${taps - 1}u)];`,
        ),
        ...range(taps).map((t) => `let w${t} = quadBroadcast(shared${Math.floor(t / QUAD)}, ${t % QUAD}u);`),
      ]
    : range(taps).map((t) => `let w${t} = weight[first + ${t}u];`);
  const sums = pixels.map(({ ch, r, p, sum }) => {
    const products = range(kh * kw).map((tap) => {
      const [ky, kx] = [Math.floor(tap / kw), tap % kw];
      return `dy${r + kh - 1 - ky}_${p + kw - 1 - kx} * w${ch * kh * kw + tap}`;
    });
    return `${sum} += ${products.join(' + ')};`;
  });
  const stores = pixels.map(({ ch, r, p, sum }) => {
    return `if (i + ${r}u < ${h}u && j + ${p}u < ${w}u) { put(${sum}, at + ${(ch * h + r) * w + p}u); }`;
  });
  return kernel({
    name: 'conv2d.inputGrad.few',
    read: { dy: 'f32', weight: 'f32' },
    write: { dx: 'f32' },
    puts: 'dx',
    workgroups: linear(Math.ceil(blocks / QUAD) * LINEAR_WORKGROUP),
    flops: 2 * n * o * oh * ow * taps,
    wgsl: `@compute @workgroup_size(${QUAD})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32${subgroups ? ', @builtin(subgroup_invocation_id) subgroupLane: u32' : ''}) {
  // Lanes past the end repeat the last block, and store it again.
  let block = min((group.x + group.y * groups.x) * ${QUAD}u + lane, ${blocks - 1}u);
  ${subgroups ? 'let quad = subgroupLane & 3u;' : ''}
  let image = block % ${n}u;
  let i = block / ${n}u % ${down}u * ${ROWS}u;
  let j = block / ${n * down}u * ${COLUMNS}u;
  let top = i + ${padH}u - ${kh - 1}u;
  let left = j + ${padW}u - ${kw - 1}u;
  ${high.map((y) => `let row${y} = top + ${y}u < ${oh}u;`).join(' ')}
  ${wide.map((x) => `let column${x} = left + ${x}u < ${ow}u;`).join(' ')}
  var sums: array<f32, ${pixels.length}>;
  for (var o = 0u; o < ${o}u; o++) {
    let base = ((image * ${o}u + o) * ${oh}u + top) * ${ow}u + left;
    let first = o * ${taps}u;
    ${[...window, ...weights, ...sums].join('\n    ')}
  }
  let at = (image * ${c * h}u + i) * ${w}u + j;
  ${stores.join('\n  ')}
}`,
  });
});
