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
import { loadJson } from '../support/fixtures.js';
import { BELOW, callOf, functions, OTHERS, type Table } from '../support/nonfiniteCalls.js';

type Printed = number | 'NaN' | 'Infinity' | '-Infinity';
interface Given {
  shape: number[];
  dtype: 'f32' | 'i32' | 'bool';
  data: Printed[];
}
type Case = readonly [string, string[], { shape: number[]; data: Printed[] }, Record<string, Printed[]>];

const { tensors, cases } = await loadJson<{ tensors: Record<string, Given>; cases: Case[] }>('nonfinite.json');

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;

function given(name: string): Given {
  const found = tensors[name];
  if (!found) throw new Error(`no tensor ${name}`);
  return found;
}

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
