/** Copies of models, and models called with other tensors in place of their own. */
import { add, capture, enableGrad, grad, mul, ones, step, sub, type Tensor, tensor, zeros } from 'kindling';
import {
  BatchNorm1d,
  Conv2d,
  Dropout,
  deepcopy,
  functionalCall,
  Linear,
  LSTM,
  Module,
  ModuleDict,
  MultiheadAttention,
  Parameter,
  ParameterList,
  registerForwardHook,
  Sequential,
  Tanh,
  TransformerEncoderLayer,
} from 'kindling/nn';
import { SGD } from 'kindling/optim';
import 'kindling/methods';
import { describe, expect, it } from 'vitest';
import { wave } from '../support/waves.js';

/** Of everything that a model may hold. */
class Net extends Module {
  first = new Linear(3, 3);
  again = this.first;
  tied = new Linear(3, 3);
  norm = new BatchNorm1d(3, { momentum: null });
  heads = new ModuleDict({ a: new Linear(3, 2), b: new Sequential(new Dropout(0.25), new Linear(3, 2)) });
  scales = new ParameterList([ones([3]), new Parameter(ones([3]), false)]);
  lists = { by: new Map([['x', [new Parameter(ones([3]))]]]), names: new Set(['a', 'b'] as const) };
  table = this.registerBuffer('table', tensor([1, 2, 3], { dtype: 'i32' }), { persistent: false });
  mask = this.registerBuffer('mask', ones([3]));
  view = this.mask.detach();
  activation = (x: Tensor): Tensor => x.tanh();
  rate = 0.5;
  nothing = null;
  constructor() {
    super();
    this.tied.weight = this.first.weight;
    this.tied.bias?.requiresGrad_(false);
  }
  forward(x: Tensor, head: 'a' | 'b' = 'a'): Tensor {
    const [scale, other] = [...this.scales] as [Parameter, Parameter];
    let y = this.norm(this.again(this.first(x)).mul(scale).add(other)).add(this.tied(x));
    y = y.mul(this.lists.by.get('x')?.[0] as Tensor).mul(this.mask);
    return this.heads.get(head)(this.activation(y)).mul(this.rate);
  }
}

const x = (): Tensor => wave([4, 3], 1.3);
const values = async (model: Module<never[], unknown>): Promise<unknown> =>
  Promise.all([...model.namedParameters(), ...model.namedBuffers()].map(async ([name, t]) => [name, await t.array()]));

describe('deepcopy', () => {
  it('has the same classes, names, contents, modes and settings', async () => {
    const model = new Net();
    model.heads.get('b').eval();
    const copy = deepcopy(model);
    expect(copy).toBeInstanceOf(Net);
    expect(String(copy)).toBe(String(model));
    expect(await values(copy)).toEqual(await values(model));
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(model.stateDict()));
    const told = (of: Net): unknown => [
      of.modules().map(({ training }) => training),
      of.namedParameters().map(([name, p]) => [name, p.requiresGrad, p instanceof Parameter, p.grad]),
      [of.rate, of.nothing, of.activation, [...of.lists.names], of.norm.momentum],
    ];
    expect(told(copy)).toEqual(told(model));
    expect(copy.lists.names).not.toBe(model.lists.names);
  });

  it('shares nothing, and keeps one what is one', async () => {
    const model = new Net();
    const copy = deepcopy(model);
    expect(copy.again).toBe(copy.first);
    expect(copy.tied.weight).toBe(copy.first.weight);
    copy.mask.fill_(3);
    expect([await copy.view.array(), await model.mask.array()]).toEqual([
      [3, 3, 3],
      [1, 1, 1],
    ]);
    const before = await values(model);
    const sgd = new SGD(copy.parameters(), { lr: 0.5 });
    step(() => {
      copy(x()).sum().backward();
      sgd.step();
    });
    expect(await values(model)).toEqual(before);
    expect(await values(copy)).not.toEqual(before);
    expect([model.first.weight.grad, model.norm.training]).toEqual([null, true]);
    copy.eval();
    expect([model.training, model.heads.get('b').training]).toEqual([true, true]);
  });

  it('computes the same, and goes on to be a model', async () => {
    const model = new Net();
    const copy = deepcopy(model);
    expect(await copy(x()).array()).toEqual(await model(x()).array());
    expect(await values(copy)).toEqual(await values(model)); // Statistics too.
    copy.first = new Linear(3, 3);
    copy.mask = zeros([3]);
    expect(copy.parameters().length).toBe(model.parameters().length + 2);
    expect(await copy.stateDict().mask?.array()).toEqual([0, 0, 0]);
  });

  it('is made inside a step, and outlives it', async () => {
    const model = new Linear(2, 2);
    const copy = step(() => {
      model.weight.copy_(ones([2, 2]));
      const made = deepcopy(model);
      model.weight.copy_(zeros([2, 2]));
      return made;
    });
    expect(await copy.weight.sum().item()).toBe(4);
  });

  it('leaves hooks and gradients behind', async () => {
    const model = new Linear(3, 2);
    model(x()).sum().backward();
    let calls = 0;
    registerForwardHook(model, () => void calls++);
    const copy = deepcopy(model);
    copy(x());
    expect([calls, copy.weight.grad]).toEqual([0, null]);
    model.weight.copy_(zeros([2, 3]));
    expect(await copy(x()).array()).not.toEqual(await model(x()).array());
  });

  it.each<[string, () => Module<never[], unknown>, () => unknown[]]>([
    ['a convolution', () => new Conv2d(1, 2, 3, { padding: 1 }), () => [wave([1, 1, 4, 4])]],
    ['a recurrent layer', () => new LSTM(3, 4, { numLayers: 2 }), () => [wave([5, 2, 3])]],
    ['attention', () => new MultiheadAttention(4, 2), () => [wave([2, 1, 4]), wave([2, 1, 4]), wave([2, 1, 4])]],
    ['a transformer', () => new TransformerEncoderLayer(4, 2, { dimFeedforward: 8 }).eval(), () => [wave([3, 2, 4])]],
  ])('of %s', async (_, make, inputs) => {
    const model = make();
    const [own, copied] = [model, deepcopy(model)].map((one) => [one.forward(...(inputs() as never[]))].flat()[0]);
    expect(await (copied as Tensor).array()).toEqual(await (own as Tensor).array());
  });

  it('is refused where it cannot be', () => {
    class Private extends Module {
      #scale = 2;
      forward(x: Tensor): Tensor {
        return x.mul(this.#scale);
      }
    }
    class Computed extends Module {
      layer = new Linear(2, 2);
      sum = this.layer.weight.sum();
      forward(x: Tensor): Tensor {
        return x.mul(this.sum);
      }
    }
    expect(() => deepcopy(new Sequential(new Private()))).toThrow('deepcopy: Private has private fields');
    expect(() => deepcopy(new Computed())).toThrow('deepcopy: a field holds a tensor that was computed');
    const captured = capture(() => {
      if (isSecond) deepcopy(new Linear(1, 1));
      isSecond = true;
      return ones([]);
    });
    let isSecond = false;
    captured();
    expect(captured).toThrow('capture: a model is copied inside a captured function');
  });
});

const small = (): Sequential => {
  const model = new Sequential(new Linear(3, 4), new Tanh(), new Linear(4, 2));
  model.parameters().forEach((p, k) => void p.copy_(wave(p.shape, 0.3 + 0.1 * k)));
  return model;
};

describe('functionalCall', () => {
  it('uses what is given, to which gradients flow, and leaves the model as it was', async () => {
    const [model, other] = [small(), small()];
    const given = { '0.weight': wave([4, 3], 0.9).requiresGrad_(), '2.bias': wave([2], 0.2).requiresGrad_() };
    const y = functionalCall(model, given, x());
    const state = Object.fromEntries(Object.entries(given).map(([name, t]) => [name, t.detach()]));
    const before = await values(model);
    other.loadStateDict(state, { strict: false });
    expect(await y.array()).toEqual(await other(x()).array());
    y.square().sum().backward();
    other(x()).square().sum().backward();
    const [first, , , last] = other.parameters() as [Tensor, Tensor, Tensor, Tensor];
    expect(await given['0.weight'].grad?.array()).toEqual(await first.grad?.array());
    expect(await given['2.bias'].grad?.array()).toEqual(await last.grad?.array());
    expect(model.parameters().map(({ grad }) => grad !== null)).toEqual([false, true, true, false]);
    expect(await values(model)).toEqual(before);
    expect(model.parameters().every((p) => p instanceof Parameter)).toBe(true);
  });

  it('lets gradients through a step of training: as by hand', async () => {
    const model = new Linear(3, 1);
    const rate = tensor(0.1, { requiresGrad: true });
    const [w, b] = [model.weight, model.bias as Parameter];
    const lossOf = (y: Tensor): Tensor => y.square().mean();
    const [gw, gb] = grad(lossOf(model(x())), [w, b], { createGraph: true }) as [Tensor, Tensor];
    const fast = { weight: sub(w, mul(gw, rate)), bias: sub(b, mul(gb, rate)) };
    const [byRate, byWeight] = grad(lossOf(functionalCall(model, fast, x())), [rate, w]) as [Tensor, Tensor];
    const byHand = lossOf(add(x().matmul(fast.weight.T), fast.bias));
    const [wantRate, wantWeight] = grad(byHand, [rate, w]) as [Tensor, Tensor];
    expect(await byRate.item()).toBeCloseTo(await wantRate.item(), 6);
    expect(await byRate.item()).not.toBe(0);
    expect((await byWeight.array()) as number[][]).toEqual([
      ((await wantWeight.array()) as number[][])[0]?.map((value) => expect.closeTo(value, 6)),
    ]);
  });

  it('replaces what is shared in all places, by any of its names, in containers too', async () => {
    const model = new Net().eval();
    const two = wave([3, 3], 0.4);
    const want = deepcopy(model);
    want.first.weight.copy_(two);
    want.lists.by.get('x')?.[0]?.copy_(wave([3], 0.6));
    want.scales[0]?.copy_(wave([3], 0.8));
    want.mask.copy_(wave([3], 0.5));
    const rest = { 'lists.by.x.0': wave([3], 0.6), 'scales.0': wave([3], 0.8), mask: wave([3], 0.5) };
    for (const name of ['first.weight', 'again.weight', 'tied.weight']) {
      const y = functionalCall(model, { [name]: two, ...rest }, [x(), 'b']);
      expect(await y.array(), name).toEqual(await want(x(), 'b').array());
    }
    expect(() => functionalCall(model, { 'first.weight': two, 'tied.weight': ones([3, 3]) }, [x()])).toThrow(
      'functionalCall: tied.weight is given twice, under another name too',
    );
    expect([model.scales.length, model.lists.by.get('x')?.[0] instanceof Parameter]).toEqual([2, true]);
  });

  it('writes running statistics into the buffers that are given', async () => {
    const model = new BatchNorm1d(3);
    const state = {
      running_mean: zeros([3]),
      running_var: ones([3]),
      num_batches_tracked: zeros([], { dtype: 'i32' }),
    };
    functionalCall(model, state, x());
    expect([await state.num_batches_tracked.item(), await model.numBatchesTracked?.item()]).toEqual([1, 0]);
    expect(await model.runningMean?.array()).toEqual([0, 0, 0]);
    expect(await state.running_mean.array()).not.toEqual([0, 0, 0]);
  });

  it('is a part of captured steps, of buffers too', async () => {
    const run = async (isCaptured: boolean): Promise<unknown> => {
      const model = new Sequential(new Linear(3, 4), new BatchNorm1d(4), new Linear(4, 2));
      model.parameters().forEach((p, k) => void p.copy_(wave(p.shape, 0.3 + 0.1 * k)));
      const sgd = new SGD(model.parameters(), { lr: 0.1 });
      const mean = zeros([4]);
      const body = (x: Tensor): Tensor => {
        sgd.zeroGrad();
        const given = {
          '0.weight': enableGrad(() => (model.parameters()[0] as Tensor).mul(0.5)),
          '1.running_mean': mean,
        };
        const loss = functionalCall(model, given, x).square().mean();
        loss.backward();
        sgd.step();
        return loss;
      };
      const train = capture(body);
      for (let i = 0; i < 5; i++) await (isCaptured ? train : body)(wave([8, 3], 0.5 + 0.1 * i)).item();
      if (isCaptured) expect(train.stats()).toMatchObject({ recordings: 1, replays: 3 });
      return [await values(model), await mean.array()];
    };
    const eager = await run(false);
    expect(await run(true)).toEqual(eager);
  });

  it('puts everything back where forward throws, and refuses what is not there', async () => {
    const model = small();
    const before = await values(model);
    const given = { '0.weight': ones([4, 5]) };
    expect(() => functionalCall(model, given, x())).toThrow();
    expect(await values(model)).toEqual(before);
    expect(() => functionalCall(model, { weight: ones([1]) }, x())).toThrow(
      'functionalCall: Sequential has no parameter or buffer weight',
    );
    expect(() => functionalCall(model, { '0.bias': 3 } as never, x())).toThrow(
      'functionalCall: 0.bias is 3, wants a tensor',
    );
    expect(() => functionalCall(model, ones([3]) as never, x())).toThrow('functionalCall: wants tensors by name');
  });
});
