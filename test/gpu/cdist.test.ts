/** Distances of all pairs, against PyTorch. */
import { cdist, grad, ones, randn, type Tensor, tensor, zeros } from 'kindling';
import { expect, test } from 'vitest';
import { close } from '../support/agree.js';
import { layerCases, made, SIX } from '../support/layerCases.js';

const cases = await layerCases();

test("cdist agrees with PyTorch's, gradients too", async () => {
  for (const { p, shapes, y, d1, d2 } of cases.distances) {
    const [x1, x2] = [made(shapes[0], 1), made(shapes[1], 2)];
    const width = x1.shape.at(-1) as number;
    const flat = await x2.data();
    flat.set((await x1.data()).slice(0, width));
    const second = tensor(flat, { shape: [...shapes[1]], requiresGrad: true });
    x1.requiresGrad_();
    const got = cdist(x1, second, { p: Number(p) });
    await close(`p ${p}`, got, y, SIX);
    if (p === 0) continue;
    got.backward(made(got.shape, 3));
    await close(`p ${p}, by x1`, x1.grad as Tensor, d1, SIX);
    await close(`p ${p}, by x2`, second.grad as Tensor, d2, SIX);
  }
});

test('cdist: large, empty, refused, differentiated twice', async () => {
  const [a, b] = [randn([130, 3]), randn([70, 3])];
  const [got, x, y] = [await cdist(a, b).data(), await a.data(), await b.data()];
  for (const i of [0, 64, 129]) {
    for (const j of [0, 33, 69]) {
      const want = Math.hypot(...[0, 1, 2].map((k) => (x[3 * i + k] as number) - (y[3 * j + k] as number)));
      expect(got[70 * i + j]).toBeCloseTo(want, 5);
    }
  }
  expect(cdist(zeros([0, 3]), b).shape).toEqual([0, 70]);
  expect(await cdist(zeros([2, 0]), zeros([1, 0]), { p: Number.POSITIVE_INFINITY }).data()).toEqual(
    new Float32Array(2),
  );
  expect(() => cdist(ones([2, 3]), ones([2, 4]))).toThrow(
    'cdist: wants [..., P, M] and [..., R, M], got [2, 3] and [2, 4]',
  );
  expect(() => cdist(ones([3]), ones([2, 3]))).toThrow('got [3] and [2, 3]');
  expect(() => cdist(ones([2, 2, 3]), ones([3, 2, 3]))).toThrow('cdist');
  expect(() => cdist(a, b, { p: -1 })).toThrow('p -1 is not a number from 0');
  expect(() => cdist(a.to('i32'), b)).toThrow('wants f32, got i32 and f32');
  // d²/dx² of |x − y| along one axis is the square of the distance along the other over its cube.
  const [p, q] = [tensor([[3, 0]], { requiresGrad: true }), tensor([[0, 4]])];
  const [slope] = grad(cdist(p, q).sum(), [p], { createGraph: true }) as [Tensor];
  const [second] = grad(slope.sum(), [p]) as [Tensor];
  await close('second', second, { shape: [1, 2], data: [(16 + 12) / 125, (9 + 12) / 125] });
});
