/**
 * Integers stay integers: type and values as PyTorch 1.13 gives them for int32, beyond 2²⁴ too, where f32 would round. A bool counts
 * as i32 (PyTorch's answers are bool or int64, or refusals).
 */
import * as k from 'kindling';
import { mseLoss } from 'kindling/nn/functional';
import { expect, test } from 'vitest';

const i32 = (data: k.Nested): k.Tensor => k.tensor(data, { dtype: 'i32' });
const [LEAST, MOST] = [-(2 ** 31), 2 ** 31 - 1];
const A = [0, 1, -3, 7, 16777217, -16777219, 46341, MOST, LEAST, 5];
const B = [2, -1, 3, 7, 16777216, -16777217, 1, LEAST, MOST, 0];
const small = [1, -3, 7, 16777217, -16777219];
const at = { a: () => i32(A), b: () => i32(B), small: () => i32(small) };

test.each<[string, () => k.Tensor, number[] | number]>([
  ['neg', () => k.neg(at.a()), [0, -1, 3, -7, -16777217, 16777219, -46341, -MOST, LEAST, -5]],
  ['abs', () => k.abs(at.a()), [0, 1, 3, 7, 16777217, 16777219, 46341, MOST, LEAST, 5]],
  ['square', () => k.square(at.a()), [0, 1, 9, 49, 33554433, 100663305, -2147479015, 1, 0, 25]],
  ['sign', () => k.sign(at.a()), [0, 1, -1, 1, 1, -1, 1, 1, -1, 1]],
  ['floor', () => k.floor(at.a()), A],
  ['ceil', () => k.ceil(at.a()), A],
  ['round', () => k.round(at.a()), A],
  ['trunc', () => k.trunc(at.a()), A],
  ['fmod', () => k.fmod(at.a(), at.b()), [0, 0, 0, 0, 1, -2, 0, MOST, -1, 0]],
  ['remainder', () => k.remainder(at.a(), at.b()), [0, 0, 0, 0, 1, -2, 0, -1, MOST - 1, 0]],
  ['nanToNum', () => k.nanToNum(at.a()), A],
  ['relu', () => k.relu(at.a()), [0, 1, 0, 7, 16777217, 0, 46341, MOST, 0, 5]],
  ['relu6', () => k.relu6(at.a()), [0, 1, 0, 6, 6, 0, 6, 6, 0, 5]],
  ['clamp', () => k.clamp(at.a(), { min: -5, max: 16777217 }), [0, 1, -3, 7, 16777217, -5, 46341, 16777217, -5, 5]],
  ['clamp from below', () => k.clamp(at.a(), { min: 16777219 }), A.map((x) => Math.max(x, 16777219))],
  ['add', () => k.add(at.a(), at.b()), [2, 0, 0, 14, 33554433, -33554436, 46342, -1, -1, 5]],
  ['sub', () => k.sub(at.a(), at.b()), [-2, 2, -6, 0, 1, -2, 46340, -1, 1, 5]],
  ['mul', () => k.mul(at.a(), at.b()), [0, -1, -9, 49, 16777216, 67108867, 46341, LEAST, LEAST, 0]],
  ['maximum', () => k.maximum(at.a(), at.b()), [2, 1, 3, 7, 16777217, -16777217, 46341, MOST, MOST, 5]],
  ['minimum', () => k.minimum(at.a(), at.b()), [0, -1, -3, 7, 16777216, -16777219, 1, LEAST, LEAST, 0]],
  ['pow of integers', () => k.pow(at.a(), at.b()), [0, 1, -27, 823543, 1, 0, 46341, 0, 0, 1]],
  [
    'pow of small integers',
    () => k.pow(at.a(), i32([0, 1, 2, 3, 1, 2, 2, 1, 1, 31])),
    [1, 1, 9, 343, 16777217, 100663305, -2147479015, MOST, LEAST, -2128439731],
  ],
  ['pow 0', () => k.pow(at.a(), 0), A.map(() => 1)],
  ['pow 2', () => k.pow(at.a(), 2), [0, 1, 9, 49, 33554433, 100663305, -2147479015, 1, 0, 25]],
  ['pow 3', () => k.pow(at.a(), 3), [0, 1, -27, 343, 50331649, -452984859, -1932785795, MOST, 0, 125]],
  ['pow of 1 and −1', () => k.pow(i32([1, -1, -1, 2, 0]), i32([-5, -5, -4, -1, -1])), [1, -1, 1, 0, 0]],
  ['amax', () => k.amax(at.small()), 16777217],
  ['amin', () => k.amin(at.small()), -16777219],
  ['argmax', () => k.argmax(at.small()), 3],
  ['argmin', () => k.argmin(at.small()), 4],
  ['sum', () => k.sum(at.small()), 3],
  ['cumsum', () => k.cumsum(at.small(), 0), [1, -2, 5, 16777222, 3]],
  ['where', () => k.where(k.gt(at.a(), 0), at.a(), 0), [0, 1, 0, 7, 16777217, 0, 46341, MOST, 0, 5]],
  ['maskedFill', () => k.maskedFill(at.a(), k.gt(at.a(), 0), 0), [0, 0, -3, 0, 0, -16777219, 0, 0, LEAST, 0]],
  ['gather', () => k.gather(at.small(), 0, i32([4, 3])), [-16777219, 16777217]],
  ['cat', () => k.cat([at.small(), at.small()]), [...small, ...small]],
  ['flip', () => k.flip(at.small(), [0]), [...small].reverse()],
])('%s of i32', async (_, make, want) => {
  const y = make();
  expect([y.dtype, await y.array()]).toEqual(['i32', want]);
});

test.each<[string, () => k.Tensor, number[]]>([
  ['exp', () => k.exp(i32([0, 1])), [1, Math.E]],
  ['sqrt', () => k.pow(i32([4, 16777216]), 0.5), [2, 4096]],
  ['reciprocal', () => k.reciprocal(i32([4, -5])), [0.25, -0.2]],
  ['div', () => k.div(i32([7, -3]), i32([2, 4])), [3.5, -0.75]],
  ['clamp to fractions', () => k.clamp(i32([0, 7]), { min: 0.5, max: 6.5 }), [0.5, 6.5]],
  ['clamp beyond the type', () => k.clamp(i32([0, 7]), { max: 3e9 }), [0, 7]],
  ['mean', () => k.mean(i32([1, 2]), { dim: 0, keepdim: true }), [1.5]],
  ['norm', () => k.norm(i32([60000, 80000]), { dim: 0, keepdim: true }), [100000]],
  ['norm of p 3', () => k.norm(i32([3000, 4000, 5000]), { p: 3, dim: 0, keepdim: true }), [6000]],
  ['mseLoss', () => mseLoss(i32([60000]), i32([0]), { reduction: 'none' }), [3.6e9]],
])('%s of i32 is f32', async (_, make, want) => {
  const y = make();
  expect(y.dtype).toBe('f32');
  for (const [i, value] of [...(await y.data())].entries()) {
    expect(Math.abs(value - (want[i] ?? Number.NaN))).toBeLessThanOrEqual(4e-7 * Math.abs(want[i] ?? 0));
  }
});

test.each<[string, (x: k.Tensor) => k.Tensor, number[]]>([
  ['abs', k.abs, [3, 4294967295]],
  ['floor', k.floor, [3, 4294967295]],
  ['relu', k.relu, [3, 4294967295]],
  ['relu6', k.relu6, [3, 6]],
  ['square', k.square, [9, 1]],
  ['pow', (x) => k.pow(x, 3), [27, 4294967295]],
  ['clamp', (x) => k.clamp(x, { min: 4, max: 4294967294 }), [4, 4294967294]],
  ['maximum', (x) => k.maximum(x, 4), [4, 4294967295]],
])('%s of u32', async (_, compute, want) => {
  const y = compute(k.tensor(Uint32Array.of(3, 4294967295)));
  expect([y.dtype, await y.array()]).toEqual(['u32', want]);
});

test.each<[string, (x: k.Tensor) => k.Tensor, number[]]>([
  ['neg', k.neg, [-1, 0]],
  ['abs', k.abs, [1, 0]],
  ['square', k.square, [1, 0]],
  ['sign', k.sign, [1, 0]],
  ['relu', k.relu, [1, 0]],
  ['pow', (x) => k.pow(x, 2), [1, 0]],
  ['clamp', (x) => k.clamp(x, { min: 0, max: 1 }), [1, 0]],
  ['maximum', (x) => k.maximum(x, x), [1, 0]],
])('%s of bool is i32', async (_, compute, want) => {
  const y = compute(k.tensor([true, false]));
  expect([y.dtype, await y.array()]).toEqual(['i32', want]);
});

test('what integers have no answer to is refused', () => {
  expect(() => k.pow(at.a(), -1)).toThrow("pow: integers to the power of -1 are none; cast them: x.to('f32')");
  expect(() => k.matmul(i32([[1]]), i32([[1]]))).toThrow('matmul: wants f32 tensors, got i32; cast it');
  expect(() => k.softmax(at.a(), 0)).toThrow('softmax: wants an f32 tensor, this is i32; cast it');
});
