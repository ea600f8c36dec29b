import { describe, expect, it } from 'vitest';
import { matmulShape } from './matmulShape.js';

describe('matmulShape', () => {
  it.each([
    [[2, 3], [3, 4], {}, [2, 4]],
    [[3, 2], [4, 3], { transA: true, transB: true }, [2, 4]],
    [[5, 1, 2, 3], [7, 3, 4], {}, [5, 7, 2, 4]],
  ])('%o × %o %o → %o', (left, right, options, shape) =>
    expect(matmulShape(left, right, options).shape).toEqual(shape),
  );

  it('refuses batches that do not broadcast, and names the shapes', () =>
    expect(() => matmulShape([2, 2, 3], [3, 3, 4])).toThrow(
      'matmul: [2, 2, 3] and [3, 3, 4] do not multiply: shapes [2] and [3] do not broadcast',
    ));

  it('folds the batch into the rows where the right factor has none', () => {
    expect(matmulShape([8, 5, 3], [3, 4]).spec).toEqual({ m: 40, n: 4, k: 3, transA: false, transB: false });
  });

  it('gives broadcast dimensions stride 0', () => {
    const spec = matmulShape([5, 1, 2, 3], [7, 3, 4]).spec;
    expect(spec).toMatchObject({ batch: [5, 7], leftStrides: [6, 0], rightStrides: [0, 12] });
  });
});
