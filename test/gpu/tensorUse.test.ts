/** Tensors after they were made: given back, written in place, their methods. */
import * as k from 'kindling';
import { expect, test } from 'vitest';

test('after dispose, every use is an error that states the rule', async () => {
  const rule = /was freed.*return it from the step, or pass it to keep\(\)/;
  const x = k.tensor([1, 2]);
  const shared = x.reshape(2, 1);
  x.dispose();
  await expect(x.data()).rejects.toThrow(rule);
  await expect(x.item()).rejects.toThrow(k.KindlingError);
  await expect(shared.array()).rejects.toThrow(rule);
  expect(() => x.add(1)).toThrow(k.KindlingError);
  expect(() => x.add(1)).toThrow(/add.*: an input of shape \[2\]: this tensor was freed/);
  expect(() => k.ones([2]).mul(x)).toThrow(rule);
  expect(() => x.copy_(Float32Array.of(1, 2))).toThrow(rule);
  expect(() => k.ones([2]).copy_(x)).toThrow(rule);
  expect(() => x.dispose()).not.toThrow();
  const y = k.tensor([3]);
  y[Symbol.dispose]();
  await expect(y.item()).rejects.toThrow(rule);
});

test('memory that was given back does not change what was computed from it', async () => {
  const x = k.full([4], 3);
  const y = x.mul(2);
  x.dispose();
  const z = k.full([4], 5);
  const w = z.add(1);
  z.dispose();
  const late = k.full([4], 7);
  expect([await y.array(), await w.array(), await late.array()]).toEqual([
    [6, 6, 6, 6],
    [6, 6, 6, 6],
    [7, 7, 7, 7],
  ]);
});

test('copy_ writes in place, in order with what is recorded', async () => {
  const x = k.tensor([1, 2]);
  const view = x.reshape(2, 1);
  const before = x.mul(10);
  expect(x.copy_(Float32Array.of(3, 4))).toBe(x);
  const between = x.mul(10);
  x.copy_(k.tensor([5, 6]));
  const after = x.mul(10);
  expect([await before.array(), await between.array(), await after.array()]).toEqual([
    [10, 20],
    [30, 40],
    [50, 60],
  ]);
  expect(await view.array()).toEqual([[5], [6]]);
  expect(await x.copy_(x).array()).toEqual([5, 6]);
  const source = k.tensor([7, 8]);
  x.copy_(source);
  source.copy_(Float32Array.of(0, 0));
  expect(await x.array()).toEqual([7, 8]);
});

test('copy_ refuses what does not fit', () => {
  const x = k.zeros([2], { requiresGrad: true });
  expect(() => x.copy_(k.zeros([3]))).toThrow('copy_: 3 elements do not fit shape [2]');
  expect(() => x.copy_(new Float32Array(1))).toThrow('copy_: 1 elements do not fit shape [2]');
  expect(() => x.mul(2).copy_(k.zeros([2]))).toThrow('copy_: only leaves');
  expect(() => x.copy_(k.tensor(Int32Array.of(1, 2)))).toThrow('copy_: the elements are not of type f32');
  expect(() => x.copy_(Int32Array.of(1, 2))).toThrow('copy_: the elements are not of type f32');
});

test.each([
  ['lengths', () => k.tensor([[1, 2], [3]]), 'tensor: nested arrays differ in length at dimension 1'],
  ['depths', () => k.tensor([[1], 2]), 'tensor: wants numbers nested 2 deep, found 2'],
  ['a deeper part', () => k.tensor([1, [2]]), 'tensor: '],
  ['what is no number', () => k.tensor(['1'] as unknown as number[]), "tensor: wants numbers nested 1 deep, found '1'"],
  ['too many elements', () => k.tensor([1, 2, 3], { shape: [2] }), 'tensor: 3 elements do not fit shape [2]'],
  ['a typed array', () => k.tensor(Float32Array.of(1), { shape: [2] }), 'tensor: 1 elements do not fit shape [2]'],
  ['a negative length', () => k.zeros([2, -1]), 'zeros: [2, -1] is not a shape'],
  ['a broken length', () => k.randn([1.5]), 'randn: [1.5] is not a shape'],
  ['2^31 elements', () => k.zeros([65536, 32768]), 'more elements than 2^31 - 1'],
  ['arange the wrong way', () => k.arange(3, 0), 'arange: no way from 3 to 0 by 1'],
  ['arange by 0', () => k.arange(0, 3, 0), 'arange: no way from 0 to 3 by 0'],
  ['linspace of -1', () => k.linspace(0, 1, -1), 'linspace: steps is -1, wants a whole number from 0 on'],
  ['eye of 1.5', () => k.eye(1.5), 'eye: [1.5, 1.5] is not a shape'],
  ['randint of nothing', () => k.randint(3, 3, [2]), 'randint: no whole number in [3, 3)'],
  ['a seed', () => k.manualSeed(-1), 'manualSeed: -1'],
  ['gradients of whole numbers', () => k.zeros([1], { dtype: 'i32', requiresGrad: true }), 'requiresGrad_: only f32'],
  ['a reshape', () => k.zeros([4]).reshape(3, -1), 'reshape: 4 elements of [4] do not fit [3, -1]'],
] as const)('refused: %s', (_, make, message) => {
  expect(make).toThrow(k.KindlingError);
  expect(make).toThrow(message);
});

test('kindling/methods adds the other functions as methods', async () => {
  const x = k.tensor([[1, -2.5, 0.5]]);
  expect(await x.pow(2).array()).toEqual([[1, 6.25, 0.25]]);
  expect(await x.argmax({ dim: 1 }).array()).toEqual([0]);
  expect(await x.clamp({ min: -1 }).select(0, 0).slice(0, 1).array()).toEqual([-1, 0.5]);
  expect(await x.amax().item()).toBe(1);
});

test.each([
  ['cuda', 'Tensor has no cuda(): tensors are on the device already'],
  ['numel', 'Tensor has no numel(): see shape, size (of elements) and ndim'],
  ['neg_', 'Tensor has no neg_(): ops return a new tensor: x = x.add(y)'],
  ['log_softmax', 'Tensor has no log_softmax(): it is in camelCase here'],
  ['requires_grad_', 'Tensor has no requires_grad_(): it is in camelCase here'],
])("a method that is PyTorch's alone says what to write: %s", (name, message) => {
  expect(() => (k.ones([1]) as unknown as Record<string, () => void>)[name]?.()).toThrow(message);
});

test("PyTorch's requires_grad is not taken and forgotten", () => {
  expect(() => Object.assign(k.ones([1]), { requires_grad: true })).toThrow('it is requiresGrad here');
});

test('every method that kindling/methods adds is named where it is missing', async () => {
  const { MORE_METHODS } = await import('../../src/autograd/methods.js');
  const given = MORE_METHODS.split(' ');
  expect(new Set(given).size).toBe(given.length);
  // The suite imports them: none of the advice is left.
  const x = k.ones([1]) as unknown as Record<string, () => unknown>;
  for (const name of given) expect(() => x[name]?.(), name).not.toThrow(`Tensor has no ${name}()`);
});
