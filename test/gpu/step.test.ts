/** Memory by steps: what lives on, what is freed, and what using the freed says. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import { SGD } from 'kindling/optim';
import { expect, test } from 'vitest';

const leaf = (data: k.Nested): k.Tensor => k.tensor(data, { requiresGrad: true });
const gradOf = async (x: k.Tensor): Promise<k.Nested | undefined> => x.grad?.array();

const rule = /was freed\. What a step makes lives until the step ends: return it from the step, or pass it to keep\(\)/;

test('what it made is freed at its end', async () => {
  let inner = k.zeros([1]);
  let sum = inner;
  k.step(() => {
    inner = k.tensor([1, 2]);
    sum = inner.add(1);
  });
  await expect(inner.item()).rejects.toThrow('item: wants one element');
  await expect(inner.data()).rejects.toThrow(rule);
  await expect(sum.data()).rejects.toThrow(k.KindlingError);
  expect(() => sum.mul(2)).toThrow(rule);
  expect(() => k.step(() => sum.mul(2))).toThrow(rule);
  expect(() => k.step(() => k.ones([2]).copy_(sum))).toThrow(rule);
});

test('what was made outside is untouched, and its memory is not handed out', async () => {
  const x = k.tensor([1, 2]);
  const y = k.step(() => x.mul(2));
  for (let i = 0; i < 3; i++) k.step(() => k.full([2], i).add(k.full([2], 9)));
  expect([await x.array(), await y.array()]).toEqual([
    [1, 2],
    [2, 4],
  ]);
});

test('a result is there afterwards: tensors, arrays and plain objects of them', async () => {
  const { a, list, text } = k.step(() => ({
    a: k.tensor([1]).add(1),
    list: [k.tensor([2]), { deep: k.tensor([3]).mul(3) }] as const,
    text: 'as it was',
  }));
  expect([await a.item(), await list[0].item(), await list[1].deep.item(), text]).toEqual([2, 2, 9, 'as it was']);
  expect(await k.step(() => k.tensor([1, 2]).reshape(2, 1)).array()).toEqual([[1], [2]]);
  expect(k.step(() => 7)).toBe(7);
  const x = k.tensor([4]);
  expect(await k.step(() => x).item()).toBe(4);
  expect(await x.item()).toBe(4);
});

// Small results come back to the host with their step; large ones stay on the GPU.
test.each([1, 5000])('a result of %i elements is used in later steps, again and again', async (size) => {
  const first = async (x: k.Tensor): Promise<number | undefined> => (await x.data())[0];
  const h = k.step(() => k.full([size], 3).add(1));
  expect(await first(h)).toBe(4);
  k.step(() => h.mul(2));
  expect(await first(h)).toBe(4);
  const doubled = k.step(() => h.mul(2));
  expect(await first(doubled)).toBe(8);
  expect(await first(h)).toBe(4);
  k.step(() => k.step(() => h.mul(2)));
  k.step(() => h);
  expect(await first(h)).toBe(4);
  expect(await first(k.step(() => h.add(doubled)))).toBe(12);
  expect(await first(h.mul(5))).toBe(20);
  expect(await first(h)).toBe(4);

  const unread = k.step(() => k.full([size], 6).add(1));
  const next = k.step(() => unread.mul(2));
  k.step(() => unread.mul(3));
  expect([await first(next), await first(unread)]).toEqual([14, 7]);
});

test.each([1, 5000])('copy_ into a result of %i elements holds, before and after it was read', async (size) => {
  const filled = (value: number): Float32Array => new Float32Array(size).fill(value);
  const early = k.step(() => k.full([size], 3).add(1));
  early.copy_(filled(5));
  expect(await early.data()).toEqual(filled(5));
  expect(await early.data()).toEqual(filled(5));
  expect(await early.mul(2).data()).toEqual(filled(10));

  const pending = k.step(() => k.full([size], 3).add(1));
  const content = pending.data();
  pending.copy_(k.full([size], 6));
  expect(await content).toEqual(filled(4));
  expect(await pending.data()).toEqual(filled(6));

  const late = k.step(() => k.full([size], 3).add(1));
  await late.data();
  k.step(() => void late.copy_(k.full([size], 7)));
  expect(await late.data()).toEqual(filled(7));
  late.copy_(filled(8));
  expect(await k.step(() => late.add(1)).data()).toEqual(filled(9));
});

test('a result that was disposed of is gone', async () => {
  const read = k.step(() => k.tensor([1]));
  await read.item();
  read.dispose();
  await expect(read.item()).rejects.toThrow(rule);
  const pending = k.step(() => k.tensor([1]));
  pending.dispose();
  await k.sync();
  await expect(pending.item()).rejects.toThrow(rule);
});

test('backward after the step names the rule where what it needs is gone', async () => {
  const x = leaf([2, 3]);
  const y = k.step(() => x.mul(x).exp().sum());
  expect(() => y.backward()).toThrow(rule);
  expect(x.grad).toBe(null);
  expect(k.isGradEnabled()).toBe(true);
  k.step(() => x.mul(4))
    .sum()
    .backward();
  expect(await gradOf(x)).toEqual([4, 4]);
});

test('keep takes a tensor out', async () => {
  let kept = k.zeros([1]);
  let made = kept;
  k.step(() =>
    k.step(() => {
      made = k.tensor([1, 2]).mul(3);
      kept = k.keep(made);
    }),
  );
  expect(kept).toBe(made);
  expect(await kept.array()).toEqual([3, 6]);
  k.step(() => kept.add(1));
  expect(await kept.array()).toEqual([3, 6]);
  kept.dispose();
  await expect(kept.data()).rejects.toThrow(rule);
});

test('steps nest: a result of the inner one lives until the outer one ends', async () => {
  let inner = k.zeros([1]);
  let hidden = inner;
  const outer = k.step(() => {
    inner = k.step(() => {
      hidden = k.tensor([5]);
      return hidden.mul(2);
    });
    expect(() => hidden.add(1)).toThrow(rule);
    return inner.add(1);
  });
  expect(await outer.item()).toBe(11);
  await expect(inner.item()).rejects.toThrow(rule);
});

test('an error inside frees what the step made, and the next step works', async () => {
  let lost = k.zeros([1]);
  expect(() =>
    k.step(() => {
      lost = k.tensor([1]);
      throw new Error('inside');
    }),
  ).toThrow('inside');
  await expect(lost.item()).rejects.toThrow(rule);
  expect(await k.step(() => k.tensor([1]).add(1)).item()).toBe(2);
});

test('refuses async functions, and says what to do', async () => {
  expect(() => k.step(async () => k.tensor([1]))).toThrow(k.KindlingError);
  expect(() => k.step(() => Promise.resolve(1))).toThrow('step: the function must not be async; return tensors');
  expect(await k.step(() => k.tensor([1]).add(1)).item()).toBe(2);
});

test('gradients of leaves survive, and add up over steps', async () => {
  const x = leaf([1, 2]);
  k.step(() => x.mul(x).sum().backward());
  expect(await gradOf(x)).toEqual([2, 4]);
  k.step(() => x.mul(3).sum().backward());
  expect(await gradOf(x)).toEqual([5, 7]);
  x.sum().backward();
  expect(await gradOf(x)).toEqual([6, 8]);
  const returned = k.step(() => {
    x.sum().backward();
    return x.grad;
  });
  expect([await returned?.array(), await gradOf(x)]).toEqual([
    [7, 9],
    [7, 9],
  ]);
  k.step(() => {
    x.grad = null;
    x.sum().backward();
    x.sum().backward();
  });
  expect(await gradOf(x)).toEqual([2, 2]);
});

test('a parameter made inside survives, as do its gradient and a module’s', async () => {
  let weight = new nn.Parameter(k.zeros([1]));
  k.step(() => {
    weight = new nn.Parameter(k.tensor([2, 3]).mul(2));
    weight.mul(weight).sum().backward();
  });
  expect(await weight.array()).toEqual([4, 6]);
  expect(await gradOf(weight)).toEqual([8, 12]);
  let linear = new nn.Linear(1, 1);
  k.step(() => {
    linear = new nn.Linear(2, 1);
  });
  const out = k.step(() => linear.forward(k.tensor([[1, 2]])));
  const [a = 0, b = 0] = await linear.weight.data();
  expect(await out.item()).toBeCloseTo(a + 2 * b + ((await linear.bias?.item()) ?? 0), 5);
});

test('too large a tensor is refused before anything is lost', async () => {
  const a = k.tensor([1, 2]).mul(2);
  expect(() =>
    k.step(() =>
      k
        .keep(a.add(1))
        .add(k.zeros([1]))
        .expand([40000, 40000, 2]),
    ),
  ).toThrow(/this adapter allows/);
  expect(await a.array()).toEqual([2, 4]);
});

test('what only dropped work names gives its buffers back', async () => {
  const once = async (): Promise<void> => {
    await k
      .step(() => {
        k.tensor(new Float32Array(10_000)).mul(2);
        return k.tensor([1]).add(1);
      })
      .item();
  };
  for (let i = 0; i < 5; i++) await once();
  const { buffers } = k.stats();
  for (let i = 0; i < 20; i++) await once();
  expect(k.stats().buffers - buffers).toBeLessThanOrEqual(1);
});

test('an old gradient in an optimizer’s arena makes room for the next', async () => {
  const w = leaf([1, 2]);
  new SGD([w], { lr: 1 });
  w.mul(2).sum().backward();
  const first: k.Tensor | null = w.grad;
  Object.assign(w, { grad: null });
  w.mul(3).sum().backward();
  expect(await gradOf(w)).toEqual([3, 3]);
  expect(await first?.array()).toEqual([2, 2]);
});
