import { describe, expect, it } from 'vitest';
import { Generator } from './generator.js';
import { Domain, philox } from './philox.js';

const hex = (words: Uint32Array) => [...words].map((word) => word.toString(16).padStart(8, '0')).join(' ');
const ones = 0xffffffff;

describe('philox 4x32-10', () => {
  // Random123's known answers (kat_vectors).
  it.each([
    [[0, 0], [0, 0, 0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[ones, ones], [ones, ones, ones, ones], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [[0xa4093822, 0x299f31d0], [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ] as [[number, number], [number, number, number, number], string][])('key %j counter %j', (key, counter, want) => {
    expect(hex(philox(key, counter))).toBe(want);
  });

  it('agrees with 64-bit arithmetic on drawn keys and counters', () => {
    const source = new Generator(7);
    for (let i = 0; i < 200; i++) {
      const [k0, k1, c0, c1, c2, c3] = Array.from({ length: 6 }, () => source.bits()) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      expect([...philox([k0, k1], [c0, c1, c2, c3])]).toEqual(slow([k0, k1], [c0, c1, c2, c3]));
    }
  });
});

/** The definition, in BigInt. */
function slow(key: [number, number], counter: [number, number, number, number]): number[] {
  const mask = 0xffffffffn;
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3].map(Number);
}

describe('Generator', () => {
  it('takes the words in order: element i is word i % 4 of block i / 4', () => {
    const generator = new Generator(2 ** 32 * 5 + 9, { domain: Domain.shuffling, stream: 3, step: 11 });
    const want = [0, 1].flatMap((block) => [...philox([9, 5], [block, 11, 3, Domain.shuffling])]);
    expect(Array.from({ length: 8 }, () => generator.bits())).toEqual(want);
  });

  it('draws uniforms with 24 bits and the right moments', () => {
    const generator = new Generator(1);
    const draws = Array.from({ length: 40000 }, () => generator.uniform());
    expect(draws.every((u) => u >= 0 && u < 1 && Number.isInteger(u * 2 ** 24))).toBe(true);
    expect(moments(draws)[0]).toBeCloseTo(0.5, 2);
    expect(moments(draws)[1]).toBeCloseTo(1 / 12, 2);
  });

  it('draws normals with mean 0, variance 1 and the right tail', () => {
    const generator = new Generator(2);
    const draws = Array.from({ length: 40000 }, () => generator.normal());
    expect(Math.abs(moments(draws)[0])).toBeLessThan(0.02);
    expect(moments(draws)[1]).toBeCloseTo(1, 1);
    expect(draws.filter((z) => Math.abs(z) > 1.96).length / draws.length).toBeCloseTo(0.05, 2);
  });

  it('draws every integer below n about equally often', () => {
    const generator = new Generator(3);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 14000; i++) {
      const drawn = generator.integer(7);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(1800);
    expect(Math.max(...counts)).toBeLessThan(2200);
  });

  it('permutes', () => {
    const order = new Generator(4, { domain: Domain.shuffling }).permutation(1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect([...order]).not.toEqual([...new Generator(5, { domain: Domain.shuffling }).permutation(1000)]);
    expect([...order]).toEqual([...new Generator(4, { domain: Domain.shuffling }).permutation(1000)]);
    expect(new Generator(4).permutation(0)).toHaveLength(0);
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN])('refuses the seed %s', (seed) => {
    expect(() => new Generator(seed)).toThrow(/seed/);
  });
});

function moments(values: readonly number[]): [number, number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length];
}
