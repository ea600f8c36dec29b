/** The device of the process: given back, lost, and opened anew. */
import * as k from 'kindling';
import { Linear } from 'kindling/nn';
import { SGD } from 'kindling/optim';
import { afterEach, describe, expect, test } from 'vitest';
import { ImageDataset } from '../../src/data/dataset.js';
import { DataLoader } from '../../src/data/loader.js';
import { beforeUse, device } from '../../src/gpu/device.js';
import { kernel } from '../../src/kernels/kernel.js';
import { launch, watching } from '../../src/tensor/launch.js';

// Other files go on with the device that is there then.
afterEach(() => k.init());

const sleep = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

function training() {
  k.manualSeed(1);
  const model = new Linear(3, 2);
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const body = (x: k.Tensor): k.Tensor => {
    optimizer.zeroGrad();
    const loss = model.forward(x).pow(2).mean();
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { model, body, train: k.capture(body) };
}

test("init({ assume: 'gpu' }) computes as on a GPU, whatever the adapter", async () => {
  const kernels = async (): Promise<string[]> => {
    const seen: string[] = [];
    const [a, b] = [k.ones([2, 70]), k.ones([70, 5])];
    const y = watching(
      ({ name, wgsl }) => void seen.push(`${name} ${wgsl.includes('var<workgroup>') ? 'in workgroups' : 'alone'}`),
      () => a.matmul(b),
    );
    expect(await y.data()).toEqual(new Float32Array(10).fill(70));
    return seen;
  };
  const { isSoftware } = k.adapter();
  expect(await kernels()).toEqual([`matmul ${isSoftware ? 'alone' : 'in workgroups'}`]);
  k.destroy();
  const assumed = await k.init({ assume: 'gpu' });
  expect(assumed).toMatchObject({ isSoftware: false, description: expect.stringMatching(/ as a GPU$/) });
  expect(assumed.id).toMatch(/ as a GPU$/);
  expect(await kernels()).toEqual(['matmul in workgroups']);
  k.destroy();
  expect(await k.init()).toMatchObject({ isSoftware });
});

describe('destroy()', () => {
  test('gives everything back, and init() opens a device that works', async () => {
    const { train } = training();
    const losses = [];
    for (let i = 0; i < 4; i++) losses.push(await train(k.ones([2, 3])).item());
    const spare = k.zeros([1000]);
    const pending = [k.tensor([1]).add(1).item(), spare.data(), k.sync()];
    const outcomes = Promise.allSettled(pending);
    const before = device();
    const held = k.stats();
    expect(held.buffers).toBeGreaterThan(0);
    k.destroy();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'DeviceLostError' } });
    }
    await before.lost;
    expect(k.stats()).toMatchObject({ buffers: 0, bytes: 0, pipelines: 0 });
    expect(() => k.tensor([1])).toThrow('init()');
    k.destroy();
    const { description } = await k.init();
    expect(k.adapter().description).toBe(description);
    expect(device()).not.toBe(before);
    expect(await k.tensor([1]).add(1).item()).toBe(2);
    const again = training().train;
    const repeated = [];
    for (let i = 0; i < 4; i++) repeated.push(await again(k.ones([2, 3])).item());
    expect(repeated).toEqual(losses);
  });

  test('tensors of the old device say so, wherever they are used; captured functions record anew', async () => {
    const { model, body, train } = training();
    const double = k.capture((x: k.Tensor) => x.mul(2).add(0.5));
    for (let i = 0; i < 3; i++) {
      await double(k.ones([2])).data();
      await train(k.ones([2, 3])).item();
    }
    const old = k.ones([2]);
    const read = k.step(() => old.sum()); // Comes back to the host, so it outlives the device.
    expect(await read.item()).toBe(2);
    k.destroy();
    await k.init();
    const gone = /device that was lost, or given back by destroy\(\)/;
    expect(() => old.add(1)).toThrow(gone);
    expect(() => old.add(1)).toThrow(/add: an input of shape \[2\]/);
    await expect(old.data()).rejects.toThrow(gone);
    expect(() => old.copy_(new Float32Array(2))).toThrow(gone);
    expect(() => k.ones([2]).copy_(old)).toThrow(gone);
    expect(() => model.forward(k.ones([2, 3]))).toThrow(gone);
    expect(() => k.step(() => body(k.ones([2, 3])))).toThrow(gone);
    expect(() => train(k.ones([2, 3]))).toThrow(gone);
    expect(() => train(old)).toThrow(gone);
    expect(await read.add(1).item()).toBe(3);
    for (let i = 0; i < 3; i++) expect(await double(k.ones([2])).array()).toEqual([2.5, 2.5]);
    old.dispose();
    expect(await k.ones([2]).sum().item()).toBe(2);
  });

  test('data sets are uploaded anew', async () => {
    const bytes = Uint8Array.from({ length: 8 * 12 }, (_, i) => i * 2);
    const pictures = new ImageDataset(bytes, new Uint8Array(8), [], 'made', false, [3, 2, 2]);
    const loader = new DataLoader(pictures, { batchSize: 4 });
    const epoch = async (): Promise<number[]> => {
      const values: number[] = [];
      for await (const [x] of loader) values.push(...(await x.data()));
      return values;
    };
    const first = await epoch();
    expect(first[1]).toBeCloseTo(2 / 255, 6);
    k.destroy();
    await k.init();
    expect(await epoch()).toEqual(first);
  });

  test('again and again leaves nothing behind', async () => {
    const held: number[] = [];
    for (let cycle = 0; cycle < 6; cycle++) {
      expect(
        await k
          .ones([512, 512])
          .matmul(k.ones([512, 1]))
          .sum()
          .item(),
      ).toBe(512 * 512);
      held.push(k.stats().bytes);
      k.destroy();
      await k.init();
    }
    expect(new Set(held.slice(1)).size).toBe(1);
  });

  test('while init() is under way ends it', async () => {
    k.destroy();
    const opening = k.init();
    k.destroy();
    await expect(opening).rejects.toThrow('destroy()');
    await k.init();
    expect(await k.tensor([1]).add(1).item()).toBe(2);
  });
});

test('init() after one that failed tries anew', async () => {
  let failures = 1;
  beforeUse(async () => {
    if (failures-- > 0) throw new Error('not this time');
    return [];
  });
  k.destroy();
  await expect(k.init()).rejects.toThrow('not this time');
  expect(() => k.ones([1])).toThrow('init()');
  await k.init();
  expect(await k.tensor([2]).mul(2).item()).toBe(4);
});

describe('a lost device', () => {
  test('is a DeviceLostError of every wait at once, and of what comes after, until init() opens another', async () => {
    const { train } = training();
    const x = k.ones([2, 3]);
    for (let i = 0; i < 3; i++) await train(x).item();
    const slow = k.ones([256, 256]);
    const waits = [
      k.tensor([1]).add(1).item(),
      slow.matmul(slow).matmul(slow).data(),
      k.sync(),
      launch(
        kernel({
          name: 'unseen',
          write: { out: 'f32' },
          workgroups: [1, 1, 1],
          wgsl: '@compute @workgroup_size(1) fn main() { out[0] = 12345.5; }',
        }),
        [],
        [1],
      ).item(),
      train(x).item(),
    ];
    const outcomes = Promise.allSettled(waits);
    device().destroy(); // Stands for whatever takes the device away.
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'DeviceLostError' } });
    }
    expect(() => train(x)).toThrow(k.DeviceLostError);
    expect(() => x.add(1)).toThrow(k.DeviceLostError);
    expect(() => k.zeros([2])).toThrow(k.DeviceLostError);
    await expect(x.data()).rejects.toThrow(k.DeviceLostError);
    await expect(k.sync()).rejects.toThrow(k.DeviceLostError);
    await k.init();
    expect(() => x.add(1)).toThrow('device that was lost');
    expect(await k.ones([2]).sum().item()).toBe(2);
    await k.sync();
  });

  test('ends a loop of captured steps at once', async () => {
    const { train } = training();
    const x = k.ones([2, 3]);
    let steps = 0;
    // A browser hears of the loss from another process, some turns later; on a busy machine, many.
    let heard = 0;
    const loop = async (): Promise<void> => {
      for (; ; steps++) {
        if (steps === 5) {
          const gpu = device();
          void gpu.lost.then(() => {
            heard = steps;
          });
          gpu.destroy();
        }
        train(x);
        await sleep();
      }
    };
    await expect(loop()).rejects.toThrow(k.DeviceLostError);
    expect(steps - heard).toBeLessThan(3);
  });
});

test('shaders that compile for more than a second are told of, once, unless onCompile listens', async () => {
  const said: string[] = [];
  const warn = console.warn;
  k.destroy(); // What was said before, was said for another device.
  await k.init();
  const gpu = device();
  const compile = gpu.createComputePipelineAsync.bind(gpu);
  let end: () => void = () => {};
  const spoken = new Promise<void>((resolve) => {
    end = resolve;
  });
  console.warn = (text: string) => {
    said.push(text);
    end();
  };
  k.onCompile(null);
  try {
    gpu.createComputePipelineAsync = async (wanted) => {
      await spoken;
      return compile(wanted);
    };
    expect(await k.ones([3]).add(1).sum().item()).toBe(6);
    expect(said).toEqual([expect.stringMatching(/compiling shaders: 0 of [1-9]/)]);
  } finally {
    console.warn = warn;
    k.onCompile(() => {});
    k.destroy();
  }
});
