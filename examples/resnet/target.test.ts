import { expect, it } from 'vitest';
import { RECIPE } from './recipe.js';
import { isUsual, PEER, peerLine, targetFor } from './target.js';

it("is held against PyTorch's runs by the same recipe", () => {
  expect(PEER.recipe).toEqual(RECIPE);
  expect(PEER.runs.length).toBeGreaterThanOrEqual(3);
  for (const { losses, accuracies } of PEER.runs) {
    expect(losses).toHaveLength(RECIPE.epochs);
    expect(accuracies).toHaveLength(RECIPE.epochs);
  }
  expect(peerLine()).toMatch(/^PyTorch \d.*test accuracy \d\d\.\d\d %/);
});

it('has no target at another budget, and another for synthetic pictures', () => {
  expect(isUsual(RECIPE)).toBe(true);
  for (const name of ['epochs', 'trainSize', 'testSize', 'batchSize'] as const) {
    expect(isUsual({ ...RECIPE, [name]: 7 }), name).toBe(false);
  }
  expect(targetFor({ synthetic: false })).toBeGreaterThan(0.4);
  expect(targetFor({ synthetic: false })).toBeLessThanOrEqual(0.45);
  expect(targetFor({ synthetic: true })).not.toBe(targetFor({ synthetic: false }));
});
