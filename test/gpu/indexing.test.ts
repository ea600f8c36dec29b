/** Elements picked by indices, against plain JavaScript. */
import { gather, indexSelect, tensor, zeros } from 'kindling';
import { embedding, oneHot } from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { agree, at, build, get, indices, type Plain, values } from '../support/agree.js';

test('indexSelect, along every dimension', async () => {
  for (const dim of [0, 1, 2]) {
    const theirs = (x: Plain, index: Plain): Plain =>
      build(x.shape.with(dim, 5), (...c) => get(x, ...c.with(dim, at(index.data, at(c, dim)))));
    await agree((x, index) => indexSelect(x, dim, index), theirs, [values([3, 4, 3]), indices([5], [2, 0, 2, 1, 2])]);
  }
  expect(await indexSelect(tensor(Int32Array.of(7, 8)), 0, tensor(Int32Array.of(1, 1))).array()).toEqual([8, 8]);
  expect(await indexSelect(tensor([1, 2]), 0, tensor(Int32Array.of(2, 1, -1))).array()).toEqual([
    Number.NaN,
    2,
    Number.NaN,
  ]);
  expect(() => indexSelect(zeros([2, 2]), 0, zeros([1]))).toThrow('indexSelect: indices are i32, got f32');
});

test('gather, along every dimension and with shorter indices', async () => {
  const index = indices([2, 3, 2], [0, 1, 1, 0, 0, 0, 1, 1, 0, 1, 1, 0]);
  for (const dim of [0, 1, 2]) {
    const theirs = (x: Plain, i: Plain): Plain => build(i.shape, (...c) => get(x, ...c.with(dim, get(i, ...c))));
    await agree((x, i) => gather(x, dim, i), theirs, [values([2, 3, 4]), index]);
  }
  const wide = indices([1, 5], [3, 0, 3, 2, 1]);
  await agree(
    (x, i) => gather(x, 1, i),
    (x, i) => build([1, 5], (_, j = 0) => get(x, 0, get(i, 0, j))),
    [values([3, 4]), wide],
  );
  expect(() => gather(zeros([2, 2]), 1, zeros([3, 1], { dtype: 'i32' }))).toThrow(
    'gather: indices [3, 1] do not lie inside [2, 2]',
  );
  expect(await gather(tensor([1, 2]), 0, tensor(Int32Array.of(2, 0))).array()).toEqual([Number.NaN, 1]);
});

test('embedding and oneHot', async () => {
  const theirs = (i: Plain, w: Plain): Plain => build([2, 3, 4], (a = 0, b = 0, c = 0) => get(w, get(i, a, b), c));
  await agree((i, w) => embedding(i, w), theirs, [indices([2, 3], [4, 0, 4, 1, 1, 4]), values([5, 4])]);
  expect(await oneHot(tensor(Int32Array.of(2, 0)), 3).array()).toEqual([
    [0, 0, 1],
    [1, 0, 0],
  ]);
  expect(() => oneHot(tensor(Int32Array.of(2, 0)), -1)).toThrow('oneHot: numClasses is -1');
});
