/** Long sums against JavaScript's doubles: of terms of one sign they are off by at most 2e-7 log2 n of themselves. */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { clipGradNorm } from 'kindling/optim';
import { describe, expect, test } from 'vitest';
import { cumsumKernel } from '../../src/kernels/cumsum.js';
import { GPU_REDUCE, SOFTWARE_REDUCE, SUM } from '../../src/kernels/reduce.js';
import { SOFTMAX, softmaxKernel } from '../../src/kernels/softmax.js';
import { reduce } from '../../src/ops/broadcast.js';
import { launch } from '../../src/tensor/launch.js';
import { at } from '../support/agree.js';
import { random } from '../support/random.js';

const bound = (n: number): number => 2e-7 * Math.max(1, Math.log2(n));

/** Terms that are all alike, whose roundings go all one way for long, or random. */
const TERMS = {
  alike: (n: number) => new Float32Array(n).fill(0.1),
  random: (n: number) => Float32Array.from({ length: n }, random),
};

const total = (terms: Float32Array): number => terms.reduce((sum, term) => sum + term, 0);

function near(got: number, want: number, n: number): void {
  expect(Math.abs(got / want - 1)).toBeLessThanOrEqual(bound(n));
}

/**
 * Cuts for either kind of adapter, and one without any: an output's invocation is alone with its terms. Lavapipe leaves its
 * loops after 65,535 turns, of four terms or of four vec4 each, so it is not given more than it can add up.
 */
const variantsFor = (n: number) => [
  ...[SOFTWARE_REDUCE, GPU_REDUCE],
  ...(n < 2 ** 17 ? [{ lanes: 1, fill: 1, alone: 2 ** 30 }] : []),
];

describe.each(Object.entries(TERMS))('of %s terms', (_, make) => {
  test.each([1, 3, 64, 1000, 65_537, 2 ** 20])('%d of them, however cut, along any dimension', async (n) => {
    const terms = make(n);
    const want = total(terms);
    const x = k.tensor(terms);
    const columns = k.mul(k.reshape(x, [n, 1]), k.tensor([1, 2, 4]));
    const eight = k.tensor(terms.subarray(0, n - (n % 8)), { shape: [Math.floor(n / 8), 8] });
    for (const variant of variantsFor(n)) {
      near(await reduce(SUM, x, [0], [], { variant }).item(), want, n);
      const sums = await reduce(SUM, columns, [0], [3], { variant }).data();
      for (const [c, factor] of [1, 2, 4].entries()) near(at(sums, c), factor * want, n);
      if (n < 8) continue;
      const few = reduce(SUM, reduce(SUM, eight, [0], [8], { variant }), [0], [], { variant });
      near(await few.item(), total(terms.subarray(0, n - (n % 8))), n);
    }
    near(await k.mean(x).item(), want / n, Math.max(n, 4));
    near(await k.norm(x).item(), Math.sqrt(terms.reduce((sum, term) => sum + term * term, 0)), Math.max(n, 4));
    const powers = terms.reduce((sum, term) => sum + Math.exp(term), 0);
    expect(Math.abs((await k.logsumexp(x).item()) - Math.log(powers))).toBeLessThan(bound(n) + 1e-6);
  });

  test('four million', async () => {
    const n = 2 ** 22;
    const terms = make(n);
    const x = k.tensor(terms);
    for (const variant of variantsFor(n)) near(await reduce(SUM, x, [0], [], { variant }).item(), total(terms), n);
    near(
      await k
        .mean(k.reshape(x, [64, 256, 256]), { dim: [0, 2] })
        .sum()
        .item(),
      total(terms) / 16384,
      n,
    );
  });

  test.each([
    [1000, 1],
    [50_000, 1],
    [50_000, 64],
    [2 ** 20, 256],
  ])('the running sums of %d, by %d invocations', async (n, lanes) => {
    const terms = make(n);
    for (const reverse of [false, true]) {
      const spec = { outer: 1, length: n, inner: 1, reverse, type: 'f32' as const, lanes };
      const got = await launch(cumsumKernel(spec), [k.tensor(terms)], [n]).data();
      let want = 0;
      let over = 0;
      for (let j = 0; j < n; j++) {
        const place = reverse ? n - 1 - j : j;
        want += at(terms, place);
        over = Math.max(over, Math.abs(at(got, place) / want - 1) / bound(j + 1));
      }
      expect(over).toBeLessThanOrEqual(1);
    }
  });

  test.each([1, 64])('the denominators of softmax by %d invocations', async (lanes) => {
    const n = 30_000;
    const terms = make(n);
    const powers = terms.reduce((sum, term) => sum + Math.exp(term), 0);
    for (const [outer, inner] of [
      [1, 1],
      [1, 3],
    ] as const) {
      const x = k
        .tensor(terms, { shape: [n, 1] })
        .expand([n, inner])
        .mul(1);
      const spec = { outer, length: n, inner, lanes };
      const got = await launch(softmaxKernel(SOFTMAX, spec), [x], [n, inner]).data();
      near(at(got, 0), Math.exp(at(terms, 0)) / powers, n);
    }
  });

  test('gradients that are sums: of biases, scales and shifts, embeddings; and their norm', async () => {
    const n = 40_000;
    const terms = make(n);
    const want = total(terms);
    const g = k.tensor(terms, { shape: [n, 1] });
    const zero = k.zeros([n, 1]);
    const seen = async (t: k.Tensor): Promise<number> => at(await (t.grad as k.Tensor).data(), 0);

    const bias = k.zeros([1], { requiresGrad: true });
    k.mul(F.batchNorm(zero, { training: true, weight: k.ones([1]), bias }), g)
      .sum()
      .backward();
    near(await seen(bias), want, n);
    const shift = k.zeros([2], { requiresGrad: true });
    const two = k.mul(F.layerNorm(k.zeros([n, 2]), [2], { bias: shift }), g.expand([n, 2]));
    two.sum().backward();
    near(await seen(shift), want, n);
    const table = k.ones([2, 1], { requiresGrad: true });
    k.mul(F.embedding(k.zeros([n], { dtype: 'i32' }), table), g)
      .sum()
      .backward();
    near(await seen(table), want, n);
    const entry = k.ones([1, 1], { requiresGrad: true });
    k.mul(k.gather(entry.expand([2, 1]), 0, k.zeros([n, 1], { dtype: 'i32' })), g)
      .sum()
      .backward();
    near(await seen(entry), want, n);

    const [row, window] = [k.ones([1, 1], { requiresGrad: true }), k.ones([1, 1, 1, 1], { requiresGrad: true })];
    const added = k.zeros([1], { requiresGrad: true });
    k.mul(F.linear(k.ones([n, 1]), row, added), g)
      .sum()
      .backward();
    near(await seen(added), want, n);
    added.grad = null;
    k.mul(F.conv2d(k.ones([16, 1, 50, 50]), window, added), g.reshape([16, 1, 50, 50]))
      .sum()
      .backward();
    near(await seen(added), want, n);

    const w = k.zeros([n], { requiresGrad: true });
    k.mul(w, g.reshape([n]))
      .sum()
      .backward();
    const norm = clipGradNorm([w], 1);
    near(await (norm as k.Tensor).item(), Math.sqrt(terms.reduce((sum, term) => sum + term * term, 0)), n);
  });
});

test('means of large windows', async () => {
  const terms = TERMS.alike(224 * 224);
  const image = k.tensor(terms, { shape: [1, 1, 224, 224] });
  near(await F.adaptiveAvgPool2d(image, 1).item(), at(terms, 0), terms.length);
  near(await F.avgPool2d(image, 100).amax().item(), at(terms, 0), 10_000);
});

test('statistics far from zero: a mean of 10,000 and a deviation of 1', async () => {
  const n = 30_000;
  const terms = Float32Array.from({ length: n }, () => 1e4 + (random() - 0.5) * Math.sqrt(12));
  const mean = total(terms) / n;
  const squares = terms.reduce((sum, term) => sum + (term - mean) ** 2, 0);
  const x = k.tensor(terms, { shape: [n, 1] });
  const [runningMean, runningVar] = [k.zeros([1]), k.zeros([1])];
  const y = F.batchNorm(x, { training: true, momentum: 1, runningMean, runningVar });
  near(await runningMean.item(), mean, 2);
  near(await runningVar.item(), squares / (n - 1), n);
  const z = F.layerNorm(x.reshape([1, n]), [n]);
  // x less its mean is known to half of a unit in the mean's last place, 5e-4; on GPUs, whose divisions may be off, to one.
  const known = k.adapter().isSoftware ? 6e-4 : 1.1e-3;
  const want = (at(terms, 0) - mean) / Math.sqrt(squares / n + 1e-5);
  expect(Math.abs(at(await y.data(), 0) - want)).toBeLessThan(known);
  expect(Math.abs(at(await z.data(), 0) - want)).toBeLessThan(known);
  near(await k.variance(x).item(), squares / (n - 1), n);
  near(await k.std(x).item(), Math.sqrt(squares / (n - 1)), n);
});
