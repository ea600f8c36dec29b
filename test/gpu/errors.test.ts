/** Errors belong to the work that caused them: what depends on it fails with it, everything else goes on. */
import * as k from 'kindling';
import { loadCheckpoint, saveCheckpoint } from 'kindling/io';
import { Linear } from 'kindling/nn';
import { Adam } from 'kindling/optim';
import { describe, expect, test } from 'vitest';
import { device } from '../../src/gpu/device.js';
import { kernel } from '../../src/kernels/kernel.js';
import { launch, launchInto } from '../../src/tensor/launch.js';

const source = { write: { out: 'f32' }, workgroups: [1, 1, 1] } as const;
const main = (body: string): string => `@compute @workgroup_size(1) fn main() { ${body} }`;

/** A shader that no compiler takes. */
const garbled = kernel({ ...source, name: 'garbled', read: { x: 'f32' }, wgsl: main('out[0] = nonsense(x[0]);') });
/** A shader that wants more of a buffer than it is given, which the device notices when the batch is submitted. */
const greedy = {
  ...kernel({ ...source, name: 'greedy', wgsl: main('out[0] = f32(more[0]);') }),
  wgsl: `@group(0) @binding(0) var<storage, read_write> more: array<u32, 100000>;\n${main('more[0] = 1u;')}`,
};

/** Makes what `make` says of every buffer of 1 MB or more. */
async function withAllocations<T>(make: (attempt: number) => 'fails' | 'throws' | 'works', body: () => Promise<T>) {
  const gpu = device();
  const real = gpu.createBuffer.bind(gpu);
  let attempts = 0;
  gpu.createBuffer = (wanted) => {
    const way = wanted.size >= 2 ** 20 ? make(attempts++) : 'works';
    if (way === 'throws') throw new RangeError('no memory');
    return real(way === 'fails' ? { ...wanted, size: 2 ** 45 } : wanted);
  };
  try {
    return await body();
  } finally {
    gpu.createBuffer = real;
  }
}

describe('a shader that does not compile', () => {
  test('fails what depends on it, also later, and nothing else of the same batch', async () => {
    const [x, w] = [k.tensor([1, 2]), k.tensor([5])];
    const good = x.mul(3);
    const bad = launch(garbled, [x], [1]);
    const late = bad.add(1);
    launchInto(kernel({ ...source, name: 'scale', read: { by: 'f32' }, wgsl: main('out[0] *= by[0];') }), [bad], [w]);
    expect(await good.array()).toEqual([3, 6]);
    for (const one of [bad, late, w, late.mul(w), w.add(1)]) {
      await expect(one.data()).rejects.toThrow(/kernel garbled does not compile.*nonsense/s);
    }
    expect(await good.add(1).array()).toEqual([4, 7]);
    w.copy_(new Float32Array([6])); // Overwritten from the host, or from what is whole, it is whole again.
    expect(await w.array()).toEqual([6]);
    launchInto(kernel({ ...source, name: 'take', read: { by: 'f32' }, wgsl: main('out[0] = by[0];') }), [bad], [w]);
    await expect(w.item()).rejects.toThrow('garbled');
    w.copy_(x.sum().reshape([1]));
    expect(await w.array()).toEqual([3]);
  });

  test('is told by sync() where nobody reads, once', async () => {
    launch(garbled, [k.tensor([1])], [1]);
    const kept = launch(garbled, [k.tensor([1])], [1]);
    await expect(k.sync()).rejects.toThrow('kernel garbled does not compile');
    await k.sync();
    await expect(kept.item()).rejects.toThrow('garbled');
  });

  test('in a captured step fails its results, and the step is recorded anew', async () => {
    let broken = true;
    const x = k.tensor([2]);
    const state = k.tensor([0]);
    const step = k.capture(() => {
      const y = broken ? launch(garbled, [x], [1]) : x.mul(2);
      state.copy_(y);
      return [y, x.mul(5)];
    });
    for (let call = 0; call < 3; call++) {
      const [bad, good] = step();
      await expect(bad?.item()).rejects.toThrow('garbled');
      await expect(state.item()).rejects.toThrow('garbled');
      expect(await good?.item()).toBe(10);
    }
    broken = false;
    for (let call = 0; call < 3; call++) {
      expect(await step()[0]?.item()).toBe(4);
      expect(await state.item()).toBe(4);
    }
  });

  test('spoils a training step, which goes on after loadStateDict', async () => {
    k.manualSeed(1);
    const model = new Linear(2, 2);
    const optimizer = new Adam(model.parameters());
    const factor = { broken: false };
    const x = k.ones([3, 2]);
    const train = (): k.Tensor =>
      k.step(() => {
        optimizer.zeroGrad();
        let loss = model.forward(x).pow(2).mean();
        if (factor.broken) loss = loss.mul(launch(garbled, [x], [1])).sum();
        loss.backward();
        optimizer.step();
        return loss;
      });
    const first = await train().item();
    const saved = await saveCheckpoint({ model, optimizer });
    factor.broken = true;
    await expect(train().item()).rejects.toThrow('garbled');
    await expect(model.weight.data()).rejects.toThrow('garbled');
    factor.broken = false;
    await expect(train().item()).rejects.toThrow('garbled');
    loadCheckpoint(saved, { model, optimizer });
    for (let i = 0; i < 2; i++) expect(await train().item()).toBeLessThan(first);
    expect((await model.weight.data()).every(Number.isFinite)).toBe(true);
  });
});

test('a batch that the device refuses fails what it writes and what was made of that; later work goes on', async () => {
  const bad = launch(greedy, [], [1]);
  const read = bad.item();
  const late = bad.add(1); // Of the next batch, which is submitted before the device has answered.
  for (const outcome of await Promise.allSettled([read, late.item()])) {
    expect(String((outcome as PromiseRejectedResult).reason)).toMatch(/KindlingError: WebGPU/);
  }
  await expect(late.mul(2).item()).rejects.toThrow('WebGPU');
  expect(await k.tensor([1]).add(1).item()).toBe(2);
  await k.sync();
});

test('a submit that throws fails its batch, a map that fails its read', async () => {
  const { queue } = device();
  const x = k.tensor([1]);
  await k.sync();
  const submit = queue.submit;
  queue.submit = () => {
    throw new TypeError('not now');
  };
  const y = x.add(1);
  await expect(y.item())
    .rejects.toThrow('not now')
    .finally(() => {
      queue.submit = submit;
    });
  await expect(y.mul(2).item()).rejects.toThrow('not now');
  expect(await x.add(1).item()).toBe(2);

  const gpu = device();
  const make = gpu.createBuffer.bind(gpu);
  gpu.createBuffer = (wanted) => Object.assign(make(wanted), { mapAsync: () => Promise.reject(new Error('no map')) });
  const wide = k.ones([50_000]);
  await expect(wide.data())
    .rejects.toThrow('reading back failed: Error: no map')
    .finally(() => {
      gpu.createBuffer = make;
    });
  expect((await wide.data())[49_999]).toBe(1);
});

test('an error of no known work is told to whoever reads next, once', async () => {
  const x = k.tensor([1]);
  await k.sync();
  const scoped = new Promise((told) => device().addEventListener('uncapturederror', told, { once: true }));
  device().createBuffer({ size: 16, usage: 0 });
  await device().queue.onSubmittedWorkDone(); // Sends it off.
  await scoped;
  await expect(x.item()).rejects.toThrow('WebGPU');
  expect(await x.item()).toBe(1);
});

describe('out of memory', () => {
  test('what lies idle is freed and the allocation tried again', async () => {
    const idle = k.zeros([2 ** 19]);
    await k.sync();
    idle.dispose();
    await withAllocations(
      (attempt) => (attempt === 0 ? 'fails' : 'works'),
      async () => {
        const held = k.stats().bytes;
        const big = k.ones([2 ** 18, 3]);
        expect(await big.mul(2).sum().item()).toBe(2 ** 18 * 6);
        expect(k.stats().bytes).toBeLessThan(held + 8 * 2 ** 20);
      },
    );
  });

  test.each(['fails', 'throws'] as const)('is an error of that call where it %s twice, with sizes', async (way) => {
    const x = k.tensor([1]);
    await withAllocations(
      () => way,
      async () => {
        const small = x.add(1);
        const big = k.exp(x.expand([300_000, 3]));
        await expect(big.sum().item()).rejects.toThrow(
          /gather(\+exp)?: out of memory.*3[.67]\d* MB.*kindling holds .*B in \d+ buffers/s,
        );
        if (way === 'fails') expect(await small.item()).toBe(2); // Of the same batch.
        expect(await x.expand([100, 100]).add(1).sum().item()).toBe(20_000);
      },
    );
    const again = x.expand([300_000, 3]).add(1);
    expect(await again.sum().item()).toBe(1_800_000);
    await k.sync();
  });
});

test.each([
  [
    'throws',
    () => {
      throw new Error('mine');
    },
    0.123,
  ],
  ['rejects', () => Promise.reject(new Error('mine')), 0.124],
] as const)('a listener that %s poisons nothing', async (what, listener, number) => {
  const said: unknown[] = [];
  const error = console.error;
  console.error = (...all) => void said.push(all.join(' '));
  k.onCompile(listener);
  try {
    expect(await k.tensor([1, 2, 3]).add(number).mul(7.5).sum().item()).toBeCloseTo(7.5 * (6 + 3 * number), 4);
    await expect(launch({ ...garbled, wgsl: `a listener ${what}` }, [k.tensor([1])], [1]).item()).rejects.toThrow(
      'garbled does not compile',
    );
    expect(said.join()).toContain('mine');
  } finally {
    console.error = error;
    k.onCompile(() => {});
  }
});
