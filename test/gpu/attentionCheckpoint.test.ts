/** Attention within checkpoints, which compute it twice. */
import { checkpoint, randn, type Tensor } from 'kindling';
import { scaledDotProductAttention } from 'kindling/nn/functional';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useTiles } from '../../src/ops/tiledAttention.js';

beforeAll(() => useTiles(true));
afterAll(() => useTiles(null));

test('a checkpoint runs twice what runs without it', async () => {
  const leaves = [0, 1, 2].map(() => randn([2, 33, 16], { requiresGrad: true })) as [Tensor, Tensor, Tensor];
  const attend = (...[q, k, v]: [Tensor, Tensor, Tensor]): Tensor => scaledDotProductAttention(q, k, v);
  const runs: ReturnType<Tensor['data']>[][] = [];
  for (const y of [attend(...leaves), checkpoint(attend, ...leaves)]) {
    for (const leaf of leaves) leaf.grad = null;
    y.square().sum().backward();
    runs.push([y, ...leaves.map(({ grad }) => grad as Tensor)].map((tensor) => tensor.data()));
  }
  const [plain, twice] = await Promise.all(runs.map((run) => Promise.all(run)));
  expect(twice).toEqual(plain);
});

test('a checkpoint passes a gradient to a mask', async () => {
  const [q, k, v] = [0, 1, 2].map(() => randn([33, 16])) as [Tensor, Tensor, Tensor];
  const attnMask = randn([33, 33], { requiresGrad: true });
  const attend = (mask: Tensor): Tensor => scaledDotProductAttention(q, k, v, { attnMask: mask });
  const grads: unknown[] = [];
  for (const y of [attend(attnMask), checkpoint(attend, attnMask)]) {
    attnMask.grad = null;
    y.square().sum().backward();
    grads.push(await (attnMask.grad as Tensor | null)?.data());
  }
  expect(grads[1]).toEqual(grads[0]);
});
