import { describe, expect, it } from 'vitest';
import { matmul } from './matmul.js';

describe('matmul', () => {
  it('is one kernel where the output is large', () => {
    expect(matmul({ m: 512, n: 512, k: 512, variant: 'subgroups' })).toHaveProperty('wgsl');
  });
  it('cuts a long sum for a small output into whole parts', () => {
    const plan = matmul({ m: 3, n: 5, k: 1000, bias: true, variant: 'workgroup', splits: 7 });
    expect(plan).toMatchObject({ partialSize: 7 * 15, reduce: { access: ['read', 'read', 'write'] } });
  });
  it('is interned', () => {
    const spec = { m: 2, n: 3, k: 4, variant: 'registers' } as const;
    expect(matmul({ ...spec })).toBe(matmul({ ...spec }));
  });
});
