/** RMSNorm, encoders, lists and dicts, distances, samples of categories, and schedules, against PyTorch (`test/fixtures/layer_cases.py`). */
import {
  capture,
  cdist,
  grad,
  gradcheck,
  manualSeed,
  noGrad,
  ones,
  randn,
  step,
  type Tensor,
  tensor,
  zeros,
} from 'kindling';
import * as nn from 'kindling/nn';
import { ModuleDict, ParameterList, RMSNorm, TransformerEncoder, TransformerEncoderLayer } from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { Adagrad, Adam, lrScheduler, SGD } from 'kindling/optim';
import { describe, expect, test } from 'vitest';
import { camelCased } from '../parity/ops.js';
import { close, type Plain } from '../support/agree.js';
import { loadJson } from '../support/fixtures.js';

interface Cases {
  rmsNorm: { shape: number[]; last: number[]; eps: number | null; y: Plain; dx: Plain; dw: Plain | null }[];
  encoders: {
    shape: number[];
    layers: number | null;
    final: boolean;
    options: Record<string, unknown>;
    call: Record<string, Plain>;
    y: Plain;
    dx: Plain;
    repr?: string;
    parameters?: Record<string, Plain>;
  }[];
  distances: { p: number | 'Infinity'; shapes: [number[], number[]]; y: Plain; d1: Plain; d2: Plain }[];
  schedules: {
    kind: 'CyclicLR' | 'MultiplicativeLR';
    optimizer: 'SGD' | 'Adagrad';
    options: Record<string, unknown>;
    lr: number[];
    momentum: (number | null)[];
  }[];
  prints: string[];
}

const cases = await loadJson<Cases>('layerCases.json');

/** As `made` of the Python file. */
function made(shape: readonly number[], seed: number): Tensor {
  const length = shape.reduce((a, b) => a * b, 1);
  const entry = (_: unknown, i: number): number => (((i * 37 + seed * 53 + Math.floor(i / 7) * 11) % 128) - 64) / 64;
  return tensor(Float32Array.from({ length }, entry), { shape: [...shape] });
}

/** Six digits are written. */
const SIX = { rtol: 2e-5, atol: 5e-6 };

test("rmsNorm and RMSNorm agree with PyTorch's formula", async () => {
  for (const { shape, last, eps, y, dx, dw } of cases.rmsNorm) {
    const module = new RMSNorm(last, { eps, elementwiseAffine: dw !== null });
    module.weight?.detach().copy_(made(last, 2));
    const x = made(shape, 1).requiresGrad_();
    const got = module(x);
    await close('value', got, y, SIX);
    got.backward(made(shape, 3));
    await close('gradient by x', x.grad as Tensor, dx, SIX);
    if (dw) await close('gradient by the weight', module.weight?.grad as Tensor, dw, SIX);
  }
  await gradcheck(
    (x, weight) => F.rmsNorm(x, [3], { weight }),
    [randn([2, 3]), ones([3])].map((x) => x.requiresGrad_()),
  );
});

test('RMSNorm prints, names its weight, takes large and empty inputs, and refuses what does not fit', async () => {
  expect(String(new RMSNorm(6))).toBe('RMSNorm((6,), eps=None, elementwise_affine=True)');
  expect(String(new RMSNorm([2, 3], { eps: 1e-5, elementwiseAffine: false }))).toBe(
    'RMSNorm((2, 3), eps=1e-05, elementwise_affine=False)',
  );
  expect(Object.keys(new RMSNorm(6).stateDict())).toEqual(['weight']);
  const x = randn([300, 1000]);
  const squares = await F.rmsNorm(x, [1000]).square().mean({ dim: 1 }).data();
  for (const value of squares) expect(value).toBeCloseTo(1, 4);
  expect(F.rmsNorm(zeros([0, 3]), [3]).shape).toEqual([0, 3]);
  expect(() => F.rmsNorm(ones([2, 3]), [2])).toThrow('rmsNorm: [2, 3] does not end in [2]');
  expect(() => F.rmsNorm(ones([2, 3]), [3], { weight: ones([2]) })).toThrow('wants weight [3], got [2]');
  expect(() => F.rmsNorm(ones([2, 3], { dtype: 'i32' }), [3])).toThrow('wants f32, got i32');
});

const masksOf = (call: Record<string, Plain>): object =>
  camelCased(
    Object.fromEntries(
      Object.entries(call).map(([name, { data, shape }]) => [
        name,
        tensor(Float32Array.from(data), { shape: [...shape] }).to('bool'),
      ]),
    ),
  );

function encoderOf({
  layers,
  final,
  options,
}: Cases['encoders'][number]): TransformerEncoder | TransformerEncoderLayer {
  const layer = () => new TransformerEncoderLayer(4, 2, { dimFeedforward: 6, dropout: 0, ...camelCased(options) });
  return layers === null
    ? layer()
    : new TransformerEncoder(layer, layers, { norm: final ? new nn.LayerNorm(4) : null });
}

test("encoders agree with PyTorch's", async () => {
  for (const given of cases.encoders) {
    const module = encoderOf(given);
    noGrad(() => module.parameters().forEach((parameter, i) => void parameter.copy_(made(parameter.shape, i))));
    const x = made(given.shape, 5).requiresGrad_();
    const run = module as (x: Tensor, masks: object) => Tensor;
    const y = run(x, masksOf(given.call));
    await close('value', y, given.y, SIX);
    y.backward(made(given.shape, 3));
    await close('gradient by x', x.grad as Tensor, given.dx, { rtol: 1e-4, atol: 2e-5 });
    if (!given.parameters) continue;
    expect(String(module)).toBe(given.repr);
    expect(Object.keys(module.stateDict())).toEqual(Object.keys(given.parameters));
    for (const [name, parameter] of module.namedParameters()) {
      await close(name, parameter.grad as Tensor, given.parameters[name] as Plain, { rtol: 1e-4, atol: 2e-5 });
    }
  }
});

describe('an encoder', () => {
  const layer = () => new TransformerEncoderLayer(4, 2, { dimFeedforward: 6, batchFirst: true });

  test('has layers of their own, each from the function', () => {
    const numbers: number[] = [];
    const encoder = new TransformerEncoder((i) => {
      numbers.push(i);
      return layer();
    }, 3);
    expect(numbers).toEqual([0, 1, 2]);
    expect(encoder.parameters().length).toBe(36);
    expect(encoder.layers[0]?.linear1.weight).not.toBe(encoder.layers[1]?.linear1.weight);
    const one = layer();
    expect(() => new TransformerEncoder(one as never, 2)).toThrow(
      'wants a function that makes a layer, got a TransformerEncoderLayer; write new TransformerEncoder(() =>',
    );
    expect(() => new TransformerEncoder(layer, 2, { norm: 1 as never })).toThrow('norm is 1, wants a module');
    expect(() => new TransformerEncoderLayer(5, 2)).toThrow('TransformerEncoderLayer: 2 heads do not divide dModel 5');
  });

  test('is causal by a mask or by isCausal, with and without a batch', async () => {
    const mask = tensor([
      [false, true, true],
      [false, false, true],
      [false, false, false],
    ]);
    const encoder = new TransformerEncoder(layer, 2).eval();
    for (const x of [randn([2, 3, 4]), randn([3, 4])]) {
      const want = await encoder(x, { mask }).data();
      expect(await encoder(x, { isCausal: true }).data()).toEqual(want);
      expect(await encoder(x, { mask, isCausal: true }).data()).toEqual(want);
      expect(await encoder(x).data()).not.toEqual(want);
    }
    const sequence = new TransformerEncoderLayer(4, 2, { dimFeedforward: 6 }).eval();
    const x = randn([3, 2, 4]);
    expect(await sequence(x, { isCausal: true }).data()).toEqual(await sequence(x, { srcMask: mask }).data());
  });

  test('drops in training alone, and learns in captured steps', async () => {
    const encoder = new TransformerEncoder(layer, 2, { norm: new nn.LayerNorm(4) });
    const x = randn([2, 3, 4]);
    expect(await encoder(x).data()).not.toEqual(await encoder(x).data());
    encoder.eval();
    expect(await encoder(x).data()).toEqual(await encoder(x).data());
    encoder.train();
    const optimizer = new Adam(encoder.parameters(), { lr: 0.02 });
    const target = randn([2, 3, 4]);
    const learn = capture(() => {
      optimizer.zeroGrad();
      const loss = F.mseLoss(encoder(x), target);
      loss.backward();
      optimizer.step();
      return loss;
    });
    const first = await learn().item();
    for (let i = 0; i < 30; i++) learn();
    expect(await learn().item()).toBeLessThan(first);
  });
});

test('lists and dicts print as PyTorch’s', () => {
  expect(
    [
      new ParameterList([ones([2, 3]), ones([])]),
      new ParameterList([ones([3])]),
      new ParameterList(),
      new ModuleDict({ 10: new nn.ReLU() }).set('2', new nn.Linear(2, 3)),
    ].map(String),
  ).toEqual(cases.prints.map((text) => text.replaceAll('torch.float32', 'f32')));
});

describe('ModuleDict', () => {
  test('keeps modules by name, in their order', async () => {
    class Heads extends nn.Module {
      heads = new ModuleDict([
        ['10', new nn.Linear(2, 3)],
        ['2', new nn.Linear(2, 1)],
      ]);
      forward(x: Tensor, name: string): Tensor {
        return this.heads.get(name)(x);
      }
    }
    const net = new Heads();
    expect(Object.keys(net.stateDict())).toEqual([
      'heads.10.weight',
      'heads.10.bias',
      'heads.2.weight',
      'heads.2.bias',
    ]);
    expect(net.parameters().length).toBe(4);
    expect([net(ones([1, 2]), '10').shape, net(ones([1, 2]), '2').shape]).toEqual([
      [1, 3],
      [1, 1],
    ]);
    expect(() => net(ones([1, 2]), 'main')).toThrow("ModuleDict: no module 'main'; there are 10, 2");
    const { heads } = net;
    expect([[...heads.keys()], heads.length, heads.has('2'), [...heads].length, [...heads.values()].length]).toEqual([
      ['10', '2'],
      2,
      true,
      2,
      2,
    ]);
    heads.update(new Map([['forward', new nn.Linear(2, 2)]]));
    expect(net(ones([1, 2]), 'forward').shape).toEqual([1, 2]);
    expect([heads.delete('2'), heads.delete('2'), heads.length]).toEqual([true, false, 2]);
    net.eval();
    expect(heads.get('10').training).toBe(false);
    heads.clear();
    expect(net.parameters()).toEqual([]);
  });

  test('refuses other names, other values, and calls', () => {
    const dict = new ModuleDict();
    for (const name of ['', 'a.b']) expect(() => dict.set(name, new nn.ReLU())).toThrow('neither empty nor has a dot');
    for (const wrong of [{ a: 1 }, [['a']], 'ab', null]) {
      expect(() => new ModuleDict(wrong as never)).toThrow('ModuleDict: wants modules by name, got');
    }
    expect(() => (dict as unknown as () => void)()).toThrow('a dict has no forward');
  });

  test('is looked after in captured steps', async () => {
    const dict = new ModuleDict({ a: new nn.Linear(2, 1), b: new nn.Linear(2, 1) });
    const run = capture((x: Tensor) => dict.get('a')(x));
    const x = ones([1, 2]);
    for (let i = 0; i < 3; i++) run(x);
    dict.set('a', dict.get('b'));
    expect(await run(x).data()).toEqual(await dict.get('b')(x).data());
  });
});

test('ParameterList holds parameters by position; ModuleList.append and ParameterList.append put more behind', async () => {
  const shared = new nn.Parameter(ones([2]));
  const list = new ParameterList([shared, zeros([3])]).append(ones([1])).extend([ones([4]), ones([5])]);
  expect(list[0]).toBe(shared);
  expect(Object.keys(list.stateDict())).toEqual(['0', '1', '2', '3', '4']);
  expect([...list].map(({ requiresGrad, size }) => [requiresGrad, size])).toEqual(
    [2, 3, 1, 4, 5].map((n) => [true, n]),
  );
  expect([list.length, list.parameters().length]).toEqual([5, 5]);
  expect(() => new ParameterList([1] as never)).toThrow('ParameterList: wants parameters, got [1]');
  expect(() => (list as unknown as () => void)()).toThrow('a list has no forward');
  const modules = new nn.ModuleList([new nn.Linear(1, 2)]).append(new nn.Linear(2, 3)).append(new nn.Linear(3, 4));
  expect(Object.keys(modules.stateDict()).filter((key) => key.endsWith('weight'))).toEqual(
    ['0', '1', '2'].map((i) => `${i}.weight`),
  );
  expect(modules[2]?.outFeatures).toBe(4);
  expect(() => modules.append(3 as never)).toThrow('append: wants a module, got [3]');
});

test("cdist agrees with PyTorch's, gradients too", async () => {
  for (const { p, shapes, y, d1, d2 } of cases.distances) {
    const [x1, x2] = [made(shapes[0], 1), made(shapes[1], 2)];
    const width = x1.shape.at(-1) as number;
    const flat = await x2.data();
    flat.set((await x1.data()).slice(0, width));
    const second = tensor(flat, { shape: [...shapes[1]], requiresGrad: true });
    x1.requiresGrad_();
    const got = cdist(x1, second, { p: Number(p) });
    await close(`p ${p}`, got, y, SIX);
    if (p === 0) continue;
    got.backward(made(got.shape, 3));
    await close(`p ${p}, by x1`, x1.grad as Tensor, d1, SIX);
    await close(`p ${p}, by x2`, second.grad as Tensor, d2, SIX);
  }
});

test('cdist: large, empty, refused, differentiated twice', async () => {
  const [a, b] = [randn([130, 3]), randn([70, 3])];
  const [got, x, y] = [await cdist(a, b).data(), await a.data(), await b.data()];
  for (const i of [0, 64, 129]) {
    for (const j of [0, 33, 69]) {
      const want = Math.hypot(...[0, 1, 2].map((k) => (x[3 * i + k] as number) - (y[3 * j + k] as number)));
      expect(got[70 * i + j]).toBeCloseTo(want, 5);
    }
  }
  expect(cdist(zeros([0, 3]), b).shape).toEqual([0, 70]);
  expect(await cdist(zeros([2, 0]), zeros([1, 0]), { p: Number.POSITIVE_INFINITY }).data()).toEqual(
    new Float32Array(2),
  );
  expect(() => cdist(ones([2, 3]), ones([2, 4]))).toThrow(
    'cdist: wants [..., P, M] and [..., R, M], got [2, 3] and [2, 4]',
  );
  expect(() => cdist(ones([3]), ones([2, 3]))).toThrow('got [3] and [2, 3]');
  expect(() => cdist(ones([2, 2, 3]), ones([3, 2, 3]))).toThrow('cdist');
  expect(() => cdist(a, b, { p: -1 })).toThrow('p -1 is not a number from 0');
  expect(() => cdist(a.to('i32'), b)).toThrow('wants f32, got i32 and f32');
  // d²/dx² of |x − y| along one axis is the square of the distance along the other over its cube.
  const [p, q] = [tensor([[3, 0]], { requiresGrad: true }), tensor([[0, 4]])];
  const [slope] = grad(cdist(p, q).sum(), [p], { createGraph: true }) as [Tensor];
  const [second] = grad(slope.sum(), [p]) as [Tensor];
  await close('second', second, { shape: [1, 2], data: [(16 + 12) / 125, (9 + 12) / 125] });
});

describe('gumbelSoftmax', () => {
  test('draws categories with the probabilities of softmax', async () => {
    manualSeed(3);
    const count = 20000;
    const logits = tensor([0, 1, 2, Number.NEGATIVE_INFINITY]).expand([count, 4]);
    const shares = await F.gumbelSoftmax(logits, { hard: true }).mean({ dim: 0 }).data();
    const total = 1 + Math.E + Math.E ** 2;
    // Five deviations of a share are under 0.018.
    [1, Math.E, Math.E ** 2, 0].forEach(
      (weight, i) => void expect(Math.abs((shares[i] ?? 9) - weight / total)).toBeLessThan(0.018),
    );
    expect(shares[3]).toBe(0);
  });

  test('soft samples are softmax((logits + noise) / tau), the noise Gumbel’s', async () => {
    manualSeed(4);
    const soft = await F.gumbelSoftmax(zeros([50000, 2]), { tau: 2 })
      .log()
      .data();
    // The difference of two such noises is logistic: variance π²/3.
    const apart = Array.from({ length: 50000 }, (_, i) => 2 * ((soft[2 * i] as number) - (soft[2 * i + 1] as number)));
    const mean = apart.reduce((sum, value) => sum + value, 0) / apart.length;
    const variance = apart.reduce((sum, value) => sum + (value - mean) ** 2, 0) / apart.length;
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(variance / (Math.PI ** 2 / 3) - 1)).toBeLessThan(0.05);
    expect(soft.every(Number.isFinite)).toBe(true);
  });

  test('hard samples are 0 and 1 to the bit, with the gradients of soft ones', async () => {
    const weights = randn([3, 4, 5]);
    for (const dim of [-1, 0, 1]) {
      const logits = [0, 1].map(() => made([3, 4, 5], 7).requiresGrad_());
      const samples = [true, false].map((hard, i) => {
        manualSeed(5);
        const y = F.gumbelSoftmax(logits[i] as Tensor, { hard, dim, tau: 0.7 });
        y.mul(weights).sum().backward();
        return y;
      }) as [Tensor, Tensor];
      expect(new Set(await samples[0].data())).toEqual(new Set([0, 1]));
      expect(new Set(await samples[0].sum({ dim }).data())).toEqual(new Set([1]));
      expect(await samples[0].argmax({ dim }).data()).toEqual(await samples[1].argmax({ dim }).data());
      expect(await logits[0]?.grad?.data()).toEqual(await logits[1]?.grad?.data());
    }
  });

  test('follows the seed, draws anew in each replay, takes scalars and nothing, refuses the rest', async () => {
    const draw = (): Promise<unknown> => F.gumbelSoftmax(zeros([20])).data();
    manualSeed(6);
    const first = await draw();
    expect(await draw()).not.toEqual(first);
    manualSeed(6);
    expect(await draw()).toEqual(first);
    const run = capture(() => F.gumbelSoftmax(zeros([20])));
    expect(await run().data()).not.toEqual(await run().data());
    expect(await step(() => F.gumbelSoftmax(zeros([]), { hard: true })).item()).toBe(1);
    expect(F.gumbelSoftmax(zeros([0, 3]), { hard: true }).shape).toEqual([0, 3]);
    expect(() => F.gumbelSoftmax(zeros([3]), { tau: 0 })).toThrow('gumbelSoftmax: tau 0 is not above 0');
    expect(() => F.gumbelSoftmax(zeros([3]), { dim: 1 })).toThrow('gumbelSoftmax: dim 1');
    expect(() => F.gumbelSoftmax(zeros([3], { dtype: 'i32' }))).toThrow('wants f32, got i32');
  });
});

describe('CyclicLR and MultiplicativeLR', () => {
  const falling = (x: number): number => 1 / (1 + 0.5 * x);
  const parameter = (): Tensor => ones([1], { requiresGrad: true });

  /** The options of a case, in our names. */
  function optionsOf({ kind, options }: Cases['schedules'][number]): Record<string, unknown> {
    const { function: has, ...rest } = options;
    const given = camelCased(rest);
    if (given.mode === 'exp_range') given.mode = 'expRange';
    return has ? { ...given, [kind === 'CyclicLR' ? 'scaleFn' : 'lrLambda']: falling } : given;
  }

  test('have the rates and momenta of PyTorch', () => {
    for (const given of cases.schedules) {
      const { kind, optimizer, lr, momentum } = given;
      const one =
        optimizer === 'SGD'
          ? new SGD([parameter()], { lr: 0.5, momentum: 0.5 })
          : new Adagrad([parameter()], { lr: 0.5 });
      const scheduler = new lrScheduler[kind](one, optionsOf(given) as never);
      lr.forEach((rate, i) => {
        if (i > 0) scheduler.step();
        const [group] = one.paramGroups as { lr: number; momentum?: number }[];
        expect(group?.lr, `${kind} ${i}`).toBeCloseTo(rate, 12);
        if (momentum[i] !== null) expect(group?.momentum, `${kind} ${i}`).toBeCloseTo(momentum[i] as number, 12);
      });
    }
  });

  test('CyclicLR moves Adam’s first beta, goes on from its state, and is refused where it makes no sense', () => {
    const cycle = { baseLr: 0.1, maxLr: 1, stepSizeUp: 2, mode: 'triangular2' } as const;
    const [adam, sgd] = [new Adam([parameter()]), new SGD([parameter()], { lr: 1, momentum: 0.5 })];
    const schedulers = [new lrScheduler.CyclicLR(adam, cycle), new lrScheduler.CyclicLR(sgd, cycle)] as const;
    for (let i = 0; i < 9; i++) {
      const [beta] = (adam.paramGroups[0] as unknown as { betas: [number, number] }).betas;
      expect(beta).toBe((sgd.paramGroups[0] as unknown as { momentum: number }).momentum);
      for (const scheduler of schedulers) scheduler.step();
    }
    const again = new lrScheduler.CyclicLR(new SGD([parameter()], { lr: 1, momentum: 0.5 }), { ...cycle, maxLr: 2 });
    again.loadStateDict(JSON.parse(JSON.stringify(schedulers[1].stateDict())));
    schedulers[1].step();
    again.step();
    expect(again.getLastLr()).toEqual(schedulers[1].getLastLr());
    const made = (options: object) => () =>
      new lrScheduler.CyclicLR(new SGD([parameter()], { lr: 1 }), { baseLr: 0.1, maxLr: 1, ...options });
    expect(made({ maxLr: [1, 2] })).toThrow('maxLr wants a number, or one for each of 1');
    expect(made({ stepSizeUp: 0 })).toThrow('CyclicLR: stepSizeUp 0 must be positive');
    expect(made({ mode: 'square' })).toThrow("mode is 'square', wants 'triangular'");
    expect(made({ baseLr: undefined })).toThrow('CyclicLR: baseLr is undefined');
    expect(() => new lrScheduler.CyclicLR(new Adagrad([parameter()]), cycle)).toThrow(
      'has no momentum; set cycleMomentum',
    );
  });

  test('MultiplicativeLR has a function for each group', () => {
    const sgd = new SGD([{ params: [parameter()] }, { params: [parameter()] }], { lr: 1 });
    const scheduler = new lrScheduler.MultiplicativeLR(sgd, { lrLambda: [() => 0.5, (epoch) => epoch] });
    for (let i = 0; i < 3; i++) scheduler.step();
    expect(scheduler.getLastLr()).toEqual([0.125, 6]);
    expect(() => new lrScheduler.MultiplicativeLR(sgd, {} as never)).toThrow('lrLambda is undefined, wants a function');
    expect(() => new lrScheduler.MultiplicativeLR(sgd, { lrLambda: [() => 1] })).toThrow(
      'MultiplicativeLR: 1 functions for 2 parameter groups',
    );
  });
});
