/** Settings of modules are fields under their own names: one that is set counts from then on, in captured steps too. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import { expect, test } from 'vitest';

type Made = nn.Module | nn.Module<[input: k.Tensor, target: k.Tensor]>;

/** A module, what is set, and the module that was made so. */
const cases: [string, () => Made, object, () => Made, shape: readonly number[]][] = [
  ['Dropout.p', () => new nn.Dropout(0.5), { p: 1 }, () => new nn.Dropout(1), [4]],
  ['BatchNorm1d.momentum', () => norm({}), { momentum: 0.5 }, () => norm({ momentum: 0.5 }), [4, 3]],
  ['BatchNorm1d.momentum, none', () => norm({}), { momentum: null }, () => norm({ momentum: null }), [4, 3]],
  ['BatchNorm1d.eps', () => norm({}), { eps: 1 }, () => norm({ eps: 1 }), [4, 3]],
  ['BatchNorm1d.trackRunningStats', () => norm({}), { trackRunningStats: false }, () => still(), [4, 3]],
  ['LayerNorm.eps', () => new nn.LayerNorm(3), { eps: 1 }, () => new nn.LayerNorm(3, { eps: 1 }), [4, 3]],
  ['GroupNorm.eps', () => new nn.GroupNorm(1, 3), { eps: 1 }, () => new nn.GroupNorm(1, 3, { eps: 1 }), [4, 3, 2]],
  ['Conv2d.stride', () => conv({}), { stride: [2, 2] }, () => conv({ stride: 2 }), [1, 1, 6, 6]],
  ['Conv2d.padding', () => conv({}), { padding: [1, 1] }, () => conv({ padding: 1 }), [1, 1, 6, 6]],
  ['Conv2d.dilation', () => conv({}), { dilation: [2, 2] }, () => conv({ dilation: 2 }), [1, 1, 6, 6]],
  ['LeakyReLU.negativeSlope', () => new nn.LeakyReLU(), { negativeSlope: 3 }, () => new nn.LeakyReLU(3), [4]],
  ['ELU.alpha', () => new nn.ELU(), { alpha: 3 }, () => new nn.ELU(3), [4]],
  ['Softplus.beta', () => new nn.Softplus(), { beta: 3 }, () => new nn.Softplus(3), [4]],
  ['GELU.approximate', () => new nn.GELU(), { approximate: 'tanh' }, () => new nn.GELU({ approximate: 'tanh' }), [4]],
  ['Softmax.dim', () => new nn.Softmax(1), { dim: 0 }, () => new nn.Softmax(0), [2, 3]],
  ['MaxPool1d.stride', () => new nn.MaxPool1d(2), { stride: 1 }, () => new nn.MaxPool1d(2, { stride: 1 }), [1, 1, 6]],
  [
    'MaxPool2d.padding',
    () => new nn.MaxPool2d(2),
    { padding: 1 },
    () => new nn.MaxPool2d(2, { padding: 1 }),
    [1, 6, 6, 6],
  ],
  ['Upsample.scaleFactor', () => up(2), { scaleFactor: 3 }, () => up(3), [1, 1, 2, 2]],
  ['Flatten.startDim', () => new nn.Flatten(), { startDim: 0 }, () => new nn.Flatten(0), [2, 3]],
  ['MSELoss.reduction', () => new nn.MSELoss(), { reduction: 'sum' }, () => new nn.MSELoss({ reduction: 'sum' }), [4]],
  [
    'KLDivLoss.logTarget',
    () => new nn.KLDivLoss(),
    { logTarget: true },
    () => new nn.KLDivLoss({ logTarget: true }),
    [4],
  ],
];
const norm = (options: nn.BatchNormOptions) => new nn.BatchNorm1d(3, options);
/** Its running statistics stay where they begin. */
const still = () => Object.assign(norm({ momentum: 0 }), { numBatchesTracked: null });
const conv = (options: nn.Conv2dOptions) => {
  k.manualSeed(1);
  return new nn.Conv2d(1, 2, 3, options);
};
const up = (scaleFactor: number) => new nn.Upsample({ scaleFactor });

test.each(cases)('%s', async (_, make, settings, made, shape) => {
  const [model, want] = [make(), made()];
  k.manualSeed(2);
  const [x, target] = [k.randn(shape), k.rand(shape)];
  const call = (module: Made) => (module as nn.Module<[k.Tensor, k.Tensor]>).forward(x, target);
  const f = k.capture(() => call(model));
  if (model instanceof nn.BatchNorm1d) model.eval();
  for (let i = 0; i < 3; i++) f();
  model.train();
  Object.assign(model, settings);
  for (let i = 0; i < 3; i++) expect(await f().array()).toEqual(await k.step(() => call(want)).array());
  const running = (of: Made) => (of instanceof nn.BatchNorm1d ? of.runningMean?.array() : null);
  expect(await running(model)).toEqual(await running(want));
});
