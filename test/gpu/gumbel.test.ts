/** Samples of categories: their distribution, gradients, the seed. */
import { capture, manualSeed, randn, step, type Tensor, tensor, zeros } from 'kindling';
import * as F from 'kindling/nn/functional';
import { describe, expect, test } from 'vitest';
import { made } from '../support/layerCases.js';

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
