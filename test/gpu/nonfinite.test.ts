/**
 * Every function at NaN, infinities, zeros, large and small numbers: value and gradients are PyTorch's (fixtures/nonfinite.py),
 * outside of steps and in replayed ones, where products are fused with what follows.
 */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { clipGradNorm } from 'kindling/optim';
import { expect, test } from 'vitest';
import { LOG_SOFTMAX, MASKED_SOFTMAX, SOFTMAX, softmaxKernel } from '../../src/kernels/softmax.js';
import { LOG_SOFTMAX_SLOPE, SOFTMAX_SLOPE, softmaxGradKernel } from '../../src/kernels/softmaxGrad.js';
import { launch } from '../../src/tensor/launch.js';
import { at } from '../support/agree.js';
import { PAIRS, UNARY } from '../support/elementwise.js';
import { callOf as elementwise } from '../support/elementwiseCalls.js';
import { loadJson } from '../support/fixtures.js';
import { ORDER } from '../support/functions.js';

type Printed = number | 'NaN' | 'Infinity' | '-Infinity';
interface Given {
  shape: number[];
  dtype: 'f32' | 'i32' | 'bool';
  data: Printed[];
}
type Case = readonly [string, string[], { shape: number[]; data: Printed[] }, Record<string, Printed[]>];

const { tensors, cases } = await loadJson<{ tensors: Record<string, Given>; cases: Case[] }>('nonfinite.json');

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;
type Call = (...inputs: k.Tensor[]) => k.Tensor;
type Table = Readonly<Record<string, Call>>;

const conv2dPadded: Call = (x, w) => F.conv2d(x as k.Tensor, w as k.Tensor, null, { padding: 1 });

/** How a case is called, where not as the function of its name with its inputs. */
const CALLS = {
  'lerp far': (x: k.Tensor, y: k.Tensor) => k.lerp(x, y, 0.7),
  lerp: (x: k.Tensor, y: k.Tensor) => k.lerp(x, y, 0.3),
  'gaussianNllLoss none': (x: k.Tensor, t: k.Tensor) =>
    F.gaussianNllLoss(x, t, k.fullLike(x, 0.5), { reduction: 'none' }),
  'marginRankingLoss none': (x: k.Tensor, t: k.Tensor) =>
    F.marginRankingLoss(x, k.zerosLike(x), t, { reduction: 'none' }),
  tripletMarginLoss: (x: k.Tensor, y: k.Tensor) => F.tripletMarginLoss(x, y, k.zerosLike(x), { reduction: 'none' }),
  cosineEmbeddingLoss: (x: k.Tensor, y: k.Tensor, target: k.Tensor) =>
    F.cosineEmbeddingLoss(x, y, target, { reduction: 'none' }),
  reshape: (x: k.Tensor) => k.reshape(x, [4, 5]),
  expand: (x: k.Tensor) => k.expand(x, [2, 20]),
  flip: (x: k.Tensor) => k.flip(x, 0),
  flatten: (x: k.Tensor) => k.flatten(k.reshape(x, [4, 5])),
  unsqueeze: (x: k.Tensor) => k.unsqueeze(x, 0),
  narrow: (x: k.Tensor) => k.narrow(x, 0, 0, 5),
  slice: (x: k.Tensor) => k.slice(x, 0, 0, 9, 2),
  select: (x: k.Tensor) => k.select(x, 0, 0),
  split: (x: k.Tensor) => first(k.split(x, 7)),
  chunk: (x: k.Tensor) => first(k.chunk(x, 3)),
  unbind: (x: k.Tensor) => first(k.unbind(x).slice(1)),
  stack: (x: k.Tensor) => k.stack([x, x]),
  cat: (x: k.Tensor) => k.cat([x, x]),
  pad: (x: k.Tensor) => F.pad(x, [1, 2], { value: NAN }),
  tril: (x: k.Tensor) => k.tril(k.reshape(x, [4, 5])),
  triu: (x: k.Tensor) => k.triu(k.reshape(x, [4, 5])),
  'maskedFill -infinite': (x: k.Tensor, mask: k.Tensor) => k.maskedFill(x, mask, -INF),
  'maskedFill NaN': (x: k.Tensor, mask: k.Tensor) => k.maskedFill(x, mask, NAN),
  indexSelect: (x: k.Tensor, picks: k.Tensor) => k.indexSelect(x, 0, picks),
  gather: (x: k.Tensor, picks: k.Tensor) => k.gather(x, 0, picks),
  scatter: (x: k.Tensor, picks: k.Tensor, y: k.Tensor) => k.scatter(x, 0, picks, k.narrow(y, 0, 0, 5)),
  'scatter NaN': (x: k.Tensor, picks: k.Tensor) => k.scatter(x, 0, picks, NAN),
  scatterAdd: (x: k.Tensor, picks: k.Tensor, y: k.Tensor) => k.scatterAdd(x, 0, picks, k.narrow(y, 0, 0, 5)),
  indexAdd: (x: k.Tensor, picks: k.Tensor, y: k.Tensor) => k.indexAdd(x, 0, picks, k.narrow(y, 0, 0, 5), { alpha: 2 }),
  bincount: (picks: k.Tensor) => k.bincount(picks, 8),
  'isclose NaN': (x: k.Tensor, y: k.Tensor) => k.isclose(x, y, { rtol: 0.6, equalNan: true }),
  oneHot: (picks: k.Tensor) => F.oneHot(picks, 6),
  roll: (x: k.Tensor) => k.roll(k.reshape(x, [4, 5]), 2, 1),
  rot90: (x: k.Tensor) => k.rot90(k.reshape(x, [4, 5])),
  unflatten: (x: k.Tensor) => k.unflatten(x, 0, [4, 5]),
  meshgrid: (x: k.Tensor) => first(k.meshgrid([x, k.zeros([2])])),
  repeat: (x: k.Tensor) => k.repeat(x, 2, 1),
  tile: (x: k.Tensor) => k.tile(x, 2),
  repeatInterleave: (x: k.Tensor) => k.repeatInterleave(x, 2),
  diagonal: (x: k.Tensor) => k.diagonal(k.reshape(x, [4, 5])),
  'unfold windows': (x: k.Tensor) => k.unfold(x, 0, 3, 2),
  movedim: (x: k.Tensor) => k.movedim(x, 0, 1),
  einsum: (a: k.Tensor, b: k.Tensor) => k.einsum('ij,jk->ki', a, b),
  bmm: (a: k.Tensor, b: k.Tensor) => k.bmm(k.unsqueeze(a, 0), k.unsqueeze(b, 0)),
  baddbmm: (x: k.Tensor, a: k.Tensor, b: k.Tensor) => k.baddbmm(x, k.unsqueeze(a, 0), k.unsqueeze(b, 0), { alpha: 2 }),
  pixelShuffle: (x: k.Tensor) => F.pixelShuffle(k.reshape(x, [1, 8, 3, 3]), 2),
  pixelUnshuffle: (x: k.Tensor) => F.pixelUnshuffle(x, 2),
  unfold: (x: k.Tensor) => F.unfold(x, 2),
  fold: (x: k.Tensor) => F.fold(k.reshape(x, [1, 8, 9]), 4, 2),
  permute: (x: k.Tensor) => k.permute(x, [1, 0]),
  transpose: (x: k.Tensor) => k.transpose(x, 0, 1),
  'binaryCrossEntropyWithLogits weighted': (x: k.Tensor, t: k.Tensor) =>
    F.binaryCrossEntropyWithLogits(x, t, { posWeight: k.onesLike(t).mul(2), reduction: 'none' }),
  'klDiv logarithms': (x: k.Tensor, t: k.Tensor) => F.klDiv(x, t, { reduction: 'none', logTarget: true }),
  batchNorm: (x: k.Tensor) => F.batchNorm(x, { training: true }),
  layerNorm: (x: k.Tensor) => F.layerNorm(x, [8]),
  rmsNorm: (x: k.Tensor) => F.rmsNorm(x, [8]),
  groupNorm: (x: k.Tensor) => F.groupNorm(x, 4),
  'conv2d padded': conv2dPadded,
  convTranspose2d: (x: k.Tensor, w: k.Tensor) => F.convTranspose2d(x, w, null, { stride: 2 }),
  convTranspose1d: (x: k.Tensor, w: k.Tensor) => F.convTranspose1d(x, k.transpose(w, 0, 1)),
  conv3d: (x: k.Tensor, w: k.Tensor) => F.conv3d(k.unsqueeze(x, 2), k.unsqueeze(w, 2)),
  avgPool1d: (x: k.Tensor) => F.avgPool1d(x, 2),
  adaptiveAvgPool1d: (x: k.Tensor) => F.adaptiveAvgPool1d(x, 3),
  adaptiveMaxPool1d: (x: k.Tensor) => F.adaptiveMaxPool1d(x, 3),
  adaptiveMaxPool2d: (x: k.Tensor) => F.adaptiveMaxPool2d(x, 4),
  rnnTanh: recurrent(F.rnnTanh, 3),
  rnnRelu: recurrent(F.rnnRelu, 3),
  gru: recurrent(F.gru, 9),
  lstm: recurrent(F.lstm, 12),
  maxPool1d: (x: k.Tensor) => F.maxPool1d(x, 2),
  'maxPool1d wide': (x: k.Tensor) => F.maxPool1d(x, { kernelSize: 3, stride: 1, padding: 1 }),
  maxPool2d: (x: k.Tensor) => F.maxPool2d(x, 2),
  'maxPool2d wide': (x: k.Tensor) => F.maxPool2d(x, { kernelSize: 3, stride: 2, padding: 1 }),
  'maxPool2d overlapping': (x: k.Tensor) => F.maxPool2d(x, { kernelSize: 3, stride: 1 }),
  'maxPool2d large': (x: k.Tensor) => F.maxPool2d(x, { kernelSize: 5, stride: 1 }),
  avgPool2d: (x: k.Tensor) => F.avgPool2d(x, 2),
  adaptiveAvgPool2d: (x: k.Tensor) => F.adaptiveAvgPool2d(x, 4),
  interpolate: (x: k.Tensor) => F.interpolate(x, { scaleFactor: 2 }),
  'conv2d relu': (x: k.Tensor, w: k.Tensor) => k.relu(F.conv2d(x, w)),
  'conv2d relu pooled': (x: k.Tensor, w: k.Tensor) => F.maxPool2d(k.relu(conv2dPadded(x, w)), 2),
  'conv2d twice': (x: k.Tensor, w: k.Tensor) => F.conv2d(k.relu(F.conv2d(x, w)), w),
  'conv2d pooled twice': (x: k.Tensor, w: k.Tensor) => F.conv2d(F.maxPool2d(k.relu(conv2dPadded(x, w)), 2), w),
  'linear relu': (x: k.Tensor, w: k.Tensor, b: k.Tensor) => k.relu(F.linear(x, w, b)),
  'linear twice': (x: k.Tensor, w: k.Tensor, b: k.Tensor) => F.linear(k.relu(F.linear(x, w, b)), w, b.detach().mul(0)),
  ...attention('scaledDotProductAttention', 'scaledDotProductAttention added', 'scaledDotProductAttention broken'),
  ...attention('scaledDotProductAttention NaN'),
  ...Object.fromEntries(
    Object.values(ORDER).flatMap(({ pytorch }) =>
      Object.entries(pytorch).flatMap(([name, { call }]) => (call ? [[name, call]] : [])),
    ),
  ),
} as unknown as Table;

function attention(...names: string[]): Table {
  const call: Call = (q, key, v, attnMask) =>
    F.scaledDotProductAttention(q as k.Tensor, key as k.Tensor, v as k.Tensor, { attnMask: attnMask as k.Tensor });
  return Object.fromEntries(names.map((name) => [name, call]));
}

/** The outputs of a layer without biases, of so many rows of the weights. */
function recurrent(run: typeof F.rnnTanh | typeof F.lstm, rows: number): Call {
  return (x, a, b) => {
    const [ih, hh] = [a, b].map((weight) => k.narrow(weight as k.Tensor, 0, 0, rows)) as [k.Tensor, k.Tensor];
    return run(x as k.Tensor, null, { weight_ih_l0: ih, weight_hh_l0: hh })[0];
  };
}

function given(name: string): Given {
  const found = tensors[name];
  if (!found) throw new Error(`no tensor ${name}`);
  return found;
}

function first(tensors: readonly k.Tensor[]): k.Tensor {
  const [tensor] = tensors;
  if (!tensor) throw new Error('no tensor');
  return tensor;
}

const functions = { ...k, ...F } as unknown as Table;

/** The call of a case: that of its line among the elementwise functions, its own, or by the words after the function's name. */
function callOf(name: string): Call {
  if (name in UNARY || name in PAIRS) return elementwise(name);
  const own = CALLS[name];
  if (own) return own;
  const [called = '', word = '', dim = ''] = name.split(' ');
  const fn = functions[called] as unknown as (...args: unknown[]) => k.Tensor;
  if (!fn) throw new Error(`no function ${called}`);
  if (word === 'along') return (x) => fn(x, called.startsWith('cum') ? Number(dim) : { dim: Number(dim) });
  if (called === 'norm')
    return (x) => fn(x, { p: Number(word.replace('infinite', 'Infinity')), dim: Number(name.at(-1)) });
  if (
    called.endsWith('Loss') ||
    called.startsWith('crossEntropy') ||
    called.startsWith('binaryCross') ||
    called === 'klDiv'
  ) {
    const reduction = name.endsWith('mean') ? 'mean' : 'none';
    return (x, t) => fn(x, t, { reduction, ...(name.includes('smooth ') ? { labelSmoothing: 0.1 } : {}) });
  }
  return fn;
}

/** Exports that are no functions of floats: they make tensors, run other functions, or write what others compute. */
const OTHERS = new Set(
  (
    'tensor bernoulli normal randLike randnLike randintLike fullLike zeros ones full arange linspace eye rand randn randint randperm uniform zerosLike onesLike ' +
    'adapter init destroy sync stats onCompile capture step keep print manualSeed randomState setRandomState checkpoint backward grad ' +
    'allclose gradcheck detectAnomaly defineFunction registerHook noGrad enableGrad isGradEnabled ' +
    'add_ sub_ mul_ div_ zero_ fill_'
  ).split(' '),
);

/** Tested below, where numbers are random or types change, or in files of their own. */
const BELOW = new Set(['dropout', 'dropout2d', 'gumbelSoftmax', 'cast', 'ctcLoss', 'maskedSelect', 'nonzero']);

test('the table has every function of floats', () => {
  const called = new Set(cases.map(([name]) => name.split(' ')[0]));
  const missing = Object.keys(functions).filter(
    (name) => !called.has(name) && !OTHERS.has(name) && !/^[A-Z]/.test(name) && !BELOW.has(name),
  );
  expect(missing).toEqual([]);
});

/** The first of `data` that is not as PyTorch has it: NaN, infinities and their signs exactly. */
function difference(what: string, got: ArrayLike<number>, want: readonly number[]): string[] {
  const wrong = want.flatMap((value, i) => {
    const found = at(got, i);
    const fits = Object.is(value, found) || Math.abs(found - value) <= 1e-6 + 2e-4 * Math.abs(value);
    return fits ? [] : [`[${i}] ${found}, not ${value}`];
  });
  return wrong.length > 0 || got.length !== want.length ? [`${what}: ${wrong.slice(0, 6).join('; ')}`] : [];
}

/** Runs a case without the last `less` elements of everything, outside of steps and captured, and gives what differs. */
async function problemsOf([name, names, value, gradients]: Case, less = 0): Promise<string[]> {
  const call = callOf(name);
  const cut = (data: readonly Printed[]): number[] => data.slice(0, data.length - less).map(Number);
  const sized = (shape: readonly number[], data: readonly Printed[]): readonly number[] =>
    less > 0 ? [data.length - less] : shape;
  const inputs = names.map((of) => {
    const { shape, dtype, data } = given(of);
    return k.tensor(cut(data), { dtype, shape: sized(shape, data) }).requiresGrad_(Boolean(gradients[of]));
  });
  const by = inputs.filter((x) => x.requiresGrad);
  const seeds = value.data.map((_, i) => 1 + 0.5 * (i % 3));
  const seed = k.tensor(cut(seeds), { shape: sized(value.shape, seeds) });
  const run = (): k.Tensor[] => {
    const y = call(...inputs);
    return [y, ...(by.length > 0 ? k.grad(y, by, { gradOutputs: seed }) : [])];
  };
  const wanted = [value.data, ...names.flatMap((of) => (gradients[of] ? [gradients[of]] : []))];
  const captured = k.capture(run);
  const problems: string[] = [];
  for (const [how, once] of [
    ['', run],
    ['recorded', captured],
    ['replayed', captured],
  ] as const) {
    const results = await Promise.all(once().map((y) => y.data()));
    results.forEach((data, n) => {
      const what = `${name} ${how} ${n === 0 ? 'value' : `gradient ${n - 1}`}`;
      problems.push(...difference(what, data, cut(wanted[n] ?? [])));
    });
  }
  captured.reset();
  return problems;
}

/** One element after the other: lists go by fours otherwise. */
const ELEMENTWISE = /^(?!(expand|flatten|flip|pad|cumsum|slice|narrow|argm|am|sum|soft)\b)/;

test.each(cases)('%s', async (...one) => {
  const [name, names, value] = one;
  const problems = await problemsOf(one);
  const size = value.shape.length === 1 && names.every((of) => given(of).data.length === value.shape[0]);
  if (size && ELEMENTWISE.test(name)) problems.push(...(await problemsOf(one, 3)));
  expect(problems).toEqual([]);
});

test.each([1, 4, 64])(
  'softmax of a row with NaN, with infinity, of nothing but −∞: by %d invocations',
  async (lanes) => {
    for (const [length, inner] of [
      [200, 1],
      [203, 1],
      [203, 2],
    ] as const) {
      const rows = [NAN, INF, -INF, 0].map((last) =>
        Float32Array.from({ length }, (_, i) => (last === -INF || i === length - 1 ? last : Math.sin(i))),
      );
      const x = k.stack(rows.map((row) => k.tensor(row).unsqueeze(1).expand([length, inner])));
      const spec = { outer: 4, length, inner, lanes };
      for (const [kind, slope] of [
        [SOFTMAX, SOFTMAX_SLOPE],
        [LOG_SOFTMAX, LOG_SOFTMAX_SLOPE],
      ] as const) {
        const y = launch(softmaxKernel(kind, spec), [x], x.shape);
        const dx = launch(softmaxGradKernel(slope, spec), [y, k.onesLike(y)], x.shape);
        for (const made of [y, dx]) {
          const broken = k
            .isnan(made)
            .to('f32')
            .mean({ dim: [1, 2] });
          expect(await broken.array(), `${kind.name} ${length} ${inner}`).toEqual([1, 1, 1, 0]);
        }
      }
      const sums = k.sum(launch(softmaxKernel(MASKED_SOFTMAX, spec), [x], x.shape), { dim: [1, 2] });
      expect((await sums.data()).map(Math.round), 'masked').toEqual(Float32Array.of(NAN, NAN, 0, inner));
    }
  },
);

test('a NaN with a sign, as processors make it, is one too', async () => {
  const bits = Uint32Array.of(0xffc00000, 0xff800001, 0x7f800001, 0x7fc00000);
  const x = k.tensor(new Float32Array(bits.buffer)).requiresGrad_();
  const calls: Table = {
    ...{ relu: k.relu, relu6: F.relu6, elu: F.elu, tanh: k.tanh, exp: k.exp, log: k.log, softplus: F.softplus },
    ...{
      hardsigmoid: F.hardsigmoid,
      pow: (t: k.Tensor) => k.pow(t, 1.5),
      clamp: (t: k.Tensor) => k.clamp(t, { min: 0 }),
    },
    ...{ maximum: (t: k.Tensor) => k.maximum(t, 0), minimum: (t: k.Tensor) => k.minimum(1, t) },
    ...{ amax: (t: k.Tensor) => k.amax(t), norm: (t: k.Tensor) => k.norm(t, { p: INF }) },
    ...{ pool: (t: k.Tensor) => F.maxPool2d(t.reshape([1, 2, 2]), 2), softmax: (t: k.Tensor) => k.softmax(t) },
  } as unknown as Table;
  for (const [name, call] of Object.entries(calls)) {
    expect([...(await call(x).data())].every(Number.isNaN), name).toBe(true);
  }
  expect(await k.isnan(x).array()).toEqual([true, true, true, true]);
  expect(await k.ne(x, x).array()).toEqual([true, true, true, true]);
  expect(await k.ge(x, 0).array()).toEqual([false, false, false, false]);
  expect(await k.argmax(k.cat([k.zeros([3]), x])).item()).toBe(3);
});

test('dropout keeps no NaN out, dropped or not', async () => {
  const x = k.full([1000], NAN);
  for (const p of [0.5, 1]) expect([...(await F.dropout(x, { p }).data())].every(Number.isNaN)).toBe(true);
  const images = k.full([4, 5, 2, 2], NAN);
  expect([...(await F.dropout2d(images, { p: 0.5 }).data())].every(Number.isNaN)).toBe(true);
});

test('gumbelSoftmax of a row with NaN is NaN, and of the others is not', async () => {
  const rows = [...(await F.gumbelSoftmax(k.tensor([1, NAN, 2, 1, 2, 3]).reshape([2, 3])).data())];
  expect(rows.map(Number.isNaN)).toEqual([true, true, true, false, false, false]);
});

test.each([2, INF])('a norm %d that is NaN makes all clipped gradients NaN', async (normType) => {
  const leaves = [5, 4].map((size) => k.zeros([size]).requiresGrad_());
  const [bad, good] = leaves as [k.Tensor, k.Tensor];
  k.sum(bad.mul(k.tensor([1, 2, NAN, 3, 4])))
    .add(k.sum(good))
    .backward();
  expect(await clipGradNorm(leaves, 1, { normType }).item()).toBeNaN();
  expect(await good.grad?.array()).toEqual([NAN, NAN, NAN, NAN]);
});

test('detectAnomaly sees the logarithm of 0 and of less', async () => {
  await expect(k.detectAnomaly(() => k.log(k.tensor([1, 0])).sum())).rejects.toThrow(
    'log of [2]: its value, [2], has a NaN',
  );
  const negative = () => k.log(k.tensor([1, -1])).sum();
  await expect(k.detectAnomaly(negative, { infinities: false })).rejects.toThrow(
    'log of [2]: its value, [2], has a NaN',
  );
});

test('gradients that can be differentiated are the same ones', async () => {
  for (const [name, names, value, gradients] of cases.filter((one) =>
    one[1].every((of) => of === 'x' || of === 'a' || of === 'b'),
  )) {
    const inputs = names.map((of) => k.tensor(given(of).data.map(Number)).requiresGrad_(Boolean(gradients[of])));
    const by = inputs.filter((t) => t.requiresGrad);
    if (by.length === 0) continue;
    const gradOutputs = k.tensor(
      value.data.map((_, i) => 1 + 0.5 * (i % 3)),
      { shape: value.shape },
    );
    const found = k.grad(callOf(name)(...inputs), by, { gradOutputs, createGraph: true });
    const wrong = await Promise.all(
      found.map(async (t, n) =>
        difference(`${name} ${n}`, await t.data(), (gradients[names[n] as string] ?? []).map(Number)),
      ),
    );
    expect(wrong.flat()).toEqual([]);
  }
});
