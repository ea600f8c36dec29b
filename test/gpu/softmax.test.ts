/** Softmax and its logarithm against plain JavaScript. */
import { tensor, zeros } from 'kindling';
import * as F from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { agree, at, logSoftmax, softmax, values } from '../support/agree.js';

// One invocation a row; a workgroup a row, whose lanes have one element or several, with and without a remainder.
test.each([
  [[3, 5], -1],
  [[2, 4, 3], 1],
  [[4, 3], 0],
  [[2, 33], 1],
  [[1, 200], 1],
  [[130, 2], 0],
] as const)('softmax and logSoftmax of %j along %d', async (shape, dim) => {
  await agree(
    (x) => F.softmax(x, dim),
    (x) => softmax(x, dim),
    [values(shape, -4, 4)],
  );
  await agree(
    (x) => F.logSoftmax(x, { dim }),
    (x) => logSoftmax(x, dim),
    [values(shape, -4, 4)],
  );
});

test('logSoftmax of rows so long that one invocation would make more turns than lavapipe allows', async () => {
  const [rows, length] = [33, 25_000];
  const logs = await F.logSoftmax(zeros([rows, length]), { dim: 1 }).data();
  expect(logs.every((log) => Math.abs(log + Math.log(length)) < 1e-4)).toBe(true);
});

test('softmax of large, of very different, and of no logits', async () => {
  expect(await F.softmax(tensor([1e4, 1e4]), 0).array()).toEqual([0.5, 0.5]);
  expect(await F.logSoftmax(tensor([0, -1e5, 1e5]), 0).array()).toEqual([-1e5, -2e5, 0]);
  // Each row holds its own maximum, along either dimension.
  const apart = tensor([
    [0, 200],
    [0, 400],
  ]);
  expect(await F.softmax(apart, 1).array()).toEqual([
    [0, 1],
    [0, 1],
  ]);
  expect(await F.softmax(apart, 0).array()).toEqual([
    [0.5, 0],
    [0.5, 1],
  ]);
  // One large logit among a workgroup's, wherever its lane finds it.
  for (const place of [0, 31, 40, 63, 130, 199]) {
    const one = Array.from({ length: 200 }, (_, i) => (i === place ? 1 : 0));
    expect(await F.softmax(tensor(one).mul(500), 0).array(), `logit ${place}`).toEqual(one);
  }
  expect(await F.softmax(zeros([0, 3])).array()).toEqual([]);
  expect(() => F.softmax(zeros([2]), 1)).toThrow('softmax: dim 1 is outside a tensor of 1 dimensions');
  const long = await F.softmax(zeros([2, 70_000])).data();
  expect([at(long, 0), at(long, 139_999)]).toEqual([Math.fround(1 / 70_000), Math.fround(1 / 70_000)]);
});
