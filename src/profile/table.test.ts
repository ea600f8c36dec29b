import { describe, expect, test } from 'vitest';
import { median, ratesOf } from './rates.js';
import { Profile } from './result.js';
import type { Timed } from './stopwatch.js';
import { digits } from './table.js';

const kernel = (name: string, flops?: number) => ({
  name,
  wgsl: '',
  access: [],
  workgroups: [4, 1, 1] as const,
  ...(flops === undefined ? {} : { flops }),
});
const matmul = kernel('matmul', 1e9);
const relu = kernel('relu');
const timed = (of: ReturnType<typeof kernel>, begin: number, end: number): Timed => ({
  kernel: of,
  bytes: 4e6,
  begin,
  end,
});
const step = (slower: number) => ({
  hostMs: 1,
  wallMs: 20,
  timed: [timed(relu, 0, 1), timed(matmul, 2, 10 + slower), timed(relu, 10 + slower, 11 + slower)],
});
const profile = new Profile('an adapter', [{ hostMs: 0.5, wallMs: 15 }], [step(0), step(2), step(1)], {
  multiplyAdd: 1000,
  load: 10,
  copy: 8,
});

describe('a profile', () => {
  test('adds up what has the same name, the longest first', () => {
    expect(profile.kernels.map(({ name, calls, ms, minMs }) => [name, calls, ms, minMs])).toEqual([
      ['matmul', 1, 9, 8],
      ['relu', 2, 2, 2],
    ]);
    expect(profile.kernelMs).toBe(11);
    expect(profile.gapMs).toBe(1);
    expect(profile.dispatches).toBe(3);
    expect(profile.timeline.map(({ name, ms }) => [name, ms])).toEqual([
      ['relu', 1],
      ['matmul', 9],
      ['relu', 1],
    ]);
  });

  test('has rates and the larger share of the peaks', () => {
    const [product, unary] = profile.kernels;
    expect(product?.gflops).toBeCloseTo(1e9 / 9e6);
    expect(product?.peakShare).toBeCloseTo(1 / 9);
    expect(unary?.gflops).toBe(null);
    expect(unary?.gbs).toBeCloseTo(4);
    expect(unary?.peakShare).toBeCloseTo(0.4);
  });

  test('is a table that fits a terminal', () => {
    const lines = profile.table().split('\n');
    expect(lines.slice(0, 5)).toEqual([
      'an adapter; 3 steps',
      'kernel                               calls       ms   min ms   share  GFLOP/s    GB/s  of peak',
      'matmul                                   1     9.00     8.00  81.8 %      111   0.444   11.1 %',
      'relu                                     2     2.00     2.00  18.2 %             4.00   40.0 %',
      'all kernels                              3     11.0',
    ]);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(120);
    expect(profile.table({ by: 'dispatch' })).toContain('matmul 4×1×1');
  });
});

test('digits', () => {
  expect([0, 0.0001, 0.01234, 1.234, 12.34, 1234.5].map(digits)).toEqual([
    '0',
    '<0.001',
    '0.012',
    '1.23',
    '12.3',
    '1235',
  ]);
});

test('rates of what the clock did not see', () => {
  expect(ratesOf(10, 10, 0, null)).toEqual({ gflops: null, gbs: 0, peakShare: null });
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});
