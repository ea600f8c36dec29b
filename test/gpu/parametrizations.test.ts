/** Parametrized layers beside PyTorch's (`test/fixtures/training_cases.py`): values, gradients, power iterations, state. */
import { capture, noGrad, ones, step, type Tensor, zeros } from 'kindling';
import * as nn from 'kindling/nn';
import {
  deepcopy,
  functionalCall,
  Linear,
  removeParametrizations,
  Sequential,
  spectralNorm,
  weightNorm,
} from 'kindling/nn';
import { Adam } from 'kindling/optim';
import 'kindling/methods';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadJson } from '../support/fixtures.js';
import { camel, wave } from '../support/waves.js';

interface Case {
  kind: 'weightNorm' | 'spectralNorm';
  layer: keyof typeof LAYERS;
  shape: number[];
  options: Record<string, unknown>;
  names: string[];
  begin: Record<string, number[]>;
  calls: { output: number[]; grads: Record<string, number[]>; buffers: Record<string, number[]> }[];
  removed: { names: string[]; weight: number[] };
}

let cases: Case[];
beforeAll(async () => {
  ({ parametrized: cases } = await loadJson<{ parametrized: Case[] }>('trainingCases.json'));
});

const LAYERS = {
  Linear: () => new Linear(3, 4),
  Conv2d: () => new nn.Conv2d(2, 3, 2),
  ConvTranspose2d: () => new nn.ConvTranspose2d(2, 3, 2),
  BatchNorm1d: () => new nn.BatchNorm1d(3),
};
const KINDS = { weightNorm, spectralNorm };

async function expectNear(got: Tensor | null | undefined, want: readonly number[], what: string): Promise<void> {
  expect(got, what).toBeTruthy();
  expect([...((await got?.data()) ?? [])], what).toEqual(want.map((value) => expect.closeTo(value, 4)));
}

/** A layer as the script begins with it. */
async function begin({ kind, layer, options, names, begin }: Case): Promise<nn.Module> {
  const module = LAYERS[layer]() as nn.Module & { weight: Tensor };
  module.weight.copy_(wave(module.weight.shape, 0.6).add(0.25));
  const weight = (await module.weight.array()) as never;
  expect(KINDS[kind](module, camel(options))).toBe(module);
  const state = module.stateDict();
  expect(Object.keys(state)).toEqual(names);
  for (const [name, want] of Object.entries(begin)) await expectNear(state[`parametrizations.${name}`], want, name);
  if (kind === 'weightNorm') await expectNear(module.weight, [weight].flat(9), 'what it was');
  Object.entries(state).forEach(([name, tensor], i) => {
    if (/^(parametrizations|bias)/.test(name)) tensor.copy_(wave(tensor.shape, 0.4 + 0.15 * i).add(0.25));
  });
  return module;
}

describe("values, gradients and vectors are PyTorch's", () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('case %i', async (n) => {
    const one = cases[n] as Case;
    const module = await begin(one);
    for (const [i, { output, grads, buffers }] of one.calls.entries()) {
      module.train(i < 3).zeroGrad();
      const y = module(wave(one.shape, 1.1 + 0.1 * i));
      y.mul(wave(y.shape, 0.9)).sum().backward();
      await expectNear(y, output, `output ${i}`);
      const parameters = module.namedParameters();
      expect(parameters.map(([name]) => name)).toEqual(Object.keys(grads));
      for (const [name, { grad }] of parameters) await expectNear(grad, grads[name] ?? [], `gradient ${i} of ${name}`);
      const held = Object.fromEntries(module.namedBuffers());
      for (const [name, want] of Object.entries(buffers)) {
        await expectNear(held[`parametrizations.${name}`], want, `${name} ${i}`);
      }
    }
    expect(removeParametrizations(module, 'weight')).toBe(module);
    expect(Object.keys(module.stateDict()).sort()).toEqual([...one.removed.names].sort());
    const weight = Object.fromEntries(module.namedParameters()).weight as nn.Parameter;
    expect([weight instanceof nn.Parameter, weight.requiresGrad, weight.isLeaf]).toEqual([true, true, true]);
    await expectNear(weight, one.removed.weight, 'weight');
    const { output } = one.calls[3] as Case['calls'][number];
    await expectNear(module(wave(one.shape, 1.4)), output, 'output without it');
  });

  it('and there are no other cases', () => expect(cases.length).toBe(9));
});

/** A layer of each kind, one of both. */
const network = (): Sequential => {
  const model = new Sequential(
    weightNorm(new Linear(3, 4)),
    new nn.Tanh(),
    spectralNorm(new Linear(4, 4)),
    spectralNorm(weightNorm(new Linear(4, 2))),
  );
  Object.values(model.stateDict()).forEach(
    (tensor, i) => void tensor.copy_(wave(tensor.shape, 0.3 + 0.1 * i).add(0.1)),
  );
  return model;
};

const values = (model: nn.Module): Promise<unknown> =>
  Promise.all(Object.values(model.stateDict()).map((tensor) => tensor.array()));

describe('a parametrized model', () => {
  it('is trained, in captured steps to the bit, with as many power iterations', async () => {
    const train = async (isCaptured: boolean): Promise<unknown> => {
      const model = network();
      const adam = new Adam(model.parameters(), { lr: 0.05 });
      const body = (x: Tensor): Tensor => {
        adam.zeroGrad();
        const loss = model(x).square().mean();
        loss.backward();
        adam.step();
        return loss;
      };
      const captured = capture(body);
      for (let i = 0; i < 5; i++) await (isCaptured ? captured : body)(wave([8, 3], 0.5 + 0.1 * i)).item();
      if (isCaptured) expect(captured.stats()).toMatchObject({ recordings: 1, replays: 3 });
      model.eval();
      await (isCaptured ? captured : body)(wave([8, 3])).item();
      if (isCaptured) expect(captured.stats()).toMatchObject({ recordings: 2 });
      return values(model);
    };
    const eager = await train(false);
    expect(await train(true)).toEqual(eager);
  });

  it('is recorded anew where a parametrization comes or goes, and nothing else is computed for that', async () => {
    const run = async (isCaptured: boolean): Promise<number[]> => {
      const model = new Linear(3, 4);
      model.parameters().forEach((p) => void p.copy_(wave(p.shape)));
      const body = (x: Tensor): Tensor => model(x).sum();
      const captured = capture(body);
      const seen: number[] = [];
      const call = async (times: number): Promise<void> => {
        for (let i = 0; i < times; i++) seen.push(await (isCaptured ? captured : body)(wave([2, 3], 0.4)).item());
      };
      await call(3);
      spectralNorm(model);
      Object.values(model.stateDict()).forEach((one, i) => void one.copy_(wave(one.shape, 0.3 + 0.1 * i).add(0.1)));
      await call(4);
      removeParametrizations(model, 'weight');
      await call(2);
      // The parameter is the one that it was: the first recording holds again.
      if (isCaptured) expect(captured.stats()).toMatchObject({ recordings: 2, replays: 6 });
      return seen;
    };
    const eager = await run(false);
    expect(new Set(eager.slice(3, 6)).size).toBe(3); // Each has the next vectors.
    expect(await run(true)).toEqual(eager);
  });

  it('may go forward twice before it goes back, inside a step', async () => {
    const [model, other] = [network(), network()];
    const lossOf = (of: nn.Module, by: number): Tensor =>
      of(wave([4, 3], by))
        .square()
        .sum();
    step(() => lossOf(model, 0.7).sub(lossOf(model, 0.2)).backward());
    lossOf(other, 0.7).backward();
    lossOf(other, 0.2).neg().backward();
    for (const [i, { grad }] of model.parameters().entries()) {
      await expectNear(grad, [...((await other.parameters()[i]?.grad?.data()) ?? [])], `gradient ${i}`);
    }
  });

  it('is saved, loaded and copied', async () => {
    const [model, other] = [network().eval(), network().eval()];
    model.parameters().forEach((p) => void p.copy_(p.detach().mul(1.5)));
    const x = wave([4, 3]);
    const want = await model(x).array();
    expect(await other(x).array()).not.toEqual(want);
    other.loadStateDict(model.stateDict());
    expect(await other(x).array()).toEqual(want);
    const copy = deepcopy(model);
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(model.stateDict()));
    model.parameters().forEach((p) => void p.copy_(zeros(p.shape)));
    expect(await copy(x).array()).toEqual(want);
    removeParametrizations(copy.children()[0] as nn.Module, 'weight');
    expect(Object.keys(model.stateDict())[1]).toBe('0.parametrizations.weight.original0');
    expect(await copy(x).array()).toEqual(
      [0, 1, 2, 3].map((i) => (want as number[][])[i]?.map((v) => expect.closeTo(v, 5))),
    );
  });

  it('is called with other originals', async () => {
    const layer = spectralNorm(new Linear(3, 3)).eval();
    const given = wave([3, 3], 0.4).requiresGrad_();
    const y = functionalCall(layer, { 'parametrizations.weight.original': given }, ones([1, 3]));
    const own = layer(ones([1, 3]));
    expect(await y.array()).not.toEqual(await own.array());
    y.sum().backward();
    expect(given.grad?.shape).toEqual([3, 3]);
  });

  it('reads and takes weights', async () => {
    const layer = weightNorm(new Linear(3, 2));
    expect([layer.weight.isLeaf, layer.weight.shape]).toEqual([false, [2, 3]]);
    const value = wave([2, 3], 0.5).add(1);
    layer.weight = value as nn.Parameter;
    await expectNear(layer.weight, [...(await value.data())], 'weight');
    expect(String(layer)).toContain('(parametrizations): ModuleDict(\n    (weight): ParametrizationList(');
    const warned = layer.parameters().map(({ shape }) => shape);
    expect(warned).toEqual([[2], [2, 1], [2, 3]]);
  });
});

describe('removeParametrizations', () => {
  it('may leave what was learned', async () => {
    const layer = spectralNorm(new Linear(3, 2));
    const original = layer.parameters()[1];
    const before = await original?.array();
    removeParametrizations(layer, 'weight', { leaveParametrized: false });
    expect(layer.weight).toBe(original);
    expect(await layer.weight.array()).toEqual(before);
    expect('parametrizations' in layer).toBe(false);
  });

  it('leaves a frozen parameter frozen, and others parametrized', () => {
    const layer = weightNorm(weightNorm(new Linear(3, 2)).requiresGrad_(false), { name: 'bias' });
    removeParametrizations(layer, 'weight');
    expect([layer.weight.requiresGrad, layer.weight instanceof nn.Parameter]).toEqual([false, true]);
    expect(Object.keys(layer.stateDict())).toEqual([
      'weight',
      'parametrizations.bias.original0',
      'parametrizations.bias.original1',
    ]);
  });
});

it.each<[string, () => unknown, string]>([
  [
    'no parameter',
    () => weightNorm(new Linear(2, 2), { name: 'wieght' }),
    "weightNorm: Linear has no parameter in a field 'wieght'",
  ],
  [
    'none at all',
    () => spectralNorm(new Linear(2, 2, { bias: false }), { name: 'bias' }),
    'spectralNorm: Linear has no parameter',
  ],
  ['twice', () => weightNorm(spectralNorm(new Linear(2, 2))), "weightNorm: 'weight' is parametrized already"],
  ['a dimension', () => weightNorm(new Linear(2, 2), { dim: 2 }), 'weightNorm: dim 2 is outside'],
  [
    'nothing to remove',
    () => removeParametrizations(new Linear(2, 2), 'weight'),
    'weight of Linear has no parametrization',
  ],
  [
    'several originals',
    () => removeParametrizations(weightNorm(new Linear(2, 2)), 'weight', { leaveParametrized: false }),
    'weight is computed from 2 tensors; none of them can be left',
  ],
])('refuses %s', (_, make, message) => expect(make).toThrow(message));

it('refuses to be registered in captured functions', () => {
  const layer = new Linear(2, 2);
  let calls = 0;
  const captured = capture(() => {
    if (calls++ > 0) noGrad(() => weightNorm(layer));
    return ones([]);
  });
  captured();
  expect(captured).toThrow('capture: a parametrization is registered or removed inside a captured function');
});
