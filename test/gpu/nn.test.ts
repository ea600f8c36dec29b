/** Modules: names, keys and print as PyTorch's (`test/fixtures/make.py`), state, modes. */
import { full, manualSeed, ones, type Tensor } from 'kindling';
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
