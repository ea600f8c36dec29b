/** Initialisation: bounds and moments of what is drawn, PyTorch's defaults of layers, the seed. */
import { full, manualSeed, ones, rand, type Tensor } from 'kindling';
import * as nn from 'kindling/nn';
import { init, Parameter } from 'kindling/nn';
import { describe, expect, it } from 'vitest';

describe('initialisation', () => {
  async function moments(x: Tensor): Promise<{ mean: number; std: number; largest: number }> {
    const values = [...(await x.data())];
    const mean = values.reduce((total, value) => total + value, 0) / values.length;
    const std = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length);
    return { mean, std, largest: Math.max(...values.map(Math.abs)) };
  }

  /** Uniform in ±bound fills its range; normal has its standard deviation. 20,000 draws: 3 % is over 5 deviations. */
  async function expectUniform(x: Tensor, bound: number): Promise<void> {
    const { mean, std, largest } = await moments(x);
    expect(largest).toBeLessThanOrEqual(bound * (1 + 1e-6));
    expect(largest).toBeGreaterThan(bound * 0.99);
    expect(Math.abs(mean)).toBeLessThan(bound * 0.03);
    expect(Math.abs((std / bound) * Math.sqrt(3) - 1)).toBeLessThan(0.03);
  }

  async function expectNormal(x: Tensor, wantedStd: number): Promise<void> {
    const { mean, std } = await moments(x);
    expect(Math.abs(mean)).toBeLessThan(wantedStd * 0.04);
    expect(Math.abs(std / wantedStd - 1)).toBeLessThan(0.03);
  }

  const shape = [200, 100];
  it.each<[string, (x: Tensor) => Tensor, number]>([
    ['kaimingUniform', (x) => init.kaimingUniform(x), Math.sqrt(6 / 100)],
    ['kaimingUniform, fan out', (x) => init.kaimingUniform(x, { mode: 'fanOut' }), Math.sqrt(6 / 200)],
    ['kaimingUniform, a', (x) => init.kaimingUniform(x, { a: Math.sqrt(5) }), 0.1],
    ['kaimingUniform, tanh', (x) => init.kaimingUniform(x, { nonlinearity: 'tanh' }), (5 / 3) * Math.sqrt(3 / 100)],
    ['xavierUniform', (x) => init.xavierUniform(x, { gain: 2 }), 2 * Math.sqrt(6 / 300)],
    ['uniform', (x) => init.uniform(x, -0.3, 0.3), 0.3],
  ])('%s', async (_, fill, bound) => expectUniform(fill(full(shape, 9)), bound));

  it.each<[string, (x: Tensor) => Tensor, number]>([
    ['kaimingNormal', (x) => init.kaimingNormal(x, { nonlinearity: 'relu' }), Math.sqrt(2 / 100)],
    ['xavierNormal', (x) => init.xavierNormal(x), Math.sqrt(2 / 300)],
    ['normal', (x) => init.normal(x, 0, 3), 3],
  ])('%s', async (_, fill, std) => expectNormal(fill(full(shape, 9)), std));

  it("of layers is PyTorch's, and follows the seed", async () => {
    manualSeed(4);
    const linear = new nn.Linear(64, 300);
    const conv = new nn.Conv2d(8, 100, 5, { groups: 2 });
    await expectUniform(linear.weight, 1 / 8);
    await expectUniform(conv.weight, 1 / 10);
    expect((await moments(linear.bias as Tensor)).largest).toBeLessThanOrEqual(1 / 8);
    expect((await moments(conv.bias as Tensor)).largest).toBeLessThanOrEqual(1 / 10);
    manualSeed(4);
    expect(await new nn.Linear(64, 300).weight.data()).toEqual(await linear.weight.data());
  });

  it('fills with constants, in place', async () => {
    const parameter = new Parameter(rand([2, 2]));
    expect(init.ones(parameter)).toBe(parameter);
    expect(await parameter.array()).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(await init.zeros(ones([2])).array()).toEqual([0, 0]);
    expect(await init.constant(ones([2]), -1.5).array()).toEqual([-1.5, -1.5]);
  });
});
