/** What a function launches, and how long its replays take. */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { SGD } from 'kindling/optim';
import { launches, runKernel, timeReplays } from 'kindling/profile';
import { describe, expect, test } from 'vitest';

const wgsl = `const LANES = 8u;
var<workgroup> seen: array<vec4<f32>, LANES>;
var<workgroup> heads: array<array<f32, 3>, 4>;
@compute @workgroup_size(LANES, 2)
fn main(@builtin(local_invocation_index) lane: u32) {
  seen[lane % LANES] = vec4<f32>(xs[lane]);
  heads[lane % 4u][lane % 3u] = xs[lane];
  ys[lane] = 2 * xs[lane];
}`;

describe('launches', () => {
  test('tells the shape of a launch', async () => {
    const [x, y] = [k.arange(16).mul(1), k.zeros([16])];
    const source = { name: 'twice', read: { xs: 'f32' }, write: { ys: 'f32' }, workgroups: [3, 1, 1], wgsl } as const;
    const found = await launches(() => runKernel(source, [x], [y]));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      name: 'twice',
      workgroups: [3, 1, 1],
      workgroupSize: [8, 2, 1],
      workgroupBytes: 8 * 16 + 12 * 4,
      bindings: [
        { name: 'xs', type: 'array<f32>', access: 'read', bytes: 64 },
        { name: 'ys', type: 'array<f32>', access: 'read_write', bytes: 64 },
      ],
      flops: null,
    });
    expect(found[0]?.wgsl).toContain(wgsl);
  });

  test('has what is one launch as one, in order, with the numbers that it is given', async () => {
    const [a, b] = [k.rand([64, 64]), k.rand([64, 64])];
    const found = await launches(() => k.step(() => k.softmax(k.matmul(a, b).relu(), 1)));
    expect(found.map(({ name }) => name.split('.')[0])).toEqual(['matmul+relu', 'softmax']);
    expect(found[0]?.flops).toBe(2 * 64 ** 3);
    for (const { workgroupSize, bindings } of found) {
      expect(workgroupSize.every((size) => size >= 1)).toBe(true);
      for (const { bytes } of bindings) expect(bytes).toBeGreaterThan(0);
    }
    // Nothing is seen once it is over.
    k.step(() => k.softmax(a, 1));
    await k.sync();
    expect(found).toHaveLength(2);
  });
});

describe('timeReplays', () => {
  test('one submit for many, and all of them run', async () => {
    const parameter = k.zeros([1000]).requiresGrad_();
    parameter.grad = k.ones([1000]);
    const optimizer = new SGD([parameter], { lr: 0.5 });
    await k.sync();
    const before = k.stats();
    const times = await timeReplays(() => optimizer.step(), { rounds: 2, lastingMs: 5 });
    const after = k.stats();
    expect(times.rounds).toBe(2);
    expect(times.dispatches).toBe(1);
    expect(times.medianMs).toBeGreaterThan(0);
    expect(times.minMs).toBeLessThanOrEqual(times.medianMs);
    // Plainly, recorded, once, and twice as many as one measurement has.
    const made = 3 + 2 * times.replays;
    expect(after.dispatches - before.dispatches).toBe(made);
    expect(after.submits - before.submits).toBe(5);
    expect((await parameter.data())[999]).toBe(-0.5 * made);
  });

  test('gradients, random numbers, and nothing left behind', async () => {
    const [x, w] = [k.rand([4, 3, 8, 8]), k.rand([5, 3, 3, 3], { requiresGrad: true })];
    const g = k.rand([4, 5, 6, 6]);
    const body = (): k.Tensor | null => {
      w.grad = null;
      F.dropout(F.conv2d(x, w), { p: 0.5 }).backward(g);
      const { grad } = w;
      w.grad = null;
      return grad;
    };
    const { replays, rounds, dispatches } = await timeReplays(body, { rounds: 1, lastingMs: 0 });
    expect([replays, rounds]).toEqual([1, 1]);
    expect(dispatches).toBeGreaterThan(1);
    const forward = (): k.Tensor => F.dropout(F.conv2d(x, w.detach()), { p: 0.5 });
    await timeReplays(forward, { rounds: 1, lastingMs: 0 });
    const { buffers, bytes } = k.stats();
    await timeReplays(forward, { rounds: 1, lastingMs: 0 });
    expect(k.stats().bytes).toBe(bytes);
    expect(k.stats().buffers).toBe(buffers);
  });
});
