/** What `summary` says of models, and that it leaves them as they were. */
import { manualSeed, ones, randomState, type Tensor, zeros } from 'kindling';
import * as nn from 'kindling/nn';
import { expect, it } from 'vitest';

class SummedNet extends nn.Module {
  features = new nn.Sequential(new nn.Conv2d(3, 32, 3), new nn.BatchNorm2d(32), new nn.ReLU());
  pool = new nn.AdaptiveAvgPool2d(2);
  drop = new nn.Dropout(0.5);
  fc = new nn.Linear(128, 10);
  unused = new nn.Linear(2, 1);

  override forward(x: Tensor): Tensor {
    return this.fc.forward(this.drop.forward(this.pool.forward(this.features.forward(x)).flatten(1)));
  }
}

// By torchinfo's rule: 896 parameters at 2 · 900 pixels, 64 and 1,290 for 2 samples.
it('lists calls, shapes, parameters and multiply-adds', () => {
  const net = new SummedNet();
  net.unused.requiresGrad_(false);
  const { rows, totalParams, trainableParams, totalMultAdds } = nn.summary(net, [2, 3, 32, 32]);
  expect(rows.map(({ name, type, depth, outputShape }) => [name, type, depth, [...outputShape]])).toEqual([
    ['', 'SummedNet', 0, [2, 10]],
    ['features', 'Sequential', 1, [2, 32, 30, 30]],
    ['features.0', 'Conv2d', 2, [2, 32, 30, 30]],
    ['features.1', 'BatchNorm2d', 2, [2, 32, 30, 30]],
    ['features.2', 'ReLU', 2, [2, 32, 30, 30]],
    ['pool', 'AdaptiveAvgPool2d', 1, [2, 32, 2, 2]],
    ['drop', 'Dropout', 1, [2, 128]],
    ['fc', 'Linear', 1, [2, 10]],
  ]);
  expect(rows.map(({ params }) => params)).toEqual([0, 0, 896, 64, 0, 0, 0, 1290]);
  expect(rows.map(({ multAdds }) => multAdds)).toEqual([0, 0, 1612800, 128, 0, 0, 0, 2580]);
  expect([totalParams, trainableParams, totalMultAdds]).toEqual([2253, 2250, 1615508]);
});

it('prints a table', () => {
  const model = new nn.Sequential(new nn.Linear(4, 300), new nn.ReLU());
  expect(String(nn.summary(model, [1, 4]))).toBe(
    [
      'Layer (type)  Output shape  Params  Mult-adds',
      'Sequential    [1, 300]           -          -',
      '  0 (Linear)  [1, 300]       1,500      1,500',
      '  1 (ReLU)    [1, 300]           -          -',
      'Total params: 1,500',
      'Trainable params: 1,500',
      'Total mult-adds: 1,500',
    ].join('\n'),
  );
});

it('leaves model, generator and tape as they were, also where the model throws', async () => {
  manualSeed(3);
  const net = new SummedNet();
  net.features.eval();
  const own = (x: Tensor): Tensor => x;
  net.drop.forward = own;
  const before = { modes: net.modules().map(({ training }) => training), random: randomState() };
  const running = net.features[1] as nn.BatchNorm2d;
  nn.summary(net, [2, 3, 32, 32]);
  expect(() => nn.summary(net, [2, 4, 32, 32])).toThrow('conv2d: input has 4 channels');
  expect(net.modules().map(({ training }) => training)).toEqual(before.modes);
  expect(randomState()).toEqual(before.random);
  expect(await running.numBatchesTracked?.item()).toBe(0);
  expect(await running.runningMean?.array()).toEqual(Array(32).fill(0));
  expect(net.drop.forward).toBe(own);
  expect(Object.hasOwn(net.fc, 'forward')).toBe(false);
  expect(net.forward(ones([2, 3, 32, 32])).requiresGrad).toBe(true);
  expect(net.parameters().every(({ grad }) => grad === null)).toBe(true);
});

it('counts positions of sequences, rows once, and modules called twice', () => {
  class Tied extends nn.Module<[Tensor, Tensor]> {
    embed = new nn.Embedding(7, 4);
    attention = new nn.MultiheadAttention(4, 2, { batchFirst: true });
    norm = new nn.LayerNorm(4);

    override forward(tokens: Tensor, bias: Tensor): Tensor {
      const x = this.norm.forward(this.embed.forward(tokens));
      return this.norm.forward(this.attention.forward(x, x, x)[0].add(bias));
    }
  }
  const { rows, totalParams } = nn.summary(new Tied(), [zeros([2, 5], { dtype: 'i32' }), [4]]);
  expect(rows.map(({ name, params, multAdds }) => [name, params, multAdds])).toEqual([
    ['', 0, 0],
    ['embed', 28, 0],
    ['norm', 8, 16],
    ['attention', 60, 600],
    ['attention.out_proj', 20, 200],
    ['norm', 0, 16],
  ]);
  expect(totalParams).toBe(116);
});
