/**
 * Max-pooling of planes [.., h, w] to [.., oh, ow]; means are in avgPool.ts. Window (i, j) begins at row i·stride − padding and
 * takes `kernel` rows, `dilation` apart; columns likewise; what lies in the padding is left out.
 *
 * Maximum: the place of each window's first largest element, or of its last NaN, is kept, as its index in the plane; 0xffffffff says that no
 * element gets the window's gradient (a ReLU behind the pooling was at 0). Gradients gather: an element adds up, in order,
 * the gradients of the windows that cover it (and hold it as their maximum). No atomics.
 * Launch: one invocation per output forward, one per input backward. Where the windows of a maximum lie side by side, one
 * per window backward: it writes all its elements, and reads one place and one gradient. On [64, 32, 30, 30] by 2, SwiftShader
 * on two cores, Chromium 156, 2026-11, backward took 13 ms and by element 65; forward 17, and 30 with loops.
 */
import { isNan } from './floats.js';
import { interned, type Kernel, linearKernel } from './kernel.js';
import { range } from './range.js';
import { LOWEST } from './rows.js';

/** WGSL of the place that no element has. */
export const NOWHERE = '0xffffffffu';

/** One spatial dimension. */
export interface PoolAxis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

export interface PoolSpec {
  readonly planes: number;
  readonly y: PoolAxis;
  readonly x: PoolAxis;
  /** What is pooled is a ReLU's: places tell where it lets no gradient through. */
  readonly rectified?: boolean;
}

/** How far the last window reaches past the padded input: more than 0 where sizes were rounded up. */
export const overhang = ({ input, output, kernel: size, stride, padding, dilation }: PoolAxis): number =>
  (output - 1) * stride + (size - 1) * dilation + 1 - input - 2 * padding;

/** WGSL of `name`First and `name`Last: the windows that cover the input coordinate `name`. */
export function covering(
  name: string,
  { input, output, kernel: size, stride, padding, dilation }: PoolAxis,
  adaptive = false,
) {
  if (adaptive) {
    return `let ${name}First = ${name} * ${output}u / ${input}u;
  let ${name}Last = ((${name} + 1u) * ${output}u - 1u) / ${input}u;`;
  }
  const reach = (size - 1) * dilation;
  return `let ${name}First = (max(${name} + ${padding}u, ${reach}u) - ${reach}u + ${stride - 1}u) / ${stride}u;
  let ${name}Last = min((${name} + ${padding}u) / ${stride}u, ${output - 1}u);`;
}

/** WGSL of the coordinates of element i in planes of h × w. */
export const coordinates = (h: number, w: number, prefix = ''): string => `let plane = i / ${h * w}u;
  let ${prefix}y = i / ${w}u % ${h}u;
  let ${prefix}x = i % ${w}u;`;

/** [x] → y, and where in its plane each maximum lies; where x is `rectified`, a ReLU's, NOWHERE for a maximum of 0. */
export const maxPoolKernel = /* @__PURE__ */ interned((spec: PoolSpec): Kernel => {
  const { planes, y, x, rectified } = spec;
  const size = planes * y.output * x.output;
  const made = linearKernel({
    name: 'maxPool2d',
    read: { xs: 'f32' },
    write: { ys: 'f32', places: 'u32' },
    size,
    count: 'arrayLength(&ys)',
    body: `  ${coordinates(y.output, x.output, 'o')}
  let base = plane * ${y.input * x.input}u;
  ${maximum(spec)}
  ys[i] = best;
  places[i] = ${rectified ? `select(place, ${NOWHERE}, bitcast<u32>(best) == 0u)` : 'place'};`,
  });
  return rectified && [y, x].every(halves) ? { ...made, pools: [y.input, x.input] } : made;
});

/** [x, places] → x's elements at the places, 0 of none: the gradient of {@link maxPoolGradKernel}. */
export const maxPoolAgainKernel = /* @__PURE__ */ interned(
  ({ planes, y, x }: PoolSpec): Kernel =>
    linearKernel({
      name: 'maxPool2d.again',
      read: { xs: 'f32', places: 'u32' },
      write: { ys: 'f32' },
      size: planes * y.output * x.output,
      count: 'arrayLength(&ys)',
      body: `  let place = places[i];
  ys[i] = select(0.0, xs[i / ${y.output * x.output}u * ${y.input * x.input}u + place], place != ${NOWHERE});`,
    }),
);

/** Whether windows of 2 lie side by side, and none reaches past the end. */
const halves = (axis: PoolAxis): boolean => inside(axis) && sideBySide(axis) && axis.kernel === 2;

/** Whether no window reaches past the input. */
const inside = (axis: PoolAxis): boolean => axis.padding === 0 && overhang(axis) <= 0;

/** WGSL of `best` and `place` of a window. A small one is written out, which SwiftShader runs in half of the time. */
function maximum({ y, x }: PoolSpec): string {
  const inImage = [y, x].every(inside) ? '' : `if ((y < ${y.input}u) & (x < ${x.input}u)) `;
  // In the padding a coordinate wraps and is too large.
  const element = (ky: string, kx: string): string => `{
    let y = oy * ${y.stride}u + ${ky} * ${y.dilation}u - ${y.padding}u;
    let x = ox * ${x.stride}u + ${kx} * ${x.dilation}u - ${x.padding}u;
    ${inImage}{
      let at = y * ${x.input}u + x;
      let value = xs[base + at];
      let taken = ${isNan('value')} | ((value > best) & !${isNan('best')}) | (place == ${NOWHERE});
      best = select(best, value, taken);
      place = select(place, at, taken);
    }
  }`;
  const taps = y.kernel * x.kernel;
  return `var best = ${LOWEST};
  var place = ${NOWHERE};
  ${
    taps <= 16
      ? range(taps)
          .map((k) => element(`${Math.floor(k / x.kernel)}u`, `${k % x.kernel}u`))
          .join('\n  ')
      : `for (var k = 0u; k < ${taps}u; k++) ${element(`k / ${x.kernel}u`, `k % ${x.kernel}u`)}`
  }`;
}

/** Whether windows neither overlap nor leave gaps, and none reaches into padding. */
const sideBySide = ({ kernel: size, stride, padding, dilation }: PoolAxis): boolean =>
  size === stride && padding === 0 && dilation === 1;

/** [places, g] → dx. */
export const maxPoolGradKernel = /* @__PURE__ */ interned(
  (spec: PoolSpec): Kernel => (sideBySide(spec.y) && sideBySide(spec.x) ? tiledGrad(spec) : coveredGrad(spec)),
);

/**
 * Of windows side by side. What remains of rows and columns past the last whole window makes windows of its own: they get 0
 * unless sizes were rounded up.
 */
function tiledGrad({ planes, y, x }: PoolSpec): Kernel {
  const [rows, columns] = [Math.ceil(y.input / y.kernel), Math.ceil(x.input / x.kernel)];
  const size = planes * rows * columns;
  const whole = rows === y.output && columns === x.output;
  const rest = (name: string, { input, kernel: width }: PoolAxis, offset: number): string[] =>
    // Only a last window lacks elements, and only those past the remainder.
    input % width === 0 || offset < input % width ? [] : [`o${name} < ${Math.floor(input / width)}u`];
  const stores = Array.from({ length: y.kernel * x.kernel }, (_, k) => {
    const [ky, kx] = [Math.floor(k / x.kernel), k % x.kernel];
    const inside = [...rest('y', y, ky), ...rest('x', x, kx)];
    const offset = ky * x.input + kx;
    const store = `dxs[base + ${offset}u] = select(0.0, g, place == first + ${offset}u);`;
    return inside.length === 0 ? store : `if (${inside.join(' && ')}) { ${store} }`;
  });
  const load = `place = places[o];
    g = gs[o];`;
  return linearKernel({
    name: 'maxPool2d.grad',
    read: { places: 'u32', gs: 'f32' },
    write: { dxs: 'f32' },
    size,
    count: `arrayLength(&places)${whole ? '' : ` / ${y.output * x.output}u * ${rows * columns}u`}`,
    body: `  ${coordinates(rows, columns, 'o')}
  let first = oy * ${y.kernel * x.input}u + ox * ${x.kernel}u;
  let base = plane * ${y.input * x.input}u + first;
  var place = ${NOWHERE};
  var g = 0.0;
  let o = ${whole ? 'i' : `plane * ${y.output * x.output}u + oy * ${x.output}u + ox`};
  ${whole ? load : `if (oy < ${y.output}u && ox < ${x.output}u) {\n    ${load}\n  }`}
  ${stores.join('\n  ')}`,
  });
}

/** Of any windows. */
function coveredGrad({ planes, y, x }: PoolSpec): Kernel {
  const size = planes * y.input * x.input;
  return linearKernel({
    name: 'maxPool2d.grad',
    read: { places: 'u32', gs: 'f32' },
    write: { dxs: 'f32' },
    size,
    count: 'arrayLength(&dxs)',
    body: `  ${coordinates(y.input, x.input)}
  let place = i % ${y.input * x.input}u;
  ${covering('y', y)}
  ${covering('x', x)}
  var total = 0.0;
  for (var oy = yFirst; oy <= yLast; oy++) {
    for (var ox = xFirst; ox <= xLast; ox++) {
      let o = plane * ${y.output * x.output}u + oy * ${x.output}u + ox;
      if (places[o] == place) { total += gs[o]; }
    }
  }
  dxs[i] = total;`,
  });
}
