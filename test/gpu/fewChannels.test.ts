/** The gradient by an input of few channels, forced, against the formula in doubles. */

import { expect, test } from 'vitest';
import { type ConvWay, convWay, useConvWay } from '../../src/choose/convChoice.js';
import { adapter } from '../../src/gpu/device.js';
import { fewChannelsFits, fewChannelsInputGrad } from '../../src/kernels/conv2d/fewChannels.js';
import { type Conv2dShape, conv2dOutput } from '../../src/kernels/conv2d/shape.js';
import { launch } from '../../src/tensor/launch.js';
import { at, close, gated, gates, type Plain, plain, toTensor, values } from '../support/agree.js';
import { withTail } from '../support/tails.js';

const conv = (n: number, c: number, h: number, w: number, o: number, more: Partial<Conv2dShape> = {}): Conv2dShape => ({
  ...{ n, c, h, w, o, kh: 3, kw: 3, strideH: 1, strideW: 1, padH: 0, padW: 0, dilationH: 1, dilationW: 1, groups: 1 },
  ...more,
});

/** dx in doubles. */
function exactly(s: Conv2dShape, dy: Plain, weight: Plain): Plain {
  const { oh, ow } = conv2dOutput(s);
  const dx = new Float64Array(s.n * s.c * s.h * s.w);
  dy.data.forEach((g, place) => {
    const [j, i] = [place % ow, Math.floor(place / ow) % oh];
    const [o, image] = [Math.floor(place / (ow * oh)) % s.o, Math.floor(place / (ow * oh * s.o))];
    for (let tap = 0; tap < s.c * s.kh * s.kw; tap++) {
      const row = i - s.padH + (Math.floor(tap / s.kw) % s.kh);
      const column = j - s.padW + (tap % s.kw);
      if (row < 0 || row >= s.h || column < 0 || column >= s.w) continue;
      const pixel = ((image * s.c + Math.floor(tap / (s.kw * s.kh))) * s.h + row) * s.w + column;
      dx[pixel] = at(dx, pixel) + at(weight.data, o * s.c * s.kh * s.kw + tap) * g;
    }
  });
  return plain([s.n, s.c, s.h, s.w], [...dx]);
}

const SHAPES = [
  conv(16, 3, 8, 8, 5),
  conv(2, 3, 7, 9, 4, { padH: 1, padW: 1 }),
  conv(3, 1, 5, 6, 2, { kh: 5, kw: 2, padH: 3, padW: 1 }),
  conv(1, 4, 3, 5, 3, { kh: 1, kw: 1 }),
  conv(1, 2, 4, 11, 3, { kh: 2, kw: 4, padH: 0, padW: 3 }),
];

test.each(SHAPES.map((s) => [s]))('dx of %j', async (s) => {
  const { oh, ow } = conv2dOutput(s);
  const [dy, weight, mask] = [values([s.n, s.o, oh, ow]), values([s.o, s.c, s.kh, s.kw]), gates([s.n, s.c, s.h, s.w])];
  const exact = exactly(s, dy, weight);
  const masked = gated(exact, mask);
  for (const subgroups of adapter().subgroupSize >= 4 ? [false, true] : [false]) {
    const [given, weights] = [toTensor(dy), toTensor(weight)];
    const dx = launch(fewChannelsInputGrad({ shape: s, subgroups }), [given, weights], exact.shape);
    await close(`subgroups ${subgroups}`, dx, exact);
    const kernel = withTail(fewChannelsInputGrad({ shape: s, subgroups }), masked.data.length, 'mask');
    await close('masked', launch(kernel, [given, weights, toTensor(mask)], exact.shape), masked);
  }
});

test('it is taken for few channels and stride 1 alone', () => {
  expect(fewChannelsFits(conv(1, 3, 8, 8, 2))).toBe(true);
  expect(fewChannelsFits(conv(1, 5, 8, 8, 2))).toBe(false);
  expect(fewChannelsFits(conv(1, 3, 8, 8, 2, { strideW: 2 }))).toBe(false);
  expect(fewChannelsFits(conv(1, 4, 8, 8, 2, { kh: 5, kw: 5 }))).toBe(false);
});

test('another way to convolve is asked by shape', () => {
  // Of a stride that no other way takes.
  const [mine, others] = [9, 8].map((n) => conv(n, 5, 8, 8, 1, { strideW: 2 })) as [Conv2dShape, Conv2dShape];
  const way: ConvWay = { defaults: ({ n }) => (n === 9 ? { forward: false } : null) };
  useConvWay(way, true);
  expect(convWay(mine)?.defaults(mine)).toEqual({ forward: false });
  expect(convWay(others)?.defaults(others)?.forward).toBeUndefined();
  useConvWay(way, false);
  expect(convWay(mine)).toBeUndefined();
});
