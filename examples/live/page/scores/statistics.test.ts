import { expect, it } from 'vitest';
import { halfOfMean, halfOfShare, isNoise, meanOf, pairedByPicture, spreadOf } from './statistics.js';

it("has Student's interval of a textbook: ten differences of sleep, 1908", () => {
  // Paired: 1.58 hours, 95 % from 0.70 to 2.46 (R: t.test(extra ~ group, paired = TRUE)).
  const differences = [1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4];
  const spread = spreadOf([differences]);
  expect(meanOf(differences)).toBeCloseTo(1.58, 12);
  expect(spread?.deviation).toBeCloseTo(1.229995, 5);
  expect(spread && halfOfMean(spread, 10)).toBeCloseTo(0.8799, 3);
});

it('pools scatter over groups, by their degrees of freedom', () => {
  expect(spreadOf([[1, 3], [5, 5, 5], [7]])).toEqual({ deviation: Math.sqrt(2 / 3), freedom: 3 });
  expect(spreadOf([[1], [2], []])).toBeNull();
});

it('takes more for noise the fewer runs there are', () => {
  const two = spreadOf([[1, 2]]);
  // One degree of freedom: 12.706.
  expect(two && halfOfMean(two, 2)).toBeCloseTo(12.706 / 2, 3);
});

it.each([
  [0.5, 1000, 0.0309],
  [0.9, 1000, 0.0187],
  [0, 50, 0.0373],
])('of a share of %f of %i pictures is unsure by %f', (share, count, half) => {
  expect(halfOfShare(share, count)).toBeCloseTo(half, 3);
});

it('pairs pictures: those that both got right or wrong say nothing', () => {
  const first = [true, true, true, false, ...new Array<boolean>(96).fill(true)];
  const second = [false, false, false, true, ...new Array<boolean>(96).fill(true)];
  const { mean, half } = pairedByPicture(first, second);
  expect(mean).toBeCloseTo(0.02, 12);
  expect(half).toBeCloseTo((1.96 * Math.sqrt(4 + 2 - 4 / 100)) / 100, 5);
  expect(isNoise({ mean, half })).toBe(true);
  expect(pairedByPicture(second, first).mean).toBeCloseTo(-0.02, 12);
});

it('tells a difference from noise by its interval', () => {
  expect(isNoise({ mean: -0.03, half: 0.02 })).toBe(false);
  expect(isNoise({ mean: 0.02, half: 0.02 })).toBe(true);
});
