/** `autocast`: products over f16 with their gradients, against doubles; what runs in which launch; the study's losses. */
import * as k from 'kindling';
import { capture, manualSeed, step, type Tensor } from 'kindling';
import { autocast, GradScaler, half as half_, isAutocastAvailable, isAutocastEnabled } from 'kindling/amp';
import { DataLoader } from 'kindling/data';
import * as F from 'kindling/nn/functional';
import { Adam, SGD } from 'kindling/optim';
import { expect, test } from 'vitest';
import { Net } from '../../examples/cifar/network.js';
import { watching } from '../../src/tensor/launch.js';
import { at, build, close, get, type Plain, plain, toTensor, values } from '../support/agree.js';
import { half, halves, onHalves } from '../support/halves.js';
import { randomImages } from '../support/training.js';

const matmul = (a: Plain, b: Plain, turnA = false, turnB = false): Plain => {
  const [rows, columns] = [at(a.shape, turnA ? 1 : 0), at(b.shape, turnB ? 0 : 1)];
  const length = at(a.shape, turnA ? 0 : 1);
  return build([rows, columns], (i = 0, j = 0) => {
    let sum = 0;
    for (let n = 0; n < length; n++)
      sum += (turnA ? get(a, n, i) : get(a, i, n)) * (turnB ? get(b, j, n) : get(b, n, j));
    return sum;
  });
};

test('what is not in f16 says so, and runs without', async () => {
  const [a, b] = [values([3, 4]), values([4, 5])];
  const y = autocast(() => toTensor(a).matmul(toTensor(b)), { enabled: false });
  await close('a product in f32', y, matmul(a, b));
  expect(isAutocastEnabled()).toBe(false);
  expect(typeof isAutocastAvailable()).toBe('boolean');
});

onHalves('products round their factors, and nothing else', async () => {
  const [a, b, g] = [values([5, 9]), values([9, 6]), values([5, 6])];
  const [x, w] = [toTensor(a).requiresGrad_(), toTensor(b).requiresGrad_()];
  const y = autocast(() => {
    expect(isAutocastEnabled()).toBe(true);
    return x.matmul(w);
  });
  expect(y.dtype).toBe('f32');
  y.backward(toTensor(g));
  await close('y', y, matmul(halves(a), halves(b)));
  await close('dx', x.grad as Tensor, matmul(halves(g), halves(b), false, true));
  await close('dw', w.grad as Tensor, matmul(halves(a), halves(g), true));
});

onHalves('a linear layer, and the sum that comes with its gradient', async () => {
  const [a, b, c, g] = [values([7, 8]), values([4, 8]), values([4]), values([7, 4])];
  const [x, w, bias] = [a, b, c].map((one) => toTensor(one).requiresGrad_()) as [Tensor, Tensor, Tensor];
  const y = autocast(() => F.linear(x, w, bias));
  y.backward(toTensor(g));
  const product = matmul(halves(a), halves(b), false, true);
  await close(
    'y',
    y,
    plain(
      [7, 4],
      product.data.map((value, i) => value + at(c.data, i % 4)),
    ),
  );
  await close('dw', w.grad as Tensor, matmul(halves(g), halves(a), true));
  const sums = [0, 1, 2, 3].map((j) => halves(g).data.reduce((sum, value, i) => sum + (i % 4 === j ? value : 0), 0));
  await close('db', bias.grad as Tensor, plain([4], sums));
});

onHalves('what f16 does not hold is infinite or 0, and NaN stays', async () => {
  const given = [65504, 65519, 65520, -1e6, 1e30, Number.POSITIVE_INFINITY, 5e-8, 2e-8, -6e-8, Number.NaN, 0, 1 / 3];
  const x = toTensor(plain([given.length, 1], given));
  const y = autocast(() => x.matmul(k.ones([1, 1])));
  expect([...(await y.data())]).toEqual(given.map(half));
});

onHalves('gradients that f16 has not are 0, and with a scale they are there', async () => {
  const [x, w] = [toTensor(plain([1, 2], [1, 2])), toTensor(plain([2, 1], [1, 1])).requiresGrad_()];
  const optimizer = new SGD([w], { lr: 1 });
  const scaler = new GradScaler();
  const loss = (): Tensor =>
    k.sum(
      k.mul(
        autocast(() => x.matmul(w)),
        2 ** -30,
      ),
    );
  loss().backward();
  expect([...(await (w.grad as Tensor).data())]).toEqual([0, 0]);
  optimizer.zeroGrad();
  scaler.scale(loss()).backward();
  scaler.unscale_(optimizer);
  expect([...(await (w.grad as Tensor).data())]).toEqual([2 ** -30, 2 ** -29]);
});

onHalves('a weight is rounded once, and again when it was written', () => {
  const [x, w] = [toTensor(values([3, 4])), toTensor(values([4, 4])).requiresGrad_()];
  const launched: string[] = [];
  watching(
    ({ name }) => void launched.push(name),
    () =>
      autocast(() => {
        const y = x.matmul(w).matmul(w);
        k.sum(y).backward();
        k.noGrad(() => w.mul_(0.5));
        return x.matmul(w);
      }),
  );
  const count = (name: string): number => launched.filter((one) => one === name).length;
  // x, w, the product between, the gradient by each product; w again.
  expect(count('half')).toBe(6);
  expect(launched.filter((one) => one.startsWith('matmul.half')).length).toBe(6);
  return Promise.resolve();
});

onHalves('what products alone read is written as f16 alone, by whoever makes it', async () => {
  const [x, v, w] = [values([6, 8]), values([8, 8]), values([8, 4])].map(toTensor) as [Tensor, Tensor, Tensor];
  const run = (): Tensor => step(() => k.noGrad(() => autocast(() => k.relu(x.matmul(v)).matmul(w))));
  const first = await run().data();
  const { profile } = await import('kindling/profile');
  const { kernels } = await profile(run, { steps: 1 });
  expect(kernels.map(({ name }) => name).sort()).toEqual(['half', 'matmul.half', 'matmul.half+relu+half'].sort());
  expect(await run().data()).toEqual(first);
});

onHalves('behind a chain of twenty functions, whose seventeenth is not named like the type', async () => {
  const [x, w] = [values([4, 4]), values([4, 4])].map(toTensor) as [Tensor, Tensor];
  const run = (isTogether: boolean): Tensor => {
    const body = (): Tensor => {
      let y = x;
      for (let i = 0; i < 20; i++) y = k.add(y, 0.25);
      return y.matmul(w);
    };
    return k.noGrad(() => autocast(isTogether ? () => step(body) : body));
  };
  expect(await run(true).data()).toEqual(await run(false).data());
});

onHalves('a captured function inside is told to hold it', async () => {
  const x = toTensor(values([3, 3]));
  const square = capture(() => x.matmul(x));
  autocast(() => square());
  expect(() => autocast(() => square())).toThrow('autocast: a captured function is recorded inside');
});

onHalves('elements kept as f16, and read again', async () => {
  const given = values([3, 7]);
  const kept = half_(toTensor(given));
  expect([kept.dtype, kept.shape, `${kept}`]).toEqual(['f16', [3, 7], 'HalfTensor(shape=[3, 7])']);
  expect([...(await kept.data())]).toEqual(halves(given).data);
  expect(await half_([[0.1, 70000]]).array()).toEqual([[half(0.1), Number.POSITIVE_INFINITY]]);
  expect(() => k.relu(kept as unknown as Tensor)).toThrow(
    "relu: x is a HalfTensor, whose to('f32') is one, wants a tensor",
  );
  expect(() => half_(k.tensor([1], { dtype: 'i32' }))).toThrow('half: wants an f32 tensor, got i32');
  kept.dispose();
});

onHalves('a checkpoint inside computes again as it did', async () => {
  const [x, w] = [values([4, 6]), values([6, 6])].map((one) => toTensor(one).requiresGrad_()) as [Tensor, Tensor];
  const block = (x: Tensor): Tensor => k.tanh(x.matmul(w)).matmul(w);
  const gradients = (body: (x: Tensor) => Tensor): Promise<number[][]> => {
    const found = step(() => {
      for (const leaf of [x, w]) leaf.grad = null;
      autocast(() => k.sum(body(x))).backward();
      return [x.grad, w.grad].map((grad) => k.clone(grad as Tensor));
    });
    return Promise.all(found.map(async (grad) => [...(await grad.data())]));
  };
  expect(await gradients((x) => k.checkpoint(block, x))).toEqual(await gradients(block));
});

/** Losses of steps of the study. */
async function losses(how: 'f32' | 'eager' | 'captured', steps: number, scaled = true): Promise<number[]> {
  manualSeed(0);
  const model = new Net({ name: 'test', lr: 1e-3 });
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  const scaler = new GradScaler({ enabled: how !== 'f32' && scaled });
  const body = (x: Tensor, y: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = autocast(() => F.nllLoss(model.forward(x), y), { enabled: how !== 'f32' });
    scaler.scale(loss).backward();
    scaler.step(optimizer);
    scaler.update();
    return loss;
  };
  const train = how === 'captured' ? capture(body) : (x: Tensor, y: Tensor) => step(() => body(x, y));
  const found: number[] = [];
  for await (const [x, y] of new DataLoader(randomImages(16 * steps), { batchSize: 16, shuffle: true, seed: 0 })) {
    found.push(await train(x as Tensor, y as Tensor).item());
  }
  return found;
}

onHalves(
  "ten steps of the study: f32's losses within 1e-2, and captured the bits of eager",
  async () => {
    const [wanted, eager, captured] = [
      await losses('f32', 10),
      await losses('eager', 10),
      await losses('captured', 10),
    ];
    expect(captured).toEqual(eager);
    expect(eager).not.toEqual(wanted);
    for (const [i, loss] of eager.entries()) expect(Math.abs(loss - at(wanted, i)), `step ${i}`).toBeLessThan(1e-2);
  },
  300_000,
);
