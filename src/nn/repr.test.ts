import { describe, expect, it } from 'vitest';
import { calculateFanInAndFanOut, calculateGain } from './init.js';
import { float, named, real, snakeCase, tuple } from './repr.js';

describe('numbers as Python prints them', () => {
  it.each([
    [0.1, '0.1'],
    [1e-5, '1e-05'],
    [2.5e-12, '2.5e-12'],
    [1e-4, '0.0001'],
    [-3e-7, '-3e-07'],
    [1e16, '1e+16'],
    [0, '0'],
    [3, '3'],
  ])('%d is %s', (value, want) => expect(real(value)).toBe(want));

  it('writes floats, tuples and lists of names', () => {
    expect([float(1), float(0.25)]).toEqual(['1.0', '0.25']);
    expect([tuple(3), tuple([3]), tuple([3, 5])]).toEqual(['3', '(3,)', '(3, 5)']);
    expect(named({ a: 1, b_c: 'x' })).toBe('a=1, b_c=x');
  });
});

it.each([
  ['conv1', 'conv1'],
  ['runningMean', 'running_mean'],
  ['numBatchesTracked', 'num_batches_tracked'],
  ['already_snake', 'already_snake'],
  ['fc1Out', 'fc1_out'],
  ['W', 'W'],
])('%s becomes %s', (name, want) => expect(snakeCase(name)).toBe(want));

describe('init', () => {
  it.each([
    [[64, 32], 32, 64],
    [[64, 32, 3, 5], 480, 960],
  ])('fans of %j', (shape, fanIn, fanOut) => expect(calculateFanInAndFanOut(shape)).toEqual({ fanIn, fanOut }));

  it('has no fans of a vector', () =>
    expect(() => calculateFanInAndFanOut([3])).toThrow(/at least 2 dimensions.*\[3\]/));

  it("has PyTorch's gains", () => {
    const plain = (['linear', 'conv2d', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'selu'] as const).map((name) =>
      calculateGain(name),
    );
    expect(plain).toEqual([1, 1, 1, 5 / 3, Math.SQRT2, Math.sqrt(2 / 1.0001), 0.75]);
    expect(calculateGain('leakyRelu', Math.sqrt(5))).toBeCloseTo(Math.sqrt(1 / 3), 12);
  });
});
