/** Layers and networks as ONNX files, against ONNX Runtime. */
import * as k from 'kindling';
import { arange, manualSeed, randint, randn, type Tensor, tensor } from 'kindling';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { beforeAll, describe, expect, it } from 'vitest';
import { Net } from '../../examples/cifar/network.js';
import { Apply, agrees } from '../support/onnxRuntime.js';

beforeAll(() => {
  manualSeed(7);
});

/** Layers of a Sequential, and the input's shape without its batch. */
const layers: [string, number[], () => nn.Module[]][] = [
  ['Linear', [6], () => [new nn.Linear(6, 4)]],
  ['Linear on sequences', [5, 6], () => [new nn.Linear(6, 4, { bias: false })]],
  ['Conv2d', [3, 9, 8], () => [new nn.Conv2d(3, 6, 3)]],
  [
    'Conv2d with everything',
    [4, 11, 10],
    () => [new nn.Conv2d(4, 6, [3, 2], { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2, bias: false })],
  ],
  ['ConvTranspose2d', [4, 5, 6], () => [new nn.ConvTranspose2d(4, 3, 3)]],
  [
    'ConvTranspose2d with everything',
    [4, 5, 6],
    () => [
      new nn.ConvTranspose2d(4, 6, [3, 2], {
        stride: [3, 2],
        padding: [2, 1],
        dilation: [1, 2],
        outputPadding: [2, 1],
        groups: 2,
        bias: false,
      }),
    ],
  ],
  ['Upsample', [2, 3, 4], () => [new nn.Upsample({ scaleFactor: [2, 1.5] })]],
  ['Conv1d', [4, 9], () => [new nn.Conv1d(4, 6, 3, { stride: 2, padding: 1 })]],
  ['Conv3d', [4, 3, 5, 4], () => [new nn.Conv3d(4, 6, 3, { stride: 2, padding: 1, groups: 2 })]],
  ['ConvTranspose1d', [4, 5], () => [new nn.ConvTranspose1d(4, 3, 3, { stride: 2, padding: 1 })]],
  ['AvgPool1d', [4, 9], () => [new nn.AvgPool1d(3)]],
  ['AdaptiveMaxPool2d', [2, 5, 4], () => [new nn.AdaptiveMaxPool2d([3, 2])]],
  ['MaxPool1d', [4, 9], () => [new nn.MaxPool1d(3)]],
  ['InstanceNorm2d', [4, 3, 5], () => [new nn.InstanceNorm2d(4)]],
  ['GroupNorm', [4, 3, 5], () => [new nn.GroupNorm(2, 4)]],
  ['BatchNorm1d of signals', [4, 5], () => [new nn.BatchNorm1d(4)]],
  ['BatchNorm2d', [5, 4, 3], () => [new nn.BatchNorm2d(5, { eps: 1e-3 })]],
  ['BatchNorm2d without weights', [5, 4, 3], () => [new nn.BatchNorm2d(5, { affine: false })]],
  ["BatchNorm2d of the batch's statistics", [5, 4, 3], () => [new nn.BatchNorm2d(5, { trackRunningStats: false })]],
  ['MaxPool2d', [2, 9, 8], () => [new nn.MaxPool2d(3, { stride: 2, padding: 1 })]],
  ['AvgPool2d', [2, 9, 8], () => [new nn.AvgPool2d([3, 2], { stride: 2, padding: 1 })]],
  ['AvgPool2d without its padding', [2, 9, 8], () => [new nn.AvgPool2d(3, { padding: 1, countIncludePad: false })]],
  ['Dropout', [6], () => [new nn.Dropout(0.5), new nn.ReLU(), new nn.Dropout(0.5)]],
  ['Dropout2d', [3, 4, 4], () => [new nn.Dropout2d(0.5)]],
  ['Flatten', [3, 4, 5], () => [new nn.Flatten()]],
  ['Flatten of some', [3, 4, 5], () => [new nn.Flatten(2)]],
  ['Identity', [3], () => [new nn.Identity()]],
  ['ReLU', [7], () => [new nn.ReLU()]],
  ['ReLU6', [7], () => [new nn.ReLU6()]],
  ['Tanh', [7], () => [new nn.Tanh()]],
  ['Sigmoid', [7], () => [new nn.Sigmoid()]],
  ['SiLU', [7], () => [new nn.SiLU()]],
  ['Hardsigmoid', [7], () => [new nn.Hardsigmoid()]],
  ['Hardswish', [7], () => [new nn.Hardswish()]],
  ['Softplus', [7], () => [new nn.Softplus()]],
  ['LeakyReLU', [7], () => [new nn.LeakyReLU(0.2)]],
  ['ELU', [7], () => [new nn.ELU(1.5)]],
  ['GELU', [7], () => [new nn.GELU()]],
  ['GELU by tanh', [7], () => [new nn.GELU({ approximate: 'tanh' })]],
  ['Softmax', [3, 7], () => [new nn.Softmax(1)]],
  ['LogSoftmax', [7], () => [new nn.LogSoftmax(-1)]],
];

describe("each layer in a Sequential, for a batch that is not the example's", () => {
  it.each(layers)('%s', async (_, shape, make) => {
    const model = new nn.Sequential(...make());
    await agrees(model, [randn([2, ...shape]).mul(0)], [randn([3, ...shape]).mul(3)]);
  });
});

/** Two convolutions and what goes around them. */
class Block extends nn.Module {
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  shortcut: nn.Sequential;

  constructor(from: number, to: number, stride: number) {
    super();
    this.conv1 = new nn.Conv2d(from, to, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(to);
    this.conv2 = new nn.Conv2d(to, to, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(to);
    this.shortcut =
      stride === 1
        ? new nn.Sequential()
        : new nn.Sequential(new nn.Conv2d(from, to, 1, { stride, bias: false }), new nn.BatchNorm2d(to));
  }

  forward(x: Tensor): Tensor {
    const y = F.relu(this.bn1.forward(this.conv1.forward(x)));
    return F.relu(this.bn2.forward(this.conv2.forward(y)).add(this.shortcut.forward(x)));
  }
}

class ResNet extends nn.Module {
  stem = new nn.Conv2d(3, 8, 3, { padding: 1, bias: false });
  bn = new nn.BatchNorm2d(8);
  blocks = new nn.Sequential(new Block(8, 8, 1), new Block(8, 16, 2));
  fc = new nn.Linear(16, 10);

  forward(x: Tensor): Tensor {
    const y = this.blocks.forward(F.relu(this.bn.forward(this.stem.forward(x))));
    return this.fc.forward(F.adaptiveAvgPool2d(y, 1).flatten(1));
  }
}

describe('networks', () => {
  it("the study's", async () => {
    const net = new Net({ name: 'dropout_both', lr: 1e-3, dropoutConv: 0.2, dropoutDense: 0.2 });
    const session = await agrees(net, [randn([1, 3, 32, 32])], [randn([5, 3, 32, 32])]);
    expect(session.inputMetadata[0]).toMatchObject({ name: 'input', shape: ['batch', 3, 32, 32] });
    expect(session.outputMetadata[0]).toMatchObject({ name: 'output', shape: ['batch', 10] });
  });

  it('a residual one, its statistics those of a training', async () => {
    const net = new ResNet();
    for (let i = 0; i < 3; i++) net.forward(randn([4, 3, 16, 16]).add(i));
    const session = await agrees(net, [randn([1, 3, 16, 16])], [randn([3, 3, 16, 16])], { inputNames: ['image'] });
    expect(session.inputNames).toEqual(['image']);
  });

  it('of a fixed batch', async () => {
    const net = new ResNet();
    const x = randn([2, 3, 16, 16]);
    const session = await agrees(net, [x], [x], { dynamicBatch: false });
    expect(session.inputMetadata[0]).toMatchObject({ shape: [2, 3, 16, 16] });
  });

  it('with weights that lie once for each image', async () => {
    const model = new nn.Sequential(new nn.InstanceNorm2d(4, { affine: true, trackRunningStats: true }));
    const x = randn([2, 4, 3, 3]);
    model.forward(x);
    await agrees(model, [x], [x], { dynamicBatch: false });
    const ofTheBatch = new Apply((x) => F.instanceNorm(x, { weight: tensor([1, 2, 3, 4]), bias: k.ones([4]) }));
    await agrees(ofTheBatch, [x], [x], { dynamicBatch: false });
  });

  it('of attention in heads, with hidden keys', async () => {
    const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
    const mask = k.triu(k.ones([5, 5]), 1).to('bool');
    const model = new Apply((x) => attention.forward(x, x, x, { attnMask: mask, needWeights: false })[0]);
    await agrees(model, [randn([1, 5, 8])], [randn([4, 5, 8])]);
  });

  it('with attention, embedding and positions', async () => {
    const table = new nn.Parameter(randn([11, 8]));
    const mask = k.where(k.lt(arange(0, 5).reshape([5, 1]), arange(0, 5)), -1e9, 0);
    const model = new Apply((tokens) => {
      const x = F.embedding(tokens, table).add(randn([5, 8]).mul(0).add(0.25));
      const heads = x.reshape([-1, 5, 2, 4]).permute([0, 2, 1, 3]);
      const scores = k.matmul(heads, heads.transpose(-1, -2)).mul(0.5).add(mask);
      const y = k
        .matmul(F.softmax(scores, { dim: -1 }), heads)
        .permute([0, 2, 1, 3])
        .reshape([-1, 5, 8]);
      return F.layerNorm(y.add(x), [8]).slice(1, -2);
    });
    await agrees(model, [randint(0, 11, [1, 5])], [randint(0, 11, [4, 5])]);
  });
});
