import { describe, expect, it } from 'vitest';
import type { GemmVariant } from '../gemm/spec.js';
import type { Split } from '../gemm/split.js';
import type { Kernel } from '../kernel.js';
import { conv2dForward } from './forward.js';
import { conv2dInputGrad } from './inputGrad.js';
import { type Conv2dShape, conv2dOutput } from './shape.js';
import { conv2dWeightGrad } from './weightGrad.js';

const VARIANTS: GemmVariant[] = ['registers', 'subgroups', 'workgroup'];

const conv = (
  n: number,
  c: number,
  size: number,
  o: number,
  k: number,
  rest: Partial<Conv2dShape> = {},
): Conv2dShape => ({
  n,
  c,
  h: size,
  w: size,
  o,
  kh: k,
  kw: k,
  strideH: 1,
  strideW: 1,
  padH: 0,
  padW: 0,
  dilationH: 1,
  dilationW: 1,
  groups: 1,
  ...rest,
});

const parts = (made: Kernel | Split): Kernel[] => ('partial' in made ? [made.partial, made.reduce] : [made]);

/** Whatever an adapter with default limits needs. */
function expectWithinLimits(kernel: Kernel): void {
  for (const count of kernel.workgroups) expect(count).toBeGreaterThan(0);
  expect(Math.max(...kernel.workgroups)).toBeLessThanOrEqual(65535);
  expect(Number(kernel.wgsl.match(/@workgroup_size\((\d+)/)?.[1])).toBeLessThanOrEqual(256);
  const shared = [...kernel.wgsl.matchAll(/var<workgroup> \w+: array<vec4<f32>, (\d+)>/g)].map((match) =>
    Number(match[1]),
  );
  expect(16 * shared.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(16384);
  expect(kernel.wgsl).not.toMatch(/undefined|NaN/);
}

describe('conv2dOutput', () => {
  it.each([
    [conv(64, 3, 32, 32, 3), 30, 30],
    [conv(1, 1, 7, 1, 3, { strideH: 2, padW: 1 }), 3, 7],
    [conv(1, 1, 9, 1, 3, { dilationH: 2, dilationW: 4 }), 5, 1],
  ])('%o', (shape, oh, ow) => expect(conv2dOutput(shape)).toEqual({ oh, ow }));
});

describe.each(VARIANTS)('conv2d, %s', (variant) => {
  it.each([
    conv(64, 3, 32, 32, 3),
    conv(2, 8, 7, 8, 3, { padH: 1, padW: 1, groups: 8 }),
    conv(512, 3, 512, 64, 7, { strideH: 2, strideW: 2, padH: 3, padW: 3 }),
  ])('%o stays within the default limits', (shape) => {
    for (const pool of [false, true]) expectWithinLimits(conv2dForward({ shape, bias: true, pool, variant }));
    expectWithinLimits(conv2dInputGrad({ shape, variant }));
    for (const splits of [1, 3])
      parts(conv2dWeightGrad({ shape, bias: true, variant, splits })).forEach(expectWithinLimits);
  });

  it('checks bounds only where the window can leave the image', () => {
    const wgsl = (padH: number): string =>
      conv2dForward({ shape: conv(1, 1, 8, 1, 3, { padH }), bias: false, variant }).wgsl;
    const check = variant === 'workgroup' ? /origin\.y \+ at\.z/ : /select\(0\.0/;
    expect(wgsl(0)).not.toMatch(check);
    expect(wgsl(1)).toMatch(check);
  });
});

describe('conv2dWeightGrad', () => {
  const shape = conv(64, 32, 15, 64, 3);
  it('writes whole parts, with the bias gradient behind the weights', () => {
    const made = conv2dWeightGrad({ shape, bias: true, variant: 'workgroup', splits: 16 });
    expect(made).toMatchObject({
      partialSize: 16 * (64 * 32 * 9 + 64),
      reduce: { access: ['read', 'write', 'write'] },
    });
  });
  it('has no part without work', () => {
    // 100 outputs in 5 parts would be 20 each, or 32 as parts begin at multiples of 16.
    const made = conv2dWeightGrad({ shape: conv(1, 1, 12, 1, 3), bias: false, variant: 'workgroup', splits: 5 });
    expect(made).toHaveProperty('partialSize', 4 * 9);
  });
  it('is one kernel where there are tiles enough', () => {
    expect(conv2dWeightGrad({ shape, bias: true, variant: 'subgroups' })).toHaveProperty('access', [
      'read',
      'read',
      'write',
      'write',
    ]);
  });
});

describe('shapes as data', () => {
  it('one text serves shapes that differ in nothing but numbers', () => {
    const text = (c: number, size: number, o: number): string =>
      conv2dInputGrad({ shape: conv(64, c, size, o, 3), variant: 'subgroups' }).wgsl;
    expect(text(32, 15, 64)).toBe(text(64, 6, 64));
  });
});

describe('conv2dInputGrad', () => {
  // Such a pixel is stored by two tiles, and only one of them may have passed over the taps that it lacks: of an infinite weight
  // one stored NaN and the other did not, and whichever was later stayed.
  it.each([15, 16])('computes pixels twice only where no tile passes over taps, size %i', (size) => {
    const shape = conv(16, 4, size, 4, 3, { strideH: 2, strideW: 2, padH: 1, padW: 1 });
    const { wgsl } = conv2dInputGrad({ shape, variant: 'registers' });
    expect(wgsl.includes('lacksTap')).toBe(size === 16);
  });
});
