/**
 * What a captured step launches, kernel by kernel: a change of these lists is a gain or a loss that somebody should see.
 * They are of software adapters with subgroups, by default choices; elsewhere products are cut into other parts.
 */
import * as k from 'kindling';
import { manualSeed, randint, randn, type Tensor } from 'kindling';
import { useFewChannels } from 'kindling/fewChannels';
import * as F from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';
import { profile } from 'kindling/profile';
import { useTuning } from 'kindling/tune';
import { useWinograd } from 'kindling/winograd';
import { beforeAll, expect, test } from 'vitest';
import { Net } from '../../examples/cifar/network.js';
import { Gpt } from '../../examples/gpt/model.js';
import { ResidualBlock } from '../../examples/resnet/network.js';

// Whatever another test has asked for.
beforeAll(async () => {
  await useTuning(false);
  useWinograd(false);
  useFewChannels(false);
});

/** The kernels that a replay of `body` launches, in order, and behind them its copies between buffers. */
async function launches(body: () => unknown): Promise<string[]> {
  const train = k.capture(body);
  const { timeline } = await profile(train, { steps: 1, warmup: 1, peaks: false });
  const { copies, dispatches, replays } = train.stats();
  expect([timeline.length, replays > 0]).toEqual([dispatches, true]);
  train.reset();
  return [...timeline.map(({ name }) => name), ...new Array<string>(copies).fill('(copy)')];
}

/** The same of a function of `leaves`, forward and backward. */
function bothWays(forward: () => Tensor, leaves: readonly Tensor[]): Promise<string[]> {
  const seed = randn(k.noGrad(forward).shape);
  return launches(() => {
    for (const leaf of leaves) leaf.grad = null;
    const y = forward();
    y.backward(seed);
    return y;
  });
}

const isListed = (): boolean => k.adapter().isSoftware && k.adapter().subgroupSize >= 4;
const leaf = (...shape: number[]): Tensor => randn(shape, { requiresGrad: true });

test("a training step of the study's network", async () => {
  if (!isListed()) return;
  manualSeed(0);
  const model = new Net({ name: 'study', lr: 1e-3 });
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  const [x, y] = [randn([64, 3, 32, 32]), randint(0, 10, [64])];
  const step = (): Tensor => {
    optimizer.zeroGrad();
    const loss = F.nllLoss(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  expect(await launches(step)).toEqual([
    'conv2d.forward',
    'conv2d.forward',
    'conv2d.forward+relu',
    'matmul+relu',
    'matmul',
    'crossEntropy',
    'crossEntropy.grad',
    'matmul+relu.grad',
    'matmul',
    'matmul+relu.grad',
    'matmul',
    'conv2d.inputGrad',
    'conv2d.weightGrad',
    'maxPool2d.grad',
    'conv2d.inputGrad',
    'conv2d.weightGrad',
    'maxPool2d.grad',
    'conv2d.weightGrad.partial',
    'conv2d.weightGrad.reduce',
    'optimizer.adam',
  ]);
});

test('a residual block', async () => {
  if (!isListed()) return;
  const block = new ResidualBlock(16, 16, 1);
  const x = leaf(8, 16, 16, 16);
  expect(await bothWays(() => block.forward(x), [x, ...block.parameters()])).toEqual([
    'conv2d.forward',
    'batchNorm.statistics',
    'batchNorm+relu',
    'conv2d.forward',
    'batchNorm.statistics',
    'batchNorm+add+relu+relu.grad',
    'batchNorm.sums',
    'batchNorm.grad',
    'conv2d.inputGrad+relu.grad',
    'conv2d.weightGrad',
    'batchNorm.sums',
    'batchNorm.grad',
    'conv2d.inputGrad+add',
    'conv2d.weightGrad',
  ]);
});

test('a layer of a transformer', async () => {
  if (!isListed()) return;
  const [layer] = new Gpt({ vocabulary: 10, context: 16, width: 16, heads: 2, layers: 1 }).blocks;
  if (!layer) throw new Error('it has one layer');
  const x = leaf(4, 16, 16);
  const list = await bothWays(() => layer.forward(x), [x, ...layer.parameters()]);
  expect(list).toEqual([
    'layerNorm',
    'matmul',
    'copy.gather',
    'copy.gather+copy.gather+copy.gather',
    'attention',
    'copy.gather',
    'matmul+add',
    'layerNorm',
    'matmul+gelu',
    'matmul+add',
    'matmul+gelu.grad',
    'matmul',
    'matmul',
    'matmul',
    'layerNorm.grad+add',
    'layerNorm.sums',
    'matmul',
    'matmul',
    'copy.gather',
    'attention.rows',
    'attention.queryGrad',
    'attention.keyGrad',
    'copy.join',
    'copy.join+add',
    'copy.join+add',
    'copy.gather',
    'matmul',
    'matmul',
    'layerNorm.grad+add',
    'layerNorm.sums',
  ]);
});

test('elementwise functions, one after the other', async () => {
  if (!isListed()) return;
  const [x, y] = [leaf(64, 64), leaf(64, 64)];
  const [a, b] = [randn([64, 64]), randn([64, 64])];
  expect(await bothWays(() => k.sigmoid(x.mul(a).add(b)).mul(y), [x, y])).toEqual([
    'mul+add+sigmoid+mul+mul+mul+sigmoid.grad+mul',
  ]);
});

test('a convolution whose ReLU is read twice, and one that is read by a ReLU and besides', async () => {
  if (!isListed()) return;
  const x = randn([4, 3, 8, 8]);
  const [weight, bias] = [leaf(4, 3, 3, 3), leaf(4)];
  const twice = (): Tensor => {
    const y = k.relu(F.conv2d(x, weight, bias));
    return y.mul(k.sigmoid(y));
  };
  expect(await bothWays(twice, [weight, bias])).toEqual([
    'conv2d.forward+relu+sigmoid+mul+mul+mul+sigmoid.grad+add+relu.grad',
    'conv2d.weightGrad',
  ]);
  const besides = (): Tensor => {
    const y = F.conv2d(x, weight, bias);
    return k.relu(y).mul(k.sigmoid(y));
  };
  expect(await bothWays(besides, [weight, bias])).toEqual([
    'conv2d.forward+relu+sigmoid+mul+mul+mul+sigmoid.grad+relu.grad+add',
    'conv2d.weightGrad',
  ]);
});

test('no product runs twice because two read it: a skip beside a pool, a linear layer and its ReLU', async () => {
  if (!isListed()) return;
  const x = randn([4, 3, 8, 8]);
  const [weight, bias] = [leaf(4, 3, 3, 3), leaf(4)];
  const skip = (): Tensor => {
    const y = k.relu(F.conv2d(x, weight, bias));
    return F.maxPool2d(y, 2).sum().add(k.sigmoid(y).sum());
  };
  const kernels = await bothWays(skip, [weight, bias]);
  expect(kernels.filter((name) => /conv2d|Pool|relu/.test(name))).toEqual([
    'conv2d.forward+relu+sigmoid',
    'maxPool2d',
    'maxPool2d.grad',
    'add+relu.grad',
    'conv2d.weightGrad',
  ]);
  const rows = leaf(5, 192);
  const both = (): Tensor => {
    const y = F.linear(x.reshape([4, 192]), rows);
    return k.relu(y).mul(y);
  };
  expect(await bothWays(both, [rows])).toEqual(['matmul+relu+mul+mul+mul+relu.grad+add', 'matmul']);
});
