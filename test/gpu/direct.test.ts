/** Convolutions of few channels a group, and their gradients, against the formula in doubles. */
import { grad, type Tensor } from 'kindling';
import { conv2d } from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { directFits, directKernel, directWeightGrad } from '../../src/kernels/conv2d/direct.js';
import { type Conv2dShape, conv2dOutput } from '../../src/kernels/conv2d/shape.js';
import { launch } from '../../src/tensor/launch.js';
import { at, close, gated, gates, type Plain, plain, toTensor, values } from '../support/agree.js';
import { withTail } from '../support/tails.js';

const conv = (groups: number, cg: number, og: number, more: Partial<Conv2dShape> = {}): Conv2dShape => ({
  ...{ n: 2, c: groups * cg, h: 7, w: 9, o: groups * og, kh: 3, kw: 3, strideH: 1, strideW: 1, padH: 1, padW: 1 },
  ...{ dilationH: 1, dilationW: 1, groups },
  ...more,
});

/** y, dx, dweight and dbias in doubles. */
function exactly(s: Conv2dShape, x: Plain, weight: Plain, bias: Plain, dy: Plain) {
  const { oh, ow } = conv2dOutput(s);
  const [cg, og] = [s.c / s.groups, s.o / s.groups];
  const [y, dx, dw, db] = [dy, x, weight, bias].map(({ data }) => new Float64Array(data.length)) as Float64Array[];
  if (!y || !dx || !dw || !db) throw new Error('four arrays');
  dy.data.forEach((g, place) => {
    const [j, i] = [place % ow, Math.floor(place / ow) % oh];
    const [o, image] = [Math.floor(place / (ow * oh)) % s.o, Math.floor(place / (ow * oh * s.o))];
    y[place] = at(y, place) + at(bias.data, o);
    db[o] = at(db, o) + g;
    for (let tap = 0; tap < cg * s.kh * s.kw; tap++) {
      const row = i * s.strideH - s.padH + (Math.floor(tap / s.kw) % s.kh) * s.dilationH;
      const column = j * s.strideW - s.padW + (tap % s.kw) * s.dilationW;
      if (row < 0 || row >= s.h || column < 0 || column >= s.w) continue;
      const channel = Math.floor(o / og) * cg + Math.floor(tap / (s.kw * s.kh));
      const pixel = ((image * s.c + channel) * s.h + row) * s.w + column;
      const by = o * cg * s.kh * s.kw + tap;
      y[place] = at(y, place) + at(x.data, pixel) * at(weight.data, by);
      dx[pixel] = at(dx, pixel) + at(weight.data, by) * g;
      dw[by] = at(dw, by) + at(x.data, pixel) * g;
    }
  });
  const [ys, xs, ws, bs] = [dy, x, weight, bias].map(({ shape }) => shape) as (readonly number[])[];
  return {
    y: plain(ys ?? [], [...y]),
    dx: plain(xs ?? [], [...dx]),
    dw: plain(ws ?? [], [...dw]),
    db: plain(bs ?? [], [...db]),
  };
}

const SHAPES = [
  conv(5, 1, 1),
  conv(3, 1, 3, { h: 14, w: 14 }),
  conv(2, 3, 2, { n: 1 }),
  conv(4, 2, 1, { kh: 1, kw: 1, padH: 0, padW: 0 }),
  conv(3, 1, 1, { strideH: 2, strideW: 2 }),
  conv(3, 1, 2, { strideH: 3, strideW: 1, h: 8 }),
  conv(2, 2, 2, { strideW: 3, padW: 2, w: 11, kw: 4 }),
  conv(3, 1, 1, { dilationH: 2, dilationW: 3, padH: 2, padW: 3 }),
  conv(2, 1, 1, { strideW: 2, dilationW: 3, padW: 5, kw: 3 }),
  conv(2, 1, 1, { kh: 7, kw: 7, padH: 3, padW: 3 }),
  // Taps in several turns, the last of which has fewer.
  conv(2, 1, 1, { kh: 2, kw: 13, padH: 0, padW: 6, w: 13 }),
  // Strips, and rows of taps, that do not come out even.
  conv(2, 1, 1, { n: 3, h: 11, w: 23, padW: 0 }),
  // Rows of padding alone.
  conv(2, 1, 1, { padH: 4, padW: 4, h: 3, w: 3 }),
];

test.each(SHAPES.map((s) => [s]))('%j', async (s) => {
  expect(directFits(s)).toBe(true);
  const { oh, ow } = conv2dOutput(s);
  const [x, weight] = [values([s.n, s.c, s.h, s.w]), values([s.o, s.c / s.groups, s.kh, s.kw])];
  const [bias, dy] = [values([s.o]), values([s.n, s.o, oh, ow])];
  const exact = exactly(s, x, weight, bias, dy);
  const [tx, tw, tb] = [x, weight, bias].map((one) => toTensor(one).requiresGrad_()) as [Tensor, Tensor, Tensor];
  const y = conv2d(tx, tw, tb, {
    ...{ stride: [s.strideH, s.strideW], padding: [s.padH, s.padW], dilation: [s.dilationH, s.dilationW] },
    groups: s.groups,
  });
  y.backward(toTensor(dy));
  await close('y', y, exact.y);
  for (const [name, leaf, wanted] of [
    ['dx', tx, exact.dx],
    ['dw', tw, exact.dw],
    ['db', tb, exact.db],
  ] as const) {
    await close(name, leaf.grad as Tensor, wanted);
  }
});

test('a weight gradient in parts of images is their sum, and repeats to the bit', async () => {
  const s = conv(3, 1, 2, { n: 7, strideW: 2 });
  const { oh, ow } = conv2dOutput(s);
  const [x, weight, dy] = [values([s.n, s.c, s.h, s.w]), values([s.o, 1, 3, 3]), values([s.n, s.o, oh, ow])];
  const exact = exactly(s, x, weight, values([s.o]), dy);
  const [tx, tdy] = [toTensor(x), toTensor(dy)];
  for (const fill of [1, 40, 1e6]) {
    const { partial, partialSize, reduce } = directWeightGrad(s, { fill });
    const run = () => launch(reduce, [launch(partial, [tx, tdy], [partialSize])], weight.shape);
    const first = run();
    await close(`fill ${fill}`, first, exact.dw);
    expect(await first.data()).toEqual(await run().data());
  }
  expect(directWeightGrad(s, { fill: 1 }).partialSize).toBe(54);
  expect(directWeightGrad(s, { fill: 1e6 }).partialSize).toBe(7 * 54);
});

test('a map may follow', async () => {
  const s = conv(5, 1, 1);
  const [x, weight, dy] = [values([s.n, s.c, s.h, s.w]), values([s.o, 1, 3, 3]), values([s.n, s.o, s.h, s.w])];
  const { y } = exactly(s, x, weight, plain([5], [0, 0, 0, 0, 0]), dy);
  const mask = gates(y.shape);
  const kernel = withTail(directKernel({ part: 'forward', shape: s }), y.data.length, 'mask');
  await close('masked', launch(kernel, [toTensor(x), toTensor(weight), toTensor(mask)], y.shape), gated(y, mask));
});

test('layers that differ in sizes alone share a text', () => {
  const text = (s: Conv2dShape) => directKernel({ part: 'forward', shape: s }).wgsl;
  expect(text(conv(8, 1, 1, { h: 56, w: 56 }))).toBe(text(conv(32, 1, 1, { n: 5, h: 112, w: 112 })));
  expect(directFits(conv(1, 1, 1))).toBe(false);
  expect(directFits(conv(2, 5, 1))).toBe(false);
  expect(directFits(conv(2, 1, 5))).toBe(false);
});

test('their second gradients are the other parts', async () => {
  const s = conv(2, 2, 3, { strideH: 2, dilationW: 2, padW: 2 });
  const { oh, ow } = conv2dOutput(s);
  const [x, v] = [values([s.n, s.c, s.h, s.w]), values([s.n, s.c, s.h, s.w])];
  const [weight, dy] = [values([s.o, 2, 3, 3]), values([s.n, s.o, oh, ow])];
  const [tx, tw, tg] = [x, weight, dy].map((one) => toTensor(one).requiresGrad_()) as [Tensor, Tensor, Tensor];
  const y = conv2d(tx, tw, null, { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2 });
  const [dx] = grad(y, [tx], { gradOutputs: tg, createGraph: true }) as [Tensor];
  const [byWeight, byG] = grad(dx.mul(toTensor(v)).sum(), [tw, tg]) as [Tensor, Tensor];
  const wanted = exactly(s, v, weight, plain([s.o], new Array(s.o).fill(0)), dy);
  await close('by the weight', byWeight, wanted.dw);
  await close('by the gradient', byG, wanted.y);
});

test('an infinity stays with the windows that see it', async () => {
  // The last of 13 columns is seen through the last tap alone.
  const s = conv(2, 1, 1, { h: 3, w: 15, padH: 0, padW: 0 });
  const [x, weight, dy] = [values([2, 2, 3, 15]), values([2, 1, 3, 3]), values([2, 2, 1, 13])];
  const spoilt = plain(
    x.shape,
    x.data.map((value, i) => (i % 15 === 14 ? Number.POSITIVE_INFINITY : value)),
  );
  const w = toTensor(weight).requiresGrad_();
  conv2d(toTensor(spoilt), w, null, { groups: 2 }).backward(toTensor(dy));
  const { dw } = exactly(s, spoilt, weight, plain([2], [0, 0]), dy);
  const found = [...(await (w.grad as Tensor).data())];
  expect(found.map((value) => Number.isFinite(value))).toEqual(dw.data.map((value) => Number.isFinite(value)));
  expect(found.some(Number.isFinite)).toBe(true);
});
