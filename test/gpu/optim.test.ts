/** Optimizers against PyTorch's trajectories (`test/fixtures/make.py`), and their state. */
import { full, ones, step, sync, type Tensor, tensor, zeros } from 'kindling';
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  clipGradNorm,
  lrScheduler,
  NAdam,
  RAdam,
  RMSprop,
  SGD,
} from 'kindling/optim';
import { beforeAll, describe, expect, it } from 'vitest';
import { streamStats } from '../../src/stream/stream.js';
import { loadJson } from '../support/fixtures.js';
import { expectClose, setGrads, type Values } from '../support/optimizers.js';

interface Case {
  optimizer: keyof typeof OPTIMIZERS;
  groups: Record<string, number | boolean | number[]>[];
  params: Values[];
  steps: { lr: number; grads: (Values | null)[]; after: Values[] }[];
  /** Names of what PyTorch keeps of the first parameter, besides the step. */
  state: string[];
}

interface OneCycle {
  optimizer: 'SGD' | 'Adam';
  options: Record<string, unknown>;
  lr: number[];
  momentum: number[];
}

let fixtures: { cases: Case[]; oneCycles: OneCycle[] };
beforeAll(async () => {
  fixtures = await loadJson('optimizers.json');
});

const OPTIMIZERS = { SGD, Adadelta, Adam, Adamax, AdamW, RMSprop, Adagrad, NAdam, RAdam };

type Made = InstanceType<(typeof OPTIMIZERS)[keyof typeof OPTIMIZERS]>;

function start({ optimizer, groups, params }: Case): { parameters: Tensor[]; made: Made } {
  const parameters = params.map((values) => tensor(values, { requiresGrad: true }));
  const given = groups.map((options, i) => ({ params: parameters.slice(2 * i, 2 * i + 2), ...camel(options) }));
  return { parameters, made: new OPTIMIZERS[optimizer](given, camel(groups[0] ?? {})) };
}

const camel = (options: Record<string, unknown>): { lr: number } =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name.replace(/_(.)/g, (_, c) => c.toUpperCase()), value]),
  ) as { lr: number };

/** Takes the case's steps from one on. */
async function follow(c: Case, parameters: readonly Tensor[], made: Made, from = 0, to = c.steps.length) {
  for (const { lr, grads, after } of c.steps.slice(from, to)) {
    const [group] = made.paramGroups;
    if (group) group.lr = lr;
    step(() => {
      setGrads(parameters, grads);
      made.step();
    });
    for (const [i, parameter] of parameters.entries()) await expectClose(parameter, after[i] ?? []);
  }
}

describe("trajectories are PyTorch's", () => {
  it.each(Array.from({ length: 16 }, (_, i) => i))('case %i', async (i) => {
    const c = fixtures.cases[i] as Case;
    const { parameters, made } = start(c);
    await follow(c, parameters, made);
    const { step: _, ...held } = made.stateDict().state[0] ?? { step: 0 };
    expect(Object.keys(held).sort()).toEqual(c.state.sort());
  });

  it('and there are no other cases', () => expect(fixtures.cases.length).toBe(20));

  it('after the state went to another optimizer in the middle', async () => {
    for (const c of fixtures.cases) {
      const first = start(c);
      await follow(c, first.parameters, first.made, 0, 2);
      const second = start(c);
      first.parameters.forEach((parameter, p) => void second.parameters[p]?.copy_(parameter));
      second.made.loadStateDict(first.made.stateDict());
      first.made.zeroGrad();
      await follow(c, second.parameters, second.made, 2);
    }
  });

  it('in one step of two updates, each with its own rate', async () => {
    const p = tensor([1], { requiresGrad: true });
    const sgd = new SGD([p], { lr: 1 });
    step(() => {
      setGrads([p], [[1]]);
      sgd.step();
      for (const group of sgd.paramGroups) group.lr = 10;
      sgd.step();
    });
    expect(await p.item()).toBe(1 - 1 - 10);
  });
});

it('a step is one submit, one launch a group, and one write of the numbers of all groups', async () => {
  const params = Array.from({ length: 5 }, () => ones([3]).requiresGrad_());
  const adam = new Adam([{ params: params.slice(0, 2) }, { params: params.slice(2), lr: 0.1 }]);
  for (const p of params) p.sum().backward();
  step(() => adam.step());
  await sync();
  const before = streamStats();
  step(() => adam.step());
  await sync();
  const after = streamStats();
  expect(after.dispatches - before.dispatches).toBe(2);
  expect(after.submits - before.submits).toBe(1);
  expect(after.writes - before.writes).toBe(1);
});

it('clipping the gradients of a group adds two launches', async () => {
  const params = Array.from({ length: 5 }, (_, i) => full([3, i + 1], i).requiresGrad_());
  const adam = new Adam(params);
  let loss = zeros([]);
  for (const p of params) loss = loss.add(p.mul(p).sum());
  loss.backward();
  await sync();
  const before = streamStats();
  const norm = step(() => clipGradNorm(params, 1));
  const square = params.reduce((sum, { size }, i) => sum + size * (2 * i) ** 2, 0);
  expect(await norm.item()).toBeCloseTo(Math.sqrt(square), 4);
  expect(streamStats().dispatches - before.dispatches).toBe(2);
  expect(await params[3]?.grad?.array()).toEqual(
    Array(3).fill(Array(4).fill(expect.closeTo(6 / Math.sqrt(square), 6))),
  );
  adam.step();
}, 60_000);

describe('state', () => {
  it("is numbered and named as PyTorch's", () => {
    const params = [ones([2]).requiresGrad_(), ones([3]).requiresGrad_()];
    const adam = new Adam([{ params: [params[0] as Tensor], lr: 0.5 }, { params: [params[1] as Tensor] }]);
    setGrads(params, [null, [1, 2, 3]]);
    adam.step();
    const { state, paramGroups } = adam.stateDict();
    expect(Object.keys(state)).toEqual(['1']);
    expect(Object.keys(state[1] ?? {})).toEqual(['step', 'exp_avg', 'exp_avg_sq']);
    expect(paramGroups).toEqual([
      { lr: 0.5, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, params: [0] },
      { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, params: [1] },
    ]);
  });

  it('is refused where it does not fit, and nothing changes', () => {
    const made = (shapes: number[][], options = {}) => {
      const params = shapes.map((shape) => ones(shape, { requiresGrad: true }));
      const adam = new Adam(params, options);
      params.forEach((p) => void p.sum().backward());
      adam.step();
      return adam;
    };
    const adam = made([[2], [3]], { lr: 0.25 });
    const before = JSON.stringify(adam.stateDict());
    expect(() => adam.loadStateDict(made([[2]]).stateDict())).toThrow(
      'Adam: group 0 of the state has 1 parameters, not 2',
    );
    expect(() => adam.loadStateDict(made([[2], [4]]).stateDict())).toThrow(
      'Adam: exp_avg of parameter 1 is [4], the parameter [3]',
    );
    const sgd = new SGD([ones([2]), ones([3])], { lr: 1, momentum: 0.5 }).stateDict();
    sgd.state[0] = { step: 1 };
    expect(() => adam.loadStateDict(sgd)).toThrow('Adam: the state is that of SGD');
    const { kind: _, ...unnamed } = sgd;
    expect(() => adam.loadStateDict(unnamed)).toThrow('Adam: the state has no exp_avg for parameter 0');
    expect(JSON.stringify(adam.stateDict())).toBe(before);
  });

  it('follows a scheduler', async () => {
    const p = tensor([0], { requiresGrad: true });
    const sgd = new SGD([p], { lr: 1 });
    const scheduler = new lrScheduler.ExponentialLR(sgd, { gamma: 0.5 });
    for (let i = 0; i < 3; i++) {
      setGrads([p], [[1]]);
      sgd.step();
      scheduler.step();
    }
    expect(await p.item()).toBe(-1.75);
  });
});

it.each([
  ['NAdam', NAdam],
  ['RAdam', RAdam],
] as const)('decoupled weight decay of %s shrinks the parameters, as AdamW does', async (_, Made) => {
  const [decayed, shrunk] = [tensor([1, -2], { requiresGrad: true }), tensor([1, -2], { requiresGrad: true })];
  const decaying = new Made([decayed], { lr: 0.1, weightDecay: 0.5, decoupledWeightDecay: true });
  const plain = new Made([shrunk], { lr: 0.1 });
  for (let i = 1; i <= 8; i++) {
    shrunk.copy_(shrunk.detach().mul(1 - 0.1 * 0.5));
    setGrads(
      [decayed, shrunk],
      [
        [i, 0.5],
        [i, 0.5],
      ],
    );
    decaying.step();
    plain.step();
  }
  await expectClose(decayed, (await shrunk.array()) as number[]);
});

it("NAdam's mu_product is that of all steps so far", () => {
  const p = ones([1]);
  const nadam = new NAdam([p], { momentumDecay: 1 });
  for (let i = 0; i < 3; i++) {
    setGrads([p], [[1]]);
    nadam.step();
  }
  const mu = (t: number) => 0.9 * (1 - 0.5 * 0.96 ** t);
  expect(nadam.stateDict().state[0]?.mu_product).toBeCloseTo(mu(1) * mu(2) * mu(3), 12);
});

describe('OneCycleLR', () => {
  it('has the rates and momenta of PyTorch', () => {
    expect(fixtures.oneCycles.length).toBe(4);
    for (const { optimizer, options, lr, momentum } of fixtures.oneCycles) {
      const made = new OPTIMIZERS[optimizer]([ones([1])], { lr: 1, ...(optimizer === 'SGD' ? { momentum: 0.5 } : {}) });
      const scheduler = new lrScheduler.OneCycleLR(made, { maxLr: 1, ...camel(options) });
      lr.forEach((rate, i) => {
        if (i > 0) scheduler.step();
        const [group] = made.paramGroups as { lr: number; betas?: number[]; momentum?: number }[];
        expect(group?.lr, `${optimizer} ${i}`).toBeCloseTo(rate, 12);
        expect(group?.betas?.[0] ?? group?.momentum, `${optimizer} ${i}`).toBeCloseTo(momentum[i] ?? Number.NaN, 12);
      });
    }
  });

  it('is refused where it makes no sense, and ends', () => {
    const cycle = (options: object) => () =>
      new lrScheduler.OneCycleLR(new RMSprop([ones([1])]), { maxLr: 1, ...options });
    expect(cycle({})).toThrow('OneCycleLR: 0 steps; give totalSteps, or epochs and stepsPerEpoch');
    expect(cycle({ totalSteps: 5, pctStart: 2 })).toThrow('pctStart 2');
    expect(cycle({ totalSteps: 5, maxLr: [1, 2] })).toThrow('maxLr wants a number, or one for each of 1');
    expect(cycle({ totalSteps: 5, annealStrategy: 'square' })).toThrow(
      "annealStrategy is 'square', wants 'cos' or 'linear'",
    );
    const adagrad = new Adagrad([ones([1])]);
    expect(() => new lrScheduler.OneCycleLR(adagrad, { maxLr: 1, totalSteps: 5 })).toThrow('has no momentum');
    const scheduler = new lrScheduler.OneCycleLR(adagrad, { maxLr: 1, totalSteps: 1, cycleMomentum: false });
    scheduler.step();
    expect(() => scheduler.step()).toThrow('step 2 of 1; the cycle is over');
  });
});

it.each<[string, () => unknown, string]>([
  ['no parameters', () => new SGD([], { lr: 1 }), 'SGD: there are no parameters'],
  ['a bad rate', () => new SGD([ones([1])], { lr: -1 }), 'SGD: lr -1 is not a number from 0'],
  ['a bad beta', () => new Adam([ones([1])], { betas: [0.9, 1] }), 'Adam: betas[1] is 1, not from 0 to 1'],
  ['a bad alpha', () => new RMSprop([ones([1])], { alpha: -1 }), 'RMSprop: alpha -1 is not a number from 0'],
  ['a bad decay', () => new Adagrad([ones([1])], { lrDecay: -1 }), 'Adagrad: lrDecay -1 is not a number from 0'],
  ['bad growth', () => new NAdam([ones([1])], { momentumDecay: -1 }), 'NAdam: momentumDecay -1 is not a number from 0'],
  ['nesterov alone', () => new SGD([ones([1])], { lr: 1, nesterov: true }), 'SGD: nesterov wants a momentum'],
  ['integers', () => new Adam([tensor([1], { dtype: 'i32' })]), 'dtype=i32) is no f32 leaf'],
])('refuses %s', (_, make, message) => expect(make).toThrow(message));

it('takes defaults for options that are undefined, and refuses a parameter twice', () => {
  const p = ones([1]);
  expect(new AdamW([p], { lr: undefined, weightDecay: undefined }).paramGroups[0]).toMatchObject({
    lr: 1e-3,
    weightDecay: 0.01,
  });
  expect(() => new Adam([{ params: [p] }, { params: [p] }])).toThrow('a parameter of shape [1] is given twice');
});
