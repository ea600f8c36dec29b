/** Tensors that are written in place, beside PyTorch's rules of where that may be. */
import {
  add_,
  capture,
  div_,
  fill_,
  full,
  mul_,
  noGrad,
  ones,
  step,
  sub_,
  type Tensor,
  tensor,
  zero_,
  zeros,
} from 'kindling';
import { Linear } from 'kindling/nn';
import { SGD } from 'kindling/optim';
import 'kindling/methods';
import { describe, expect, it, test } from 'vitest';

const matrix = (dtype: 'f32' | 'i32' = 'f32'): Tensor =>
  tensor(
    [
      [1, -2, 3],
      [4, 5, -6],
    ],
    { dtype },
  );

// The numbers are PyTorch's.
test.each<[string, (x: Tensor) => Tensor, number[][]]>([
  [
    'add_ of a number',
    (x) => add_(x, 0.5),
    [
      [1.5, -1.5, 3.5],
      [4.5, 5.5, -5.5],
    ],
  ],
  [
    'add_ of a row',
    (x) => x.add_(tensor([1, 10, 100])),
    [
      [2, 8, 103],
      [5, 15, 94],
    ],
  ],
  [
    'add_ with alpha',
    (x) => add_(x, ones([2, 1]), { alpha: -2 }),
    [
      [-1, -4, 1],
      [2, 3, -8],
    ],
  ],
  [
    'sub_',
    (x) => x.sub_(x),
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
  ],
  [
    'sub_ with alpha',
    (x) => sub_(x, 1, { alpha: 0.5 }),
    [
      [0.5, -2.5, 2.5],
      [3.5, 4.5, -6.5],
    ],
  ],
  [
    'mul_',
    (x) => mul_(x, tensor([[2], [-1]])),
    [
      [2, -4, 6],
      [-4, -5, 6],
    ],
  ],
  [
    'div_',
    (x) => div_(x, tensor([1, 2, 4])),
    [
      [1, -1, 0.75],
      [4, 2.5, -1.5],
    ],
  ],
  [
    'zero_',
    (x) => zero_(x),
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
  ],
  [
    'fill_',
    (x) => x.fill_(-0.25),
    [
      [-0.25, -0.25, -0.25],
      [-0.25, -0.25, -0.25],
    ],
  ],
])('%s', async (_, write, want) => {
  const x = matrix();
  const same = x.detach();
  expect(write(x)).toBe(x);
  expect(await same.array()).toEqual(want);
});

test('integers stay integers', async () => {
  const x = matrix('i32');
  x.add_(1)
    .mul_(3)
    .sub_(tensor([1, 1, 1], { dtype: 'i32' }));
  expect([x.dtype, await x.array()]).toEqual([
    'i32',
    [
      [5, -4, 11],
      [14, 17, -16],
    ],
  ]);
  expect(await fill_(zeros([2], { dtype: 'bool' }), 1).array()).toEqual([true, true]);
  expect(await zero_(full([2], 3, { dtype: 'u32' })).array()).toEqual([0, 0]);
});

describe('leaves that require a gradient', () => {
  it('are written under noGrad alone, and go on to require it', async () => {
    const x = matrix().requiresGrad_();
    for (const write of [add_, sub_, mul_, div_, fill_]) {
      expect(() => write(x, 2)).toThrow(`${write.name}: a leaf that requires a gradient is written in place`);
    }
    expect(() => zero_(x)).toThrow('zero_: a leaf that requires a gradient');
    noGrad(() => x.mul_(2).add_(1));
    expect([x.requiresGrad, x.isLeaf, await x.sum().item()]).toEqual([true, true, 16]);
    x.mul(3).sum().backward();
    expect(await x.grad?.array()).toEqual([
      [3, 3, 3],
      [3, 3, 3],
    ]);
  });

  it('make a step of gradient descent, captured too, as an optimizer does', async () => {
    const [mine, other] = [new Linear(3, 2), new Linear(3, 2)];
    other.loadStateDict(mine.stateDict());
    const sgd = new SGD(other.parameters(), { lr: 0.1 });
    const train = capture((x: Tensor) => {
      mine.zeroGrad();
      const loss = mine(x).square().sum();
      loss.backward();
      noGrad(() => {
        for (const parameter of mine.parameters()) parameter.add_(parameter.grad as Tensor, { alpha: -0.1 });
      });
      return loss;
    });
    for (let i = 0; i < 4; i++) {
      const x = full([2, 3], 0.1 * (i + 1));
      await train(x).item();
      step(() => {
        sgd.zeroGrad();
        other(x).square().sum().backward();
        sgd.step();
      });
    }
    for (const [i, parameter] of mine.parameters().entries()) {
      const want = await other.parameters()[i]?.data();
      expect([...(await parameter.data())]).toEqual([...(want ?? [])].map((value) => expect.closeTo(value, 6)));
    }
  });
});

test('what was read before may not be needed any more', () => {
  const x = matrix().requiresGrad_();
  const by = ones([2, 3]);
  const y = x.mul(by).sum();
  by.fill_(2);
  expect(() => y.backward()).toThrow('mul: backward needs a tensor of shape [2, 3] as forward read it');
});

test.each<[string, () => unknown, string]>([
  ['what was computed', () => add_(matrix().requiresGrad_().mul(2), 1), 'add_: only leaves are written in place'],
  ['a gradient by y', () => add_(matrix(), ones([3], { requiresGrad: true })), 'add_: y requires a gradient'],
  ['another shape', () => mul_(ones([3]), matrix()), 'mul_: [2, 3] does not fit into [3]'],
  ['another type', () => add_(matrix('i32'), 0.5), 'add_: the result is f32, the tensor i32; cast y'],
  ['division of integers', () => div_(matrix('i32'), 2), 'div_: the result is f32, the tensor i32'],
  ['a number that there is not', () => fill_(matrix('i32'), 0.5), 'fill_: 0.5 does not fit i32'],
])('refused: %s', (_, write, message) => expect(write).toThrow(message));
