/**
 * Means over windows of planes [.., h, w] to [.., oh, ow], as pool.ts has them; what lies in the padding counts as 0. An adaptive
 * mean has oh × ow windows from ⌊i·h/oh⌋ to ⌈(i+1)·h/oh⌉. Gradients gather: an element adds up, in order, what the windows
 * that cover it give it. Launch: one invocation per output forward, one per input backward.
 */
import { blocked } from './blocked.js';
import { interned, type Kernel, linearKernel } from './kernel.js';
import { coordinates, covering, overhang, type PoolAxis, type PoolSpec } from './pool.js';

export interface AvgPoolSpec extends PoolSpec {
  /** Windows from the sizes alone; kernel, stride and padding are not used. */
  readonly adaptive: boolean;
  /** Whether the padding counts in the divisor. */
  readonly countIncludePad: boolean;
  /** The divisor of every window, whatever it covers. */
  readonly divisor?: number | undefined;
}

/** WGSL of `name`Start and `name`End: the input coordinates of window o`name`, those in the padding left out. */
function bounds(name: string, { input, output, kernel: size, stride, padding }: PoolAxis, adaptive: boolean): string {
  if (adaptive) {
    return `let ${name}Start = o${name} * ${input}u / ${output}u;
  let ${name}End = ((o${name} + 1u) * ${input}u + ${output - 1}u) / ${output}u;`;
  }
  return `let ${name}Start = max(o${name} * ${stride}u, ${padding}u) - ${padding}u;
  let ${name}End = min(o${name} * ${stride}u + ${size - padding}u, ${input}u);`;
}

/** WGSL of what the sum of a window is divided by. What hangs over the padding counts in no divisor. */
function divisorOf({ y, x, adaptive, countIncludePad, divisor }: AvgPoolSpec): string {
  if (divisor !== undefined) return `${divisor}.0`;
  if (!countIncludePad || adaptive) return 'f32((yEnd - yStart) * (xEnd - xStart))';
  const extent = (name: string, axis: PoolAxis): string =>
    overhang(axis) > 0
      ? `min(${axis.kernel}u, ${axis.input + 2 * axis.padding}u - o${name} * ${axis.stride}u)`
      : `${axis.kernel}u`;
  return `f32(${extent('y', y)} * ${extent('x', x)})`;
}

/** [x] → y. */
export const avgPoolKernel = /* @__PURE__ */ interned((spec: AvgPoolSpec): Kernel => {
  const { planes, y, x, adaptive } = spec;
  const size = planes * y.output * x.output;
  const longest = (axis: PoolAxis): number =>
    adaptive ? Math.ceil(axis.input / Math.max(1, axis.output)) + 1 : axis.kernel;
  const row = blocked({
    state: { part: '0.0' },
    end: 'xEnd',
    step: '1u',
    turns: longest(x),
    turn: (inner) => `${inner('part')} += xs[base + k];`,
  });
  const rows = blocked({
    state: { total: '0.0' },
    end: 'yEnd',
    step: '1u',
    turns: longest(y),
    turn: (inner) => `
    let base = plane * ${y.input * x.input}u + k * ${x.input}u;
    { var k = xStart; ${row} ${inner('total')} += part; }`,
  });
  return linearKernel({
    name: 'avgPool2d',
    read: { xs: 'f32' },
    write: { ys: 'f32' },
    size,
    count: 'arrayLength(&ys)',
    body: `  ${coordinates(y.output, x.output, 'o')}
  ${bounds('y', y, adaptive)}
  ${bounds('x', x, adaptive)}
  var k = yStart;
  ${rows}
  ys[i] = total / ${divisorOf(spec)};`,
  });
});

/** [g] → dx. */
export const avgPoolGradKernel = /* @__PURE__ */ interned((spec: AvgPoolSpec): Kernel => {
  const { planes, y, x, adaptive } = spec;
  const size = planes * y.input * x.input;
  return linearKernel({
    name: 'avgPool2d.grad',
    read: { gs: 'f32' },
    write: { dxs: 'f32' },
    size,
    count: 'arrayLength(&dxs)',
    body: `  ${coordinates(y.input, x.input)}
  ${covering('y', y, adaptive)}
  ${covering('x', x, adaptive)}
  var total = 0.0;
  for (var oy = yFirst; oy <= yLast; oy++) {
    ${bounds('y', y, adaptive)}
    for (var ox = xFirst; ox <= xLast; ox++) {
      ${bounds('x', x, adaptive)}
      total += gs[plane * ${y.output * x.output}u + oy * ${x.output}u + ox] / ${divisorOf(spec)};
    }
  }
  dxs[i] = total;`,
  });
});
