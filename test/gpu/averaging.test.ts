/** Averages of weights beside PyTorch's (`test/fixtures/training_cases.py`), in captured steps too. */
import { capture, ones, type Tensor, tensor } from 'kindling';
import { DataLoader, TensorDataset } from 'kindling/data';
import { loadSafetensors, saveSafetensors } from 'kindling/io';
import { BatchNorm1d, Dropout, Linear, type Module, Sequential } from 'kindling/nn';
import {
  AveragedModel,
  type AveragedModelOptions,
  getEmaMultiAvgFn,
  lrScheduler,
  SGD,
  SWALR,
  updateBN,
} from 'kindling/optim';
import 'kindling/methods';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadJson } from '../support/fixtures.js';
import { camel, wave } from '../support/waves.js';

interface Case {
  kind: 'swa' | 'ema' | 'own';
  useBuffers: boolean;
  state: Record<string, number[]>;
  output: number[];
  updated: Record<string, number[]>;
}

interface Rates {
  options: Record<string, unknown>;
  lrs: number[];
  before: number | null;
  rates: number[][];
}

let fixtures: { averaging: Case[]; swaRates: Rates[] };
beforeAll(async () => {
  fixtures = await loadJson('trainingCases.json');
});

const KINDS: Record<Case['kind'], AveragedModelOptions> = {
  swa: {},
  ema: { multiAvgFn: getEmaMultiAvgFn(0.75) },
  own: { avgFn: (averaged, current, n) => averaged.mul(0.5).add(current.div(n.add(1))) },
};

const network = (): Sequential => new Sequential(new Linear(3, 4), new BatchNorm1d(4), new Linear(4, 2));

/** The i-th of the models to be averaged, written into one. */
function fill(model: Module, i: number): void {
  model.parameters().forEach((p, k) => void p.copy_(wave(p.shape, 0.3 + 0.1 * k + 0.05 * i)));
  const [mean, variance, count] = model.buffers();
  mean?.copy_(wave([4], 0.2 + 0.1 * i));
  variance?.copy_(
    wave([4], 0.4 + 0.1 * i)
      .mul(0.5)
      .add(1),
  );
  count?.copy_(tensor(3 * i + 1, { dtype: 'i32' }));
}

async function expectState(state: Readonly<Record<string, Tensor>>, want: Record<string, number[]>): Promise<void> {
  expect(Object.keys(state)).toEqual(Object.keys(want));
  for (const [name, tensor] of Object.entries(state)) {
    expect([...(await tensor.data())], name).toEqual(want[name]?.map((value) => expect.closeTo(value, 5)));
  }
}

const running = (model: Module): Record<string, Tensor> => Object.fromEntries(model.namedBuffers());

describe("averages are PyTorch's", () => {
  it.each([0, 1, 2, 3, 4, 5])('case %i', async (n) => {
    const { kind, useBuffers, state, output, updated } = fixtures.averaging[n] as Case;
    const model = network();
    // What the average is made of at first does not matter.
    for (const p of model.parameters()) p.copy_(wave(p.shape).div(0));
    const averaged = new AveragedModel(model, { ...KINDS[kind], useBuffers });
    for (let i = 0; i < 4; i++) {
      fill(model, i);
      averaged.updateParameters(model);
    }
    averaged.eval();
    await expectState(averaged.stateDict(), state);
    const y = averaged(wave([5, 3], 1.3));
    expect(y.shape).toEqual([5, 2]);
    expect([...(await y.data())]).toEqual(output.map((value) => expect.closeTo(value, 4)));
    const batches = [0, 1, 2].map((i) => wave([8, 3], 0.4 + 0.1 * i));
    await updateBN(batches, averaged);
    const norm = averaged.module.children()[1] as BatchNorm1d;
    await expectState(running(norm), updated);
    expect([averaged.training, norm.training, norm.momentum]).toEqual([false, false, 0.1]);
  });

  it('and there are no other cases', () => expect(fixtures.averaging.length).toBe(6));

  it.each(['swa', 'ema', 'own'] as const)('in captured steps: %s', async (kind) => {
    const results = [false, true].map(async (isCaptured) => {
      const model = network();
      fill(model, 0);
      const averaged = new AveragedModel(model, { ...KINDS[kind], useBuffers: true });
      const sgd = new SGD(model.parameters(), { lr: 0.1 });
      const body = (x: Tensor): Tensor => {
        sgd.zeroGrad();
        const loss = model(x).square().mean();
        loss.backward();
        sgd.step();
        averaged.updateParameters(model);
        return loss;
      };
      const train = capture(body);
      for (let i = 0; i < 5; i++) await (isCaptured ? train : body)(wave([8, 3], 0.5 + 0.1 * i)).item();
      if (isCaptured) expect(train.stats()).toMatchObject({ recordings: 1, replays: 3 });
      return Promise.all(Object.values(averaged.stateDict()).map((tensor) => tensor.array()));
    });
    const [eager, replayed] = await Promise.all(results);
    expect(replayed).toEqual(eager);
    expect(replayed?.[0]).toBe(5);
  });
});

describe('AveragedModel', () => {
  it('goes on from its state in a file', async () => {
    const model = network();
    const make = (): AveragedModel<Sequential> => new AveragedModel(model, { multiAvgFn: getEmaMultiAvgFn(0.5) });
    const [first, second] = [make(), make()];
    const join = (averaged: AveragedModel<Sequential>, ...which: number[]): void => {
      for (const i of which) {
        fill(model, i);
        averaged.updateParameters(model);
      }
    };
    join(first, 0, 1);
    second.loadStateDict(loadSafetensors(await saveSafetensors(first.stateDict())));
    join(first, 2, 3);
    join(second, 2, 3);
    expect(await second.module.parameters()[0]?.array()).toEqual(await first.module.parameters()[0]?.array());
    expect(await second.nAveraged.item()).toBe(4);
  });

  it('has averages of one’s own in place, the first copied', async () => {
    const model = new Linear(1, 1, { bias: false });
    const multiAvgFn = (averaged: readonly Tensor[], current: readonly Tensor[]): void =>
      averaged.forEach((to, i) => void to.mul_(current[i] as Tensor));
    const averaged = new AveragedModel(model, { multiAvgFn });
    const seen: number[] = [];
    for (const value of [2, 3, 5]) {
      model.weight.copy_(Float32Array.of(value));
      averaged.updateParameters(model);
      seen.push(await averaged.module.weight.item());
    }
    expect(seen).toEqual([2, 6, 30]);
  });

  it('refuses other models, and other functions', () => {
    const averaged = new AveragedModel(new Linear(2, 3) as Module);
    expect(() => averaged.updateParameters(new Linear(2, 4))).toThrow(
      'updateParameters: a tensor of the model is [4, 2], that of the average [3, 2]',
    );
    expect(() => averaged.updateParameters(new Linear(2, 3, { bias: false }))).toThrow(
      'updateParameters: the model has 1 tensors, the average 2',
    );
    const model = new Linear(1, 1);
    expect(() => new AveragedModel(model, { avgFn: (x) => x, multiAvgFn: () => {} })).toThrow('not both');
    const wrong = new AveragedModel(model, { avgFn: (() => 3) as never });
    expect(() => wrong.updateParameters(model)).toThrow('AveragedModel: avgFn must return a tensor, got 3');
    expect(() => getEmaMultiAvgFn(1.5)).toThrow('getEmaMultiAvgFn: decay 1.5 is not from 0 to 1');
  });
});

describe('updateBN', () => {
  it('takes a loader, and leaves what has no statistics', async () => {
    const model = new Sequential(new BatchNorm1d(2), new Dropout());
    const values = Float32Array.from({ length: 24 }, (_, i) => i % 7);
    const dataset = new TensorDataset({ data: values, shape: [12, 2] }, { data: new Float32Array(12), shape: [12] });
    await updateBN(new DataLoader(dataset, { batchSize: 4 }), model);
    const { running_mean: mean, num_batches_tracked: count } = running(model.children()[0] as Module);
    const half = [0, 1].map((of) => values.filter((_, i) => i % 2 === of).reduce((sum, value) => sum + value, 0) / 12);
    expect([...((await mean?.data()) ?? [])]).toEqual(half.map((value) => expect.closeTo(value, 5)));
    expect([await count?.item(), model.training]).toEqual([3, true]);
    await updateBN([], new Linear(2, 2));
  });

  it('puts mode and momentum back where a batch fails', async () => {
    const model = new Sequential(new BatchNorm1d(2, { momentum: 0.3 })).eval();
    await expect(updateBN([ones([2, 5])], model)).rejects.toThrow();
    expect([model.training, (model.children()[0] as BatchNorm1d).momentum]).toEqual([false, 0.3]);
    await expect(updateBN(3 as never, model)).rejects.toThrow('updateBN: wants a loader or a list of batches, got 3');
  });
});

describe('SWALR', () => {
  it("has PyTorch's rates, behind another scheduler too", () => {
    expect(fixtures.swaRates.length).toBe(4);
    for (const { options, lrs, before, rates } of fixtures.swaRates) {
      const sgd = new SGD(
        lrs.map((lr) => ({ params: [ones([1])], lr })),
        { lr: 1 },
      );
      const first = before === null ? null : new lrScheduler.ExponentialLR(sgd, { gamma: 0.5 });
      let swa = new SWALR(sgd, camel(options) as never);
      rates.forEach((wanted, i) => {
        if (i === 5) {
          const saved = swa.stateDict();
          swa = new SWALR(sgd, camel(options) as never);
          for (const [g, group] of sgd.paramGroups.entries()) group.lr = rates[4]?.[g] ?? 0;
          swa.loadStateDict(saved);
        }
        if (first && i < (before ?? 0)) first.step();
        else swa.step();
        expect(sgd.paramGroups.map(({ lr }) => lr)).toEqual(wanted.map((lr) => expect.closeTo(lr, 12)));
      });
    }
  });

  it('refuses rates for other groups', () => {
    const sgd = new SGD([ones([1])], { lr: 1 });
    expect(() => new SWALR(sgd, { swaLr: [1, 2] })).toThrow('SWALR: swaLr wants a number, or one for each of 1');
    expect(() => new SWALR(sgd, {} as never)).toThrow('SWALR: swaLr is undefined');
    expect(() => new SWALR(sgd, { swaLr: 1, annealStrategy: 'square' as never })).toThrow("wants 'cos' or 'linear'");
  });
});
