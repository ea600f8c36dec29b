/** Modules: names, keys and print as PyTorch's (`test/fixtures/make.py`), state, modes, layers. */
import { capture, full, manualSeed, ones, randn, step, type Tensor, tensor } from 'kindling';
import { loadSafetensors, readSafetensors, saveSafetensors } from 'kindling/io';
import * as nn from 'kindling/nn';
import { type AnyModule, Module, Parameter } from 'kindling/nn';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadJson } from '../support/fixtures.js';

interface Described {
  repr: string;
  state: [string, number[]][];
  parameters: string[];
  modules: string[];
}

let wanted: { study: Described; batchNorm: Described; layers: string[] };
beforeAll(async () => {
  wanted = await loadJson('modules.json');
});

class StudyNet extends Module {
  conv1 = new nn.Conv2d(3, 32, 3);
  conv2 = new nn.Conv2d(32, 64, 3);
  conv3 = new nn.Conv2d(64, 64, 3);
  fc1 = new nn.Linear(1024, 64);
  fc2 = new nn.Linear(64, 10);
  dropout_dense = new nn.Dropout(0.2);
  dropout_conv = new nn.Dropout2d(0.2);

  override forward(x: Tensor): Tensor {
    return x;
  }
}

class Block extends Module {
  conv = new nn.Conv2d(4, 4, [3, 5], { padding: [1, 2], bias: false });
  bn = new nn.BatchNorm2d(4);

  override forward(x: Tensor): Tensor {
    return this.bn.forward(this.conv.forward(x));
  }
}

class BatchNormNet extends Module {
  scale = new Parameter(ones([4]));
  stem = new nn.Sequential(
    new nn.Conv2d(3, 4, 3, { stride: 2, dilation: 2 }),
    new nn.BatchNorm2d(4, { eps: 1e-3 }),
    new nn.ReLU(),
  );
  blocks = new nn.ModuleList([new Block(), new Block()]);
  head = new nn.Linear(4, 2, { bias: false });

  override forward(x: Tensor): Tensor {
    return x;
  }
}

const described = (module: AnyModule): Described => ({
  repr: String(module),
  state: Object.entries(module.stateDict()).map(([key, { shape }]) => [key, [...shape]]),
  parameters: module.namedParameters().map(([name]) => name),
  modules: module.namedModules().map(([name]) => name),
});

describe('names', () => {
  it("are PyTorch's for the network of the study", () => {
    const net = new StudyNet();
    expect(described(net)).toEqual(wanted.study);
    expect(net.parameters().reduce((total, { size }) => total + size, 0)).toBe(122570);
  });

  it("are PyTorch's with batch normalisation, lists and parameters of one's own", () => {
    expect(described(new BatchNormNet())).toEqual(wanted.batchNorm);
  });

  it("are PyTorch's in the print of every layer", () => {
    const layers: AnyModule[] = [
      new nn.Conv2d(4, 8, 3, { stride: [1, 2], padding: 1, groups: 2 }),
      new nn.MaxPool2d(2),
      new nn.MaxPool2d([2, 3], { stride: 1, padding: 1 }),
      new nn.AvgPool2d(2),
      new nn.Flatten(),
      new nn.LogSoftmax(1),
      new nn.Softmax(-1),
      new nn.Dropout(),
      new nn.GELU(),
      new nn.GELU({ approximate: 'tanh' }),
      new nn.LeakyReLU(0.2),
      new nn.ELU(),
      new nn.SiLU(),
      new nn.Tanh(),
      new nn.Sigmoid(),
      new nn.Softplus(),
      new nn.ReLU6(),
      new nn.Hardswish(),
      new nn.Hardsigmoid(),
      new nn.Identity(),
      new nn.BatchNorm2d(7, { momentum: 0.01, affine: false }),
      new nn.NLLLoss(),
      new nn.CrossEntropyLoss(),
      new nn.MSELoss(),
      new nn.L1Loss(),
      new nn.SmoothL1Loss(),
      new nn.HuberLoss(),
      new nn.BCEWithLogitsLoss(),
      new nn.Sequential(),
      new nn.Sequential(new nn.Linear(2, 3), new nn.Sequential(new nn.ReLU())),
    ];
    expect(layers.map(String)).toEqual(wanted.layers);
  });

  it('name a shared parameter once, and keep all its keys', () => {
    class Tied extends Module {
      a = new nn.Linear(2, 2, { bias: false });
      b = new nn.Linear(2, 2, { bias: false });

      constructor() {
        super();
        this.b.weight = this.a.weight;
      }

      override forward(x: Tensor): Tensor {
        return this.b.forward(this.a.forward(x));
      }
    }
    const tied = new Tied();
    expect(tied.namedParameters().map(([name]) => name)).toEqual(['a.weight']);
    expect(Object.keys(tied.stateDict())).toEqual(['a.weight', 'b.weight']);
  });
});

describe('state', () => {
  it('goes through a file into another model, batch counts as int64', async () => {
    manualSeed(1);
    const from = new BatchNormNet();
    const bytes = await saveSafetensors(from.stateDict(), { format: 'pt' });
    expect(readSafetensors(bytes).tensors.get('stem.1.num_batches_tracked')?.format).toBe('I64');
    const to = new BatchNormNet();
    expect(to.loadStateDict(loadSafetensors(bytes))).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(await saveSafetensors(to.stateDict(), { format: 'pt' })).toEqual(bytes);
  });

  it('is refused as a whole where it does not fit', async () => {
    const linear = new nn.Linear(2, 3);
    const before = await linear.bias?.data();
    const state = { bias: full([3], 7), weight: ones([3, 4]), extra: ones([]) };
    expect(() => linear.loadStateDict(state)).toThrow(
      'loadStateDict: the state does not fit Linear: unknown: extra; weight is [3, 4], not [3, 2]',
    );
    expect(() => linear.loadStateDict({ bias: full([3], 7) })).toThrow(/missing: weight/);
    expect(await linear.bias?.data()).toEqual(before);
    const report = linear.loadStateDict({ bias: full([3], 7), extra: ones([]) }, { strict: false });
    expect(report).toEqual({ missingKeys: ['weight'], unexpectedKeys: ['extra'] });
    expect(await linear.bias?.array()).toEqual([7, 7, 7]);
  });

  it('leaves out buffers that are not persistent', () => {
    const module = new nn.Identity();
    module.registerBuffer('seenRows', ones([2]));
    module.registerBuffer('cache', ones([2]), { persistent: false });
    expect(Object.keys(module.stateDict())).toEqual(['seenRows']);
    expect(module.namedBuffers().map(([name]) => name)).toEqual(['seenRows', 'cache']);
  });
});

describe('modes', () => {
  it('reach every module, and apply() the children first', () => {
    const net = new BatchNormNet();
    expect(
      net
        .eval()
        .modules()
        .every(({ training }) => !training),
    ).toBe(true);
    expect(
      net
        .train()
        .modules()
        .every(({ training }) => training),
    ).toBe(true);
    const seen: string[] = [];
    new nn.Sequential(new nn.ReLU(), new nn.Sequential(new nn.Tanh())).apply(
      (module) => void seen.push(module.constructor.name),
    );
    expect(seen).toEqual(['ReLU', 'Tanh', 'Sequential', 'Sequential']);
  });

  it('turn dropout on and off', async () => {
    const dropout = new nn.Dropout(0.5);
    const x = ones([1000]);
    expect(dropout.eval().forward(x)).toBe(x);
    const kept = (await dropout.train().forward(x).data()).filter((value) => value !== 0);
    expect(new Set(kept)).toEqual(new Set([2]));
    expect(kept.length).toBeGreaterThan(400);
    expect(kept.length).toBeLessThan(600);
    expect(() => new nn.Dropout(1.5)).toThrow(/p is 1.5/);
  });

  it('freeze and forget gradients', () => {
    const linear = new nn.Linear(2, 1);
    linear
      .forward(ones([3, 2]))
      .sum()
      .backward();
    expect(linear.parameters().map(({ grad }) => grad?.shape)).toEqual([[1, 2], [1]]);
    linear.zeroGrad();
    expect(linear.parameters().map(({ grad }) => grad)).toEqual([null, null]);
    linear.requiresGrad_(false);
    expect(linear.forward(ones([3, 2])).requiresGrad).toBe(false);
  });
});

describe('layers', () => {
  it('in a Sequential run in order, and are indexed', async () => {
    const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(4, 2), new nn.ReLU());
    expect([model.length, [...model].length]).toEqual([3, 3]);
    expect(model[1]).toBeInstanceOf(nn.Linear);
    model.loadStateDict({
      '1.weight': tensor([
        [1, 2, 3, 4],
        [-1, 0, 0, 0],
      ]),
      '1.bias': tensor([0.5, 0.5]),
    });
    expect(await model.forward(ones([1, 2, 2])).array()).toEqual([[10.5, 0]]);
    expect(() => new nn.ModuleList([new nn.ReLU()]).forward()).toThrow(/no forward/);
  });

  it('outlive the step that makes them', async () => {
    const model = step(() => new nn.Linear(3, 3));
    const x = randn([2, 3]);
    step(() => model.forward(x).sum().backward());
    expect(await model.weight.grad?.data()).toHaveLength(9);
  });

  it('batch normalisation counts batches, in training alone', async () => {
    const bn = new nn.BatchNorm2d(2);
    const x = randn([4, 2, 3, 3]);
    bn.forward(x);
    bn.forward(x);
    bn.eval().forward(x);
    expect(await bn.numBatchesTracked?.item()).toBe(2);
    const mean = await x.mean({ dim: [0, 2, 3] }).data();
    const running = await bn.runningMean?.data();
    for (const [i, value] of mean.entries()) expect(running?.[i]).toBeCloseTo(value * (0.1 + 0.09), 5);
  });

  it("start as PyTorch's", async () => {
    manualSeed(2);
    const most = async (x: Tensor | null): Promise<number> => Math.max(...((await x?.data()) ?? []).map(Math.abs));
    // [layer, bound of the weight, bound of the bias]: uniform, so that the largest of many comes near it.
    const layers = [
      [new nn.Conv1d(16, 64, 5), 1 / Math.sqrt(80), 1 / Math.sqrt(80)],
      [new nn.Conv2d(8, 64, [3, 5], { groups: 2 }), 1 / Math.sqrt(60), 1 / Math.sqrt(60)],
      // The fan in of a transposed weight is that of the gradient.
      [new nn.ConvTranspose2d(64, 128, 3, { groups: 2 }), 1 / Math.sqrt(576), 1 / Math.sqrt(576)],
    ] as const;
    for (const [{ weight, bias }, ofWeight, ofBias] of layers) {
      for (const [largest, bound] of [
        [await most(weight), ofWeight],
        [await most(bias), ofBias],
      ] as const) {
        expect(largest).toBeLessThanOrEqual(bound);
        expect(largest).toBeGreaterThan(0.9 * bound);
      }
    }
    const attention = new nn.MultiheadAttention(32, 4);
    const bound = Math.sqrt(6 / (32 + 96));
    expect(await most(attention.inProjWeight)).toBeGreaterThan(0.9 * bound);
    expect(await most(attention.inProjWeight)).toBeLessThanOrEqual(bound);
    expect([await most(attention.inProjBias), await most(attention.outProj.bias)]).toEqual([0, 0]);
    const rows = (await new nn.Embedding(50, 40, { paddingIdx: -2 }).weight.array()) as number[][];
    expect(rows[48]?.every((value) => value === 0)).toBe(true);
    const others = rows.filter((_, i) => i !== 48).flat();
    expect(others.reduce((sum, value) => sum + value, 0) / others.length).toBeCloseTo(0, 1);
    expect(others.reduce((sum, value) => sum + value * value, 0) / others.length).toBeCloseTo(1, 1);
  });

  it('attention drops weights in training alone', async () => {
    const x = randn([6, 2, 4]);
    const attention = new nn.MultiheadAttention(4, 2, { dropout: 0.5 });
    const weights = async (): Promise<number[]> => {
      const [, made] = attention.forward(x, x, x, { averageAttnWeights: false });
      return [...((await made?.data()) ?? [])];
    };
    const zeroes = (await weights()).filter((value) => value === 0).length;
    expect(zeroes).toBeGreaterThan(40);
    expect(zeroes).toBeLessThan(104);
    attention.eval();
    expect((await weights()).every((value) => value > 0)).toBe(true);
  });

  it('upsample in captured steps', async () => {
    const upsample = new nn.Upsample({ scaleFactor: [2, 1.5] });
    const run = capture((x: Tensor) => upsample.forward(x));
    for (let i = 0; i < 3; i++) {
      const y = run(full([1, 1, 2, 2], i));
      expect(await y.array()).toEqual([[Array(4).fill([i, i, i])]]);
    }
  });

  it('refuse what does not fit', () => {
    expect(() => new nn.Conv2d(3, 4, 3, { groups: 2 })).toThrow('Conv2d: groups 2 must divide 3 and 4 channels');
    expect(() => new nn.GroupNorm(3, 4)).toThrow('GroupNorm: 3 groups do not divide 4 channels');
    expect(() => new nn.Embedding(4, 2, { paddingIdx: 4 })).toThrow('paddingIdx 4 is outside a table of 4 rows');
    expect(() => new nn.MultiheadAttention(6, 4)).toThrow('MultiheadAttention: 4 heads do not divide embedDim 6');
    const image = ones([2, 4, 3, 3]);
    expect(() => new nn.BatchNorm1d(4).forward(image)).toThrow(
      'BatchNorm1d: wants 2 or 3 dimensions, got [2, 4, 3, 3]',
    );
    expect(() => new nn.BatchNorm2d(4).forward(ones([2, 4]))).toThrow('BatchNorm2d: wants 4 dimensions, got [2, 4]');
    expect(() => new nn.InstanceNorm2d(3, { affine: true }).forward(image)).toThrow(
      'instanceNorm: input [2, 4, 3, 3] wants weight [4], got [3]',
    );
    expect(() => new nn.InstanceNorm2d(4).forward(ones([2, 4, 1, 1]))).toThrow('more than one value per channel');
    expect(() => new nn.MaxPool1d(2).forward(image)).toThrow('maxPool1d: wants shape [N, C, L] or [C, L]');
    expect(() => new nn.Upsample({}).forward(image)).toThrow('interpolate: give one of size and scaleFactor');
    expect(() => new nn.Upsample({ size: [2] }).forward(image)).toThrow('has 2 spatial dimensions');
    expect(() => new nn.Upsample({ scaleFactor: 0.2 }).forward(image)).toThrow('none of which can be left empty');
    const attention = new nn.MultiheadAttention(4, 2);
    const x = ones([3, 2, 4]);
    expect(() => attention.forward(x, x, ones([3, 2, 5]))).toThrow('wants [L, N, 4] or [L, 4] thrice, got [3, 2, 4]');
    expect(() => attention.forward(x, x, x, { attnMask: ones([3, 2]) })).toThrow(
      'wants attnMask [3, 3] or [4, 3, 3] of bool or f32, got [3, 2] of f32',
    );
    const short = ones([2, 4]).to('bool');
    expect(() => attention.forward(x, x, x, { keyPaddingMask: short })).toThrow('wants keyPaddingMask [2, 3]');
  });

  it('losses pass their options on', async () => {
    const logits = tensor([
      [1, 2, 0],
      [0, 0, 3],
    ]);
    const classes = tensor([1, 2], { dtype: 'i32' });
    const weighted = new nn.CrossEntropyLoss({ weight: tensor([1, 0, 2]), reduction: 'sum' });
    expect(await weighted.forward(logits, classes).item()).toBeCloseTo(2 * Math.log(1 + 2 * Math.exp(-3)), 5);
    expect(Object.keys(weighted.stateDict())).toEqual(['weight']);
    const huber = new nn.HuberLoss({ delta: 2, reduction: 'none' });
    expect(await huber.forward(tensor([1, 4]), tensor([0, 0])).array()).toEqual([0.5, 6]);
  });
});
