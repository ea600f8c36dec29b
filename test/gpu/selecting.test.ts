/** Elements chosen by what they are, against plain JavaScript; edge cases as PyTorch 1.13 has them. */
import * as k from 'kindling';
import { expect, test } from 'vitest';
import { at, close, plain, sizeOf, toTensor, values } from '../support/agree.js';

/** Row-major coordinates of what is not 0. */
function places(data: readonly number[], shape: readonly number[]): number[] {
  return data.flatMap((value, i) => {
    if (value === 0) return [];
    let rest = i;
    return shape
      .toReversed()
      .map((n) => {
        const own = rest % n;
        rest = Math.floor(rest / n);
        return own;
      })
      .reverse();
  });
}

test.each([[[1]], [[7]], [[2, 3]], [[3, 64, 5]], [[2, 1, 3, 2]], [[130, 70]]])('nonzero of %j', async (shape) => {
  for (const share of [0, 0.1, 0.6, 1]) {
    const data = values(shape, 0, 1).data.map((value) => (value < share ? value + 1 : 0));
    const found = await k.nonzero(k.tensor(data, { shape }));
    const want = places(data, shape);
    expect([...found.shape]).toEqual([want.length / shape.length, shape.length]);
    expect(found.dtype).toBe('i32');
    expect([...(await found.data())]).toEqual(want);
  }
});

test('nonzero: of every type, of what is no number, of a scalar, of nothing', async () => {
  const odd = k.tensor([0, Number.NaN, -0, Number.NEGATIVE_INFINITY, 1e-30]);
  expect(await (await k.nonzero(odd)).array()).toEqual([[1], [3], [4]]);
  expect(await (await k.nonzero(k.tensor([0, -1, 2], { dtype: 'i32' }))).array()).toEqual([[1], [2]]);
  expect(await (await k.nonzero(k.tensor([3, 0, 2], { dtype: 'u32' }))).array()).toEqual([[0], [2]]);
  expect(await (await k.nonzero(k.tensor([false, true]))).array()).toEqual([[1]]);
  expect((await k.nonzero(k.tensor(5))).shape).toEqual([1, 0]);
  expect((await k.nonzero(k.tensor(0))).shape).toEqual([0, 0]);
  expect((await k.nonzero(k.zeros([2, 0]))).shape).toEqual([0, 2]);
  expect((await k.nonzero(k.zeros([2, 3, 4]))).shape).toEqual([0, 3]);
});

test('maskedSelect, with gradients and second derivatives', async () => {
  for (const shape of [[5], [4, 70], [3, 5, 9]]) {
    const x = values(shape);
    const chosen = x.data.map((value) => value > 0.3);
    const kept = x.data.filter((_, i) => chosen[i]);
    const device = toTensor(x).requiresGrad_();
    const mask = k.tensor(chosen.map(Number), { shape, dtype: 'bool' });
    const y = await k.maskedSelect(device, mask);
    await close('value', y, plain([kept.length], kept), { rtol: 0, atol: 0 });
    const weights = values([kept.length]);
    const [g] = k.grad(k.sum(k.mul(k.mul(y, y), toTensor(weights))), [device], { createGraph: true });
    let next = 0;
    const own = x.data.map((_, i) => (chosen[i] ? at(weights.data, next++) : 0));
    const slopes = own.map((weight, i) => 2 * weight * at(x.data, i));
    await close('gradient', g as k.Tensor, plain(shape, slopes), { rtol: 1e-6 });
    const [twice] = k.grad(k.sum(k.mul(g as k.Tensor, device)), [device]);
    await close(
      'twice',
      twice as k.Tensor,
      plain(
        shape,
        slopes.map((slope) => 2 * slope),
      ),
      { rtol: 1e-6 },
    );
  }
});

test('maskedSelect: broadcast, of every type, of nothing', async () => {
  const x = k.arange(0, 6, 1, { dtype: 'i32' }).reshape([2, 3]);
  const columns = k.tensor([true, false, true]);
  expect(await (await k.maskedSelect(x, columns)).array()).toEqual([0, 2, 3, 5]);
  expect((await k.maskedSelect(x, columns)).dtype).toBe('i32');
  const row = k.tensor([1, 2, 3], { requiresGrad: true });
  const twice = await k.maskedSelect(
    row,
    k.tensor([
      [true, false, true],
      [true, false, false],
    ]),
  );
  expect(await twice.array()).toEqual([1, 3, 1]);
  twice.backward(k.tensor([1, 10, 100]));
  expect(await row.grad?.array()).toEqual([101, 0, 10]);
  expect(await (await k.maskedSelect(columns, columns)).array()).toEqual([true, true]);
  expect(await (await k.maskedSelect(k.tensor(3), k.tensor(true))).array()).toEqual([3]);
  const none = await k.maskedSelect(row, k.tensor([false, false, false]));
  expect(none.shape).toEqual([0]);
  const [nothing] = k.grad(none.sum(), [row]);
  expect(await nothing?.array()).toEqual([0, 0, 0]);
  expect((await k.maskedSelect(k.zeros([0, 3]), columns)).shape).toEqual([0]);
  await expect(k.maskedSelect(x, x)).rejects.toThrow(
    "maskedSelect: wants a bool mask, got i32; write ne(x, 0) or x.to('bool')",
  );
  await expect(k.maskedSelect(x, k.tensor([true, false]))).rejects.toThrow(
    'maskedSelect: shapes [2, 3] and [2] do not broadcast',
  );
});

test('what is selected is what was there when it was called', async () => {
  const x = k.tensor([1, 2, 3], { requiresGrad: true });
  const mask = k.tensor([true, false, true]);
  const [selected, found] = [k.maskedSelect(x, mask), k.nonzero(mask)];
  x.copy_(Float32Array.of(7, 8, 9));
  mask.copy_(Uint32Array.of(0, 0, 0));
  const y = await selected;
  expect(await y.array()).toEqual([1, 3]);
  expect(await (await found).array()).toEqual([[0], [2]]);
  y.sum().backward();
  expect(await x.grad?.array()).toEqual([1, 0, 1]);
});

test('in a step what was asked can be waited for behind it; what is captured is refused', async () => {
  const mask = k.tensor([true, false]);
  for (const call of [() => k.nonzero(mask), () => k.maskedSelect(k.ones([2, 2]), mask)]) {
    let made: Promise<k.Tensor> | undefined;
    const body = () => {
      made = call();
      made.catch(() => undefined);
    };
    k.step(body);
    k.zeros([64]);
    expect(await (await (made as unknown as Promise<k.Tensor>)).array()).toEqual(await (await call()).array());
    const captured = k.capture(body);
    captured();
    expect(captured).toThrow('capture: a tensor is read inside a captured function');
    captured.reset();
  }
});

test('many elements, few of them chosen', async () => {
  const size = 70_000;
  const x = k.arange(0, size);
  const y = await k.maskedSelect(x, k.eq(k.fmod(x, 1000), 999));
  expect([...(await y.data())]).toEqual(Array.from({ length: 70 }, (_, i) => 1000 * i + 999));
  expect(sizeOf(y.shape)).toBe(70);
});
