import { describe, expect, it } from 'vitest';
import { matmul, matmulShape } from './matmul.js';

describe('matmulShape', () => {
  it.each([
    [[2, 3], [3, 4], {}, [2, 4]],
    [[3, 2], [4, 3], { transA: true, transB: true }, [2, 4]],
    [[5, 1, 2, 3], [7, 3, 4], {}, [5, 7, 2, 4]],
  ])('%o × %o %o → %o', (left, right, options, shape) =>
    expect(matmulShape(left, right, options)?.shape).toEqual(shape),
  );

  it.each([
    [
      [2, 3],
      [4, 5],
    ],
    [[3], [3, 4]],
    [
      [2, 2, 3],
      [3, 3, 4],
    ],
  ])('refuses %o × %o', (left, right) => expect(matmulShape(left, right)).toBeNull());

  it('folds the batch into the rows where the right factor has none', () => {
    expect(matmulShape([8, 5, 3], [3, 4])?.spec).toEqual({ m: 40, n: 4, k: 3, transA: false, transB: false });
  });

  it('gives broadcast dimensions stride 0', () => {
    const spec = matmulShape([5, 1, 2, 3], [7, 3, 4])?.spec;
    expect(spec).toMatchObject({ batch: [5, 7], leftStrides: [6, 0], rightStrides: [0, 12] });
  });
});

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
