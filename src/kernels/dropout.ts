/**
 * Dropout: y[i] = x[i] / (1 − p) where the random word of element e = ⌊i / inner⌋ lies below (1 − p)·2³², else 0. `inner` is
 * 1 for single elements, h·w for whole channels. The gradient is the same launch over g: the mask is recomputed.
 *
 * The word is philox(key = seed, counter = [⌊e / 4⌋, count + stream, 0, 0])[e mod 4], so it depends on no launch shape.
 * Layout: draw is [seed low, seed high, count]. Launch: one invocation per four elements, or for channels one per up to 64
 * elements of a channel, neighbours side by side.
 */
import { nanOf } from './floats.js';
import { f32, interned, type Kernel, kernel, linear, linearMain } from './kernel.js';
import { PHILOX } from './philox.js';

export interface DropoutSpec {
  readonly size: number;
  readonly inner: number;
  readonly p: number;
  readonly stream: number;
}

/** Words below this keep their element. */
export const dropoutThreshold = (p: number): number => Math.min(0xffffffff, Math.floor((1 - p) * 2 ** 32));

/** [x, draw] → y. */
export const dropoutKernel = /* @__PURE__ */ interned(({ size, inner, p, stream }: DropoutSpec): Kernel => {
  const words = (element: string): string =>
    `philox(vec2(draw[0], draw[1]), vec4(${element} / 4u, draw[2] + ${stream >>> 0}u, 0u, 0u))`;
  // What is dropped is multiplied by 0, so that NaN and infinities are NaN; a 0 that compilers know would take them out.
  const kept = (at: string, word: string): string =>
    p === 1
      ? `ys[${at}] = select(0.0, ${nanOf(`xs[${at}]`)}, (bitcast<u32>(xs[${at}]) << 1u) >= 0xff000000u);`
      : `ys[${at}] = xs[${at}] * select(0.0, ${f32(1 / (1 - p))}, ${word} < ${dropoutThreshold(p)}u);`;
  const lanes = Math.ceil(inner / 64);
  const invocations = inner === 1 ? Math.ceil(size / 4) : (size / inner) * lanes;
  const body =
    inner === 1
      ? `  let word = ${words('(i * 4u)')};
  for (var lane = 0u; lane < 4u; lane++) {
    let at = i * 4u + lane;
    if (at < arrayLength(&ys)) { ${kept('at', 'word[lane]')} }
  }`
      : `  let channel = i / ${lanes}u;
  let word = ${words('channel')}[channel % 4u];
  for (var k = i % ${lanes}u; k < ${inner}u; k += ${lanes}u) {
    let at = channel * ${inner}u + k;
    ${kept('at', 'word')}
  }`;
  return kernel({
    name: inner === 1 ? 'dropout' : 'dropout.channels',
    read: { xs: 'f32', draw: 'u32' },
    write: { ys: 'f32' },
    workgroups: linear(invocations),
    wgsl: `${PHILOX}
${linearMain(inner === 1 ? '(arrayLength(&ys) + 3u) / 4u' : `arrayLength(&ys) / ${inner}u * ${lanes}u`)}
${body}
}`,
  });
});
