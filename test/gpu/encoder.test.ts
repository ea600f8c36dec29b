/** RMSNorm and encoders, against PyTorch. */
import { capture, gradcheck, noGrad, ones, randn, type Tensor, tensor, zeros } from 'kindling';
import * as nn from 'kindling/nn';
import { RMSNorm, TransformerEncoder, TransformerEncoderLayer } from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';
import { describe, expect, test } from 'vitest';
import { camelCased } from '../parity/ops.js';
import { close, type Plain } from '../support/agree.js';
import { type Cases, layerCases, made, SIX } from '../support/layerCases.js';

const cases = await layerCases();

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
