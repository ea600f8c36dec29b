import { describe, expect, it } from 'vitest';
import { forwardInParts, inputGradInParts } from '../conv2d/inParts.js';
import type { Conv2dShape } from '../conv2d/shape.js';
import { fewFits, matmulFew } from '../fewRows.js';

const conv = (c: number, size: number, o: number, k = 3, rest: Partial<Conv2dShape> = {}): Conv2dShape => ({
  ...{ n: 1, c, h: size, w: size, o, kh: k, kw: k, strideH: 1, strideW: 1, padH: k >> 1, padW: k >> 1 },
  ...{ dilationH: 1, dilationW: 1, groups: 1 },
  ...rest,
});

describe('a convolution of one picture', () => {
  it('adds up in parts until a GPU has work', () => {
    // A layer of a ResNet-18, and the third convolution of the study.
    const shape = conv(128, 28, 128);
    for (const made of [forwardInParts({ shape, bias: true }), inputGradInParts({ shape })]) {
      expect(made?.partial.workgroups[0]).toBeGreaterThanOrEqual(64);
    }
    const small = forwardInParts({ shape: conv(64, 6, 64, 3, { padH: 0, padW: 0 }) });
    expect(small?.partial.workgroups[0]).toBeGreaterThanOrEqual(9);
  });
  it.each([conv(64, 56, 64), conv(256, 14, 256), conv(64, 28, 64, 1), conv(32, 4, 16)])(
    '%o is one launch, since workgroups are enough, or its sum is short',
    (shape) => {
      expect(forwardInParts({ shape })).toBe(null);
      expect(inputGradInParts({ shape })).toBe(null);
    },
  );
});

describe('a product of few rows', () => {
  const spec = { variant: 'workgroup', m: 1 } as const;
  it('is cut where its lines are few and its sums long', () => {
    expect(matmulFew({ ...spec, n: 3, k: 200000, transB: true })).toHaveProperty('partial');
    expect(matmulFew({ ...spec, n: 64, k: 32768 })).toHaveProperty('partial');
    expect(matmulFew({ ...spec, n: 4096, k: 4096, transB: true })).toHaveProperty('workgroups', [4096, 1, 1]);
    expect(matmulFew({ ...spec, n: 4096, k: 4096 })).toHaveProperty('workgroups', [256, 1, 1]);
  });
  it('has eight rows or columns at most', () => {
    for (const [m, n] of [
      [8, 64],
      [64, 1],
    ] as const) {
      expect(fewFits({ m, n, k: 9 })).toBe(true);
    }
    for (const more of [{ m: 9 }, { k: 8 }, { rowSum: true }])
      expect(fewFits({ m: 4, n: 64, k: 64, ...more })).toBe(false);
  });
});
