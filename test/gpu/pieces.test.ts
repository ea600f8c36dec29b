/** Pieces of tensors, copies, masks, orders and norms. */
import * as k from 'kindling';
import { expect, test } from 'vitest';

test('pieces along a dimension, and their gradients', async () => {
  const x = k.tensor(
    [
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 9],
    ],
    { requiresGrad: true },
  );
  const arrays = (pieces: k.Tensor[]) => Promise.all(pieces.map((piece) => piece.array()));
  expect(await arrays(k.split(x, 2, 1))).toEqual([
    [
      [0, 1],
      [5, 6],
    ],
    [
      [2, 3],
      [7, 8],
    ],
    [[4], [9]],
  ]);
  expect(await arrays(k.split(x, [1, 4], -1))).toEqual([
    [[0], [5]],
    [
      [1, 2, 3, 4],
      [6, 7, 8, 9],
    ],
  ]);
  expect(await arrays(k.chunk(x, 3, 1))).toEqual(await arrays(k.split(x, 2, 1)));
  expect(await arrays(k.chunk(x, 3))).toEqual([[[0, 1, 2, 3, 4]], [[5, 6, 7, 8, 9]]]);
  expect(await arrays(k.unbind(x))).toEqual([
    [0, 1, 2, 3, 4],
    [5, 6, 7, 8, 9],
  ]);
  const [first, , last] = k.split(x, 2, 1);
  k.sum(k.mul(first as k.Tensor, 3)).backward();
  k.sum(k.unbind(last as k.Tensor, 1)[0] as k.Tensor).backward();
  expect(await x.grad?.array()).toEqual([
    [3, 3, 0, 0, 1],
    [3, 3, 0, 0, 1],
  ]);
  expect(() => k.split(x, [2, 2], 1)).toThrow(/split: \[2,2\] does not add up to the 5 entries of dimension 1/);
  expect(() => k.split(x, 0)).toThrow(/split: pieces of 0/);
  expect(() => k.chunk(x, 1.5)).toThrow(/chunk: chunks is 1.5, wants a whole number from 1 on/);
});

test('copies, masks and orders', async () => {
  const x = k.tensor(
    [
      [1, -2],
      [3, 4],
    ],
    { requiresGrad: true },
  );
  const copy = k.clone(x);
  x.detach().copy_(new Float32Array(4));
  expect(await copy.array()).toEqual([
    [1, -2],
    [3, 4],
  ]);
  const filled = k.maskedFill(copy, k.lt(copy, 0), 9);
  expect(await filled.array()).toEqual([
    [1, 9],
    [3, 4],
  ]);
  filled.mul(2).sum().backward();
  expect(await x.grad?.array()).toEqual([
    [2, 0],
    [2, 2],
  ]);
  const order = (await k.randperm(50).array()) as number[];
  expect(order).not.toEqual([...order].sort((a, b) => a - b));
  expect([...order].sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
});

test.each([
  [
    1,
    [10, 3],
    [
      [1, 1, -1],
      [0, -1, 1],
    ],
  ],
  [
    2,
    [Math.sqrt(34), Math.sqrt(5)],
    [[3, 5, 0].map((n) => n / Math.sqrt(34)), [0, -2, 1].map((n) => n / Math.sqrt(5))],
  ],
  [3, [152 ** (1 / 3), 9 ** (1 / 3)], null],
  [
    Number.POSITIVE_INFINITY,
    [5, 2],
    [
      [0, 1, 0],
      [0, -1, 0],
    ],
  ],
])('norm of order %d', async (p, wanted, gradients) => {
  const x = k.tensor(
    p === 1
      ? [
          [3, 5, -2],
          [0, -2, 1],
        ]
      : [
          [3, 5, 0],
          [0, -2, 1],
        ],
    { requiresGrad: true },
  );
  const found = k.norm(x, { p, dim: 1 });
  expect([...(await found.data())].map((value, i) => value / (wanted[i] ?? 0))).toEqual([
    expect.closeTo(1, 5),
    expect.closeTo(1, 5),
  ]);
  found.sum().backward();
  const flat = [...((await x.grad?.data()) ?? [])];
  if (gradients) expect(flat).toEqual(gradients.flat().map((value) => expect.closeTo(value, 5)));
});

test('a slice to infinity ends at the end', async () => {
  const x = k.tensor([1, 2, 3]);
  expect(await k.slice(x, 0, 1, Infinity).array()).toEqual([2, 3]);
  expect(await k.slice(x, 0, -Infinity, 2).array()).toEqual([1, 2]);
  expect(() => k.slice(x, 0, 0.5)).toThrow('slice: 0.5 or 9007199254740991 is not whole');
});
