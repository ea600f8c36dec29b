/** Winograd's filtering, forced, against the formula in doubles. */

import type { Tensor } from 'kindling';
import * as k from 'kindling';
import { conv2d } from 'kindling/nn/functional';
import { useWinograd } from 'kindling/winograd';
import { expect, test } from 'vitest';
import { gemmVariant } from '../../src/choose/variant.js';
import { type Conv2dShape, conv2dOutput } from '../../src/kernels/conv2d/shape.js';
import {
  winogradFits,
  winogradForward,
  winogradInputGrad,
  winogradWeightGrad,
  winogradWins,
} from '../../src/kernels/conv2d/winograd.js';
import { launchWinograd, launchWinogradWeightGrad } from '../../src/ops/winograd.js';
import { at, type Bounds, close, gated, gates, type Plain, plain, toTensor, values } from '../support/agree.js';
import { withTail } from '../support/tails.js';

const conv = (n: number, c: number, h: number, w: number, o: number, padH = 0, padW = padH): Conv2dShape => ({
  ...{ n, c, h, w, o, kh: 3, kw: 3, strideH: 1, strideW: 1, padH, padW, dilationH: 1, dilationW: 1, groups: 1 },
});

interface Exact {
  y: Plain;
  dx: Plain;
  dw: Plain;
  db: Plain;
}

/** Value and gradients in doubles. */
function exactly(s: Conv2dShape, [x, w, b, dy]: readonly [Plain, Plain, Plain, Plain]): Exact {
  const { oh, ow } = conv2dOutput(s);
  const [y, dx, dw, db] = [dy, x, w, b].map(({ data }) => new Float64Array(data.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const { n, c, o } = s;
  for (let place = 0; place < n * o * oh * ow; place++) {
    const [j, i] = [place % ow, Math.floor(place / ow) % oh];
    const [to, image] = [Math.floor(place / (ow * oh)) % o, Math.floor(place / (ow * oh * o))];
    const g = at(dy.data, place);
    let sum = at(b.data, to);
    db[to] = at(db, to) + g;
    for (let tap = 0; tap < c * 9; tap++) {
      const row = i - s.padH + (Math.floor(tap / 3) % 3);
      const column = j - s.padW + (tap % 3);
      if (row < 0 || row >= s.h || column < 0 || column >= s.w) continue;
      const pixel = ((image * c + Math.floor(tap / 9)) * s.h + row) * s.w + column;
      sum += at(w.data, to * c * 9 + tap) * at(x.data, pixel);
      dx[pixel] = at(dx, pixel) + at(w.data, to * c * 9 + tap) * g;
      dw[to * c * 9 + tap] = at(dw, to * c * 9 + tap) + at(x.data, pixel) * g;
    }
    y[place] = sum;
  }
  const as = (data: Float64Array, { shape }: Plain): Plain => plain(shape, [...data]);
  return { y: as(y, dy), dx: as(dx, x), dw: as(dw, w), db: as(db, b) };
}

async function holds(s: Conv2dShape, bounds: Bounds): Promise<void> {
  const { oh, ow } = conv2dOutput(s);
  const given = [[s.n, s.c, s.h, s.w], [s.o, s.c, 3, 3], [s.o], [s.n, s.o, oh, ow]].map((shape) => values(shape)) as [
    Plain,
    Plain,
    Plain,
    Plain,
  ];
  const exact = exactly(s, given);
  const [x, w, b, dy] = given.map(toTensor) as [Tensor, Tensor, Tensor, Tensor];
  const spec = { shape: s, variant: gemmVariant() };
  const name = JSON.stringify(s);
  for (const relu of [false, true]) {
    const want = exact.y.data.map((value) => (relu ? Math.max(value, 0) : value));
    const made = winogradForward({ ...spec, bias: true });
    const output = withTail(made.output, want.length, ...(relu ? ['relu' as const] : []));
    const y = launchWinograd({ ...made, output }, x, w, [b], dy.shape);
    await close(`y of ${name}`, y, plain(dy.shape, want), bounds);
  }
  const biases = exact.y.data.map((value, i) => value - at(given[2].data, Math.floor(i / (oh * ow)) % s.o));
  const y = launchWinograd(winogradForward({ ...spec, bias: false }), x, w, [], dy.shape);
  await close(`unbiased y of ${name}`, y, plain(dy.shape, biases), bounds);
  await close(`dx of ${name}`, launchWinograd(winogradInputGrad(spec), dy, w, [], x.shape), exact.dx, bounds);
  const gate = gates(x.shape);
  const made = winogradInputGrad(spec);
  const output = withTail(made.output, gate.data.length, 'mask');
  const dx = launchWinograd({ ...made, output }, dy, w, [toTensor(gate)], x.shape);
  await close(`masked dx of ${name}`, dx, gated(exact.dx, gate), bounds);
  const both = launchWinogradWeightGrad(winogradWeightGrad({ ...spec, bias: true }), dy, x, [w, b]);
  const [dw] = launchWinogradWeightGrad(winogradWeightGrad({ ...spec, bias: false }), dy, x, [w]);
  for (const [what, got, want] of [
    ['dw', both[0], exact.dw],
    ['db', both[1], exact.db],
    ['dw alone', dw, exact.dw],
  ] as const) {
    if (!got) throw new Error(`no ${what}`);
    await close(`${what} of ${name}`, got, want, bounds);
  }
}

const SHAPES: readonly Conv2dShape[] = [
  // Whole tiles, one tile, and sizes that leave a row, a column or both; every padding, and different ones.
  conv(2, 3, 6, 6, 5),
  conv(1, 1, 3, 3, 1),
  conv(1, 2, 5, 7, 3),
  conv(3, 4, 4, 9, 2, 1),
  conv(1, 3, 5, 4, 2, 2),
  conv(2, 2, 3, 10, 4, 0, 2),
  conv(1, 5, 7, 3, 3, 2, 1),
  conv(1, 1, 1, 1, 1, 1),
  conv(1, 2, 2, 3, 1, 3),
  // Images enough to be taken together.
  conv(17, 3, 5, 6, 4, 1, 0),
];

// Sums of up to 300 products of numbers up to 2.
const bounds = { rtol: 1e-5, atol: 2e-5 };
test('small images', async () => {
  for (const s of SHAPES) await holds(s, bounds);
});

// The bounds of the reference cases; sums of up to 10816 products of numbers up to 2, for a weight's gradient.
const reference = { rtol: 1e-4, atol: 1e-4 };
test('the study', async () => {
  await holds(conv(8, 32, 15, 15, 64), reference);
  await holds(conv(16, 64, 6, 6, 64), reference);
});

test('two runs give the same bits', async () => {
  const s = conv(2, 8, 9, 9, 8, 1);
  const [x, w] = [values([2, 8, 9, 9]), values([8, 8, 3, 3])].map(toTensor) as [Tensor, Tensor];
  const made = winogradForward({ shape: s, variant: gemmVariant(), bias: false });
  const run = async (): Promise<number[]> => [...(await launchWinograd(made, x, w, [], [2, 8, 9, 9]).data())];
  expect(await run()).toEqual(await run());
});

test('conv2d takes it for wide layers', async () => {
  const s = conv(1, 128, 5, 4, 128, 1);
  const given = [[1, 128, 5, 4], [128, 128, 3, 3], [128], [1, 128, 5, 4]].map((shape) => values(shape, -1, 1)) as [
    Plain,
    Plain,
    Plain,
    Plain,
  ];
  const exact = exactly(s, given);
  const [x, w, b, dy] = given.map(toTensor) as [Tensor, Tensor, Tensor, Tensor];
  for (const leaf of [x, w, b]) leaf.requiresGrad_();
  const y = conv2d(x, w, b, { padding: 1 });
  y.backward(dy);
  await close('y', y, exact.y, reference);
  for (const [leaf, want] of [
    [x, exact.dx],
    [w, exact.dw],
    [b, exact.db],
  ] as const) {
    if (!leaf.grad) throw new Error('no gradient');
    await close('gradient', leaf.grad, want, reference);
  }
});

test('where it is taken', () => {
  const taken = (channels: number, software = true) =>
    Object.values(winogradWins(conv(4, channels, 9, 9, 128), software));
  expect(taken(128)).toEqual([true, true, true]);
  expect(taken(64)).toEqual([false, false, true]);
  expect(taken(32)).toEqual([false, false, false]);
  expect(taken(128, false)).toEqual([false, false, false]);
});

test('what it cannot do', () => {
  const s = conv(1, 2, 8, 8, 2);
  expect(winogradFits(s)).toBe(true);
  const others = [
    { kh: 5 },
    { kw: 1 },
    { strideH: 2 },
    { strideW: 2 },
    { dilationH: 2 },
    { dilationW: 2 },
    { groups: 2 },
  ];
  for (const other of others) expect(winogradFits({ ...s, ...other })).toBe(false);
});

test('a captured step follows useWinograd, and importing it changes nothing', async () => {
  useWinograd(false);
  const weight = k.randn([128, 128, 3, 3]);
  const train = k.capture((x: Tensor) => conv2d(x, weight));
  const x = k.randn([1, 128, 6, 6]);
  const launches = async (): Promise<number> => {
    for (let turn = 0; turn < 3; turn++) await train(x).data();
    return train.stats().dispatches;
  };
  const direct = await launches();
  useWinograd();
  const mapped = await launches();
  useWinograd(false);
  expect([direct, mapped, await launches()]).toEqual([direct, k.adapter().isSoftware ? 4 : direct, direct]);
  expect(direct).toBeLessThan(4);
  expect(() => useWinograd('yes' as never)).toThrow("useWinograd: on is 'yes', wants true or false");
});
