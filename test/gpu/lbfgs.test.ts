/** L-BFGS beside PyTorch's (`test/fixtures/training_cases.py`): every point that it evaluates, and what it keeps. */
import { capture, matmul, ones, step, type Tensor, tensor, zeros } from 'kindling';
import { loadCheckpoint, saveCheckpoint } from 'kindling/io';
import * as F from 'kindling/nn/functional';
import { LBFGS, type LBFGSOptions, lrScheduler, SGD } from 'kindling/optim';
import 'kindling/methods';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadJson } from '../support/fixtures.js';
import { camel, wave } from '../support/waves.js';

interface Case {
  problem: 'rosenbrock' | 'net';
  options: Record<string, unknown>;
  /** The learning rate from the second step on. */
  rate: number | null;
  evaluations: [number[], number][];
  after: { params: number[]; loss: number; evaluations: number; iterations: number; history: number }[];
}

let cases: Case[];
beforeAll(async () => {
  ({ lbfgs: cases } = await loadJson<{ lbfgs: Case[] }>('trainingCases.json'));
});

/** A problem as the script has it. */
function problem(name: Case['problem']): { params: Tensor[]; loss: () => Tensor } {
  if (name === 'rosenbrock') {
    const x = tensor([-1.2, 1], { requiresGrad: true });
    const loss = (): Tensor => {
      const [a, b] = x.unbind() as [Tensor, Tensor];
      return b.sub(a.square()).square().mul(100).add(a.neg().add(1).square());
    };
    return { params: [x], loss };
  }
  const params = [wave([6, 3], 0.7, 0.5), wave([6], 0.3, 0.1), wave([1, 6], 0.9, 0.5), zeros([1])];
  for (const param of params) param.requiresGrad_();
  const [w1, b1, w2, b2] = params as [Tensor, Tensor, Tensor, Tensor];
  const [x, y] = [wave([10, 3], 1.3), wave([10, 1], 2.1)];
  return { params, loss: () => F.mseLoss(matmul(matmul(x, w1.T).add(b1).tanh(), w2.T).add(b2), y) };
}

const flat = async (params: readonly Tensor[]): Promise<number[]> =>
  (await Promise.all(params.map((param) => param.data()))).flatMap((values) => [...values]);

/** Rounding grows from iteration to iteration, with the curvature of the loss. */
const expectNear = (got: readonly number[], want: readonly number[], what: string): void => {
  const far = want.findIndex((value, i) => !(Math.abs((got[i] ?? Number.NaN) - value) <= 2e-4 * (1 + Math.abs(value))));
  expect(far, `${what}: ${got[far]}, not ${want[far]}`).toBe(-1);
};

describe("iterates are PyTorch's", () => {
  it.each([0, 1, 2, 3, 4, 5, 6])('case %i', async (n) => {
    const { problem: name, options, rate, evaluations, after } = cases[n] as Case;
    const { params, loss: lossOf } = problem(name);
    const optimizer = new LBFGS(params, camel(options) as LBFGSOptions);
    const seen: [Promise<number[]>, Promise<number>][] = [];
    for (const [i, wanted] of after.entries()) {
      if (rate && i === 1) optimizer.paramGroups[0].lr = rate;
      const first = await optimizer.step(() => {
        optimizer.zeroGrad();
        const loss = lossOf();
        loss.backward();
        seen.push([flat(params), loss.item()]);
        return loss;
      });
      expectNear([await first.item()], [wanted.loss], `loss of step ${i}`);
      expectNear(await flat(params), wanted.params, `parameters after step ${i}`);
      const { step: iterations, func_evals, ro } = optimizer.stateDict().state[0] ?? { step: 0 };
      expect([iterations, func_evals, (ro as Tensor).size]).toEqual([
        wanted.iterations,
        wanted.evaluations,
        wanted.history,
      ]);
    }
    expect(seen.length).toBe(evaluations.length);
    for (const [i, [point, loss]] of evaluations.entries()) {
      expectNear((await seen[i]?.[0]) ?? [], point, `point ${i}`);
      expectNear([(await seen[i]?.[1]) ?? Number.NaN], [loss], `loss ${i}`);
    }
  });

  it('and there are no other cases', () => expect(cases.length).toBe(7));
});

/** A closure as the guide has it. */
function closureOf(optimizer: LBFGS, lossOf: () => Tensor): () => Tensor {
  return () => {
    optimizer.zeroGrad();
    const loss = lossOf();
    loss.backward();
    return loss;
  };
}

it('replays a closure that is a captured function', async () => {
  const results = [false, true].map(async (isCaptured) => {
    const { params, loss } = problem('net');
    const optimizer = new LBFGS(params, { lineSearchFn: 'strong_wolfe', maxIter: 4, historySize: 3 });
    const [plain, replayed] = [closureOf(optimizer, loss), capture(closureOf(optimizer, loss))];
    for (let i = 0; i < 4; i++) await optimizer.step(isCaptured ? replayed : plain);
    if (isCaptured) expect(replayed.stats()).toMatchObject({ recordings: 1, replays: 18 });
    return flat(params);
  });
  const [plain, replayed] = await Promise.all(results);
  expect(replayed).toEqual(plain);
  expectNear(replayed ?? [], cases[4]?.after[3]?.params ?? [], 'parameters');
});

describe('state', () => {
  const options = { lineSearchFn: 'strong_wolfe', maxIter: 4, historySize: 3 } as const;
  const begin = (more: LBFGSOptions = {}) => {
    const { params, loss } = problem('net');
    const optimizer = new LBFGS(params, { ...options, ...more });
    return { params, optimizer, step: () => optimizer.step(closureOf(optimizer, loss)) };
  };

  it('goes on to the bit in another optimizer, by itself and in a checkpoint', async () => {
    const whole = begin();
    for (let i = 0; i < 4; i++) await whole.step();
    for (const inFile of [false, true]) {
      const [first, second] = [begin(), begin({ lr: 0.5, maxIter: 9 })];
      for (let i = 0; i < 2; i++) await first.step();
      first.params.forEach((param, i) => void second.params[i]?.copy_(param.detach()));
      if (inFile) loadCheckpoint(await saveCheckpoint({ optimizer: first.optimizer }), { optimizer: second.optimizer });
      else second.optimizer.loadStateDict(first.optimizer.stateDict());
      expect(second.optimizer.paramGroups[0]).toMatchObject({ lr: 1, maxIter: 4 });
      await first.step(); // What was loaded is a copy.
      for (let i = 0; i < 2; i++) await second.step();
      expect(await flat(second.params)).toEqual(await flat(whole.params));
    }
  });

  it('is refused where it does not fit, and nothing changes', async () => {
    const one = begin();
    await one.step();
    const before = await flat(Object.values(one.optimizer.stateDict().state[0] ?? {}).slice(4) as Tensor[]);
    const { optimizer } = one;
    const good = optimizer.stateDict();
    const changed = (state: object): never => ({ ...good, state: { 0: { ...good.state[0], ...state } } }) as never;
    const faults: [unknown, string][] = [
      [{ ...good, kind: 'SGD' }, 'LBFGS: the state is that of SGD'],
      [new SGD([ones([2])], { lr: 1 }).stateDict(), 'LBFGS: the state is that of SGD'],
      [{ ...good, paramGroups: [] }, 'LBFGS: the state has 0 parameter groups, not 1'],
      [new LBFGS([ones([2])]).stateDict(), 'LBFGS: the state has 1 parameters, not 4'],
      [changed({ d: ones([3]) }), 'LBFGS: d of the state is [3] f32, not [31] f32'],
      [changed({ old_dirs: 1 }), 'LBFGS: the state has no old_dirs'],
      [changed({ t: undefined }), 'LBFGS: the state has no t'],
      [changed({ al: ones([3]) }), 'LBFGS: the state should have no al'],
      [
        { ...good, paramGroups: [{ ...good.paramGroups[0], lineSearchFn: 'armijo' }] },
        "LBFGS: lineSearchFn is 'armijo' in the state",
      ],
      [{ ...good, paramGroups: [{ ...good.paramGroups[0], lr: -1 }] }, 'LBFGS: lr -1 is not a number from 0'],
    ];
    for (const [dict, message] of faults) {
      expect(() => optimizer.checkStateDict(dict as never)).toThrow(message);
      expect(() => optimizer.loadStateDict(dict as never)).toThrow(message);
    }
    expect(await flat(Object.values(optimizer.stateDict().state[0] ?? {}).slice(4) as Tensor[])).toEqual(before);
  });
});

it('follows a scheduler, and leaves what has no gradient', async () => {
  const [p, unused] = [tensor([4], { requiresGrad: true }), tensor([7], { requiresGrad: true })];
  const optimizer = new LBFGS([p, unused], { maxIter: 1 });
  const scheduler = new lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
  const closure = closureOf(optimizer, () => p.mul(2).sum());
  await optimizer.step(closure); // 1 / |gradient| of the way.
  scheduler.step();
  expect(await p.item()).toBe(3);
  expect(optimizer.paramGroups[0].lr).toBe(0.5);
  await optimizer.step(closure);
  expect([await p.item(), await unused.item()]).toEqual([2, 7]);
});

it('does nothing where the gradient is small enough', async () => {
  const p = tensor([1], { requiresGrad: true });
  const optimizer = new LBFGS([p], { toleranceGrad: 1 });
  const loss = await optimizer.step(closureOf(optimizer, () => p.mul(0.5).sum()));
  expect([await loss.item(), await p.item()]).toEqual([0.5, 1]);
  expect(optimizer.stateDict().state[0]).toMatchObject({ step: 0, func_evals: 1 });
});

describe('refuses', () => {
  const p = (): Tensor => ones([2], { requiresGrad: true });
  it.each<[string, () => unknown, string]>([
    ['no parameters', () => new LBFGS([]), 'LBFGS: there are no parameters'],
    ['groups', () => new LBFGS([{ params: [p()] }] as never), 'LBFGS: has no parameter groups; write new LBFGS('],
    ['a search', () => new LBFGS([p()], { lineSearchFn: 'wolfe' } as never), "wants null or 'strong_wolfe'"],
    ['a tolerance', () => new LBFGS([p()], { toleranceGrad: -1 }), 'LBFGS: toleranceGrad -1 is not a number from 0'],
    ['integers', () => new LBFGS([tensor([1], { dtype: 'i32' })]), 'dtype=i32) is no f32 leaf'],
    ['no closure', () => new LBFGS([p()]).step(undefined as never), 'LBFGS: closure is undefined, wants a function'],
    ['a step', () => step(() => new LBFGS([p()]).step(() => ones([]))), 'inside a step, which cannot. Call its step()'],
  ])('%s', (_, make, message) => expect(make).toThrow(message));

  it('a captured function', () => {
    const optimizer = new LBFGS([p()]);
    let isFirst = true;
    const train = capture(() => {
      if (!isFirst) void optimizer.step(() => ones([]));
      isFirst = false;
      return ones([]);
    });
    train();
    expect(train).toThrow('capture: LBFGS makes a step, which waits for losses, inside a captured function. Call its');
  });

  it('a closure without a loss', async () => {
    const optimizer = new LBFGS([p()]);
    await expect(optimizer.step(() => ones([2]))).rejects.toThrow('LBFGS: the closure returns the loss, a scalar, not');
    await expect(optimizer.step((() => {}) as never)).rejects.toThrow('a scalar, not undefined');
  });
});
