import { describe, expect, test } from 'vitest';
import { TensorDataset } from '../../src/data/dataset.js';
import { DataLoader, type DataLoaderOptions } from '../../src/data/loader.js';
import { RandomSampler, WeightedRandomSampler } from '../../src/data/sampler.js';
import { synthetic } from '../../src/data/synthetic.js';
import { Normalize } from '../../src/data/transforms.js';
import { device } from '../../src/gpu/device.js';
import { reshape } from '../../src/ops/broadcast.js';
import { matmul } from '../../src/ops/matmul.js';
import { zeros } from '../../src/tensor/create.js';
import { manualSeed } from '../../src/tensor/random.js';
import { step } from '../../src/tensor/step.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { watchBuffers } from '../support/buffers.js';

const count = 10;
const data = new TensorDataset(
  { data: Float32Array.from({ length: count * 2 }, (_, i) => i), shape: [count, 2] },
  { data: Int32Array.from({ length: count }, (_, i) => i), shape: [count] },
);

const loader = (options: DataLoaderOptions = {}) => new DataLoader(data, { batchSize: 4, ...options });

/** The labels of the batches that `from` gives in an epoch. */
async function labels(from: ReturnType<typeof loader>): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const [, y] of from) batches.push([...(await y.data())]);
  return batches;
}

describe('DataLoader', () => {
  test('gives batches in order, the last one smaller or dropped', async () => {
    expect(await labels(loader())).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    expect(await labels(loader({ dropLast: true }))).toHaveLength(2);
    expect([loader().length, loader({ dropLast: true }).length]).toEqual([3, 2]);
    for await (const [x, y] of loader()) {
      expect([x.shape[1], x.dtype, y.ndim, y.dtype]).toEqual([2, 'f32', 1, 'i32']);
      const first = (await y.data())[0] ?? Number.NaN;
      expect((await x.data())[1]).toBe(2 * first + 1);
    }
  });

  test('shuffles by seed and epoch, every sample once', async () => {
    const shuffled = loader({ shuffle: true, seed: 3 });
    const epochs = [await labels(shuffled), await labels(shuffled)];
    for (const epoch of epochs) expect(epoch.flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(epochs[0]).not.toEqual(epochs[1]);
    const again = loader({ shuffle: true, seed: 3 });
    expect([await labels(again), await labels(again)]).toEqual(epochs);
    expect(await labels(loader({ shuffle: true, seed: 4 }))).not.toEqual(epochs[0]);
    manualSeed(3);
    expect(await labels(loader({ shuffle: true }))).toEqual(epochs[0]);
    manualSeed(0);
  });

  test('goes on at an exact batch', async () => {
    const whole = loader({ shuffle: true, seed: 3 });
    await labels(whole);
    const epoch = await labels(whole);
    const resumed = loader({ shuffle: true, seed: 3 });
    resumed.setEpoch(1, 2);
    expect(resumed.state).toEqual({ epoch: 1, batch: 2 });
    expect(await labels(resumed)).toEqual(epoch.slice(2));
    expect(resumed.state).toEqual({ epoch: 2, batch: 0 });
    expect(() => resumed.setEpoch(0, 4)).toThrow(/no batch 4 \(3 in an epoch\)/);
  });

  test('takes what a sampler says, as many as it says, and goes on within it', async () => {
    const sampler = new WeightedRandomSampler([0, 1, 0, 1, 0, 2, 0, 0, 0, 0], 14);
    const drawn = (options: DataLoaderOptions = {}) => loader({ sampler, seed: 3, ...options });
    expect([drawn().length, drawn({ dropLast: true }).length]).toEqual([4, 3]);
    const whole = drawn();
    const epochs = [await labels(whole), await labels(whole)];
    expect(epochs.map((epoch) => epoch.flat())).toEqual([0, 1].map((epoch) => [...sampler.order(3, epoch)]));
    const resumed = drawn();
    resumed.setEpoch(1, 2);
    expect(await labels(resumed)).toEqual(epochs[1]?.slice(2));
    expect(await labels(loader({ sampler: new RandomSampler(data), seed: 3 }))).toEqual(
      await labels(loader({ shuffle: true, seed: 3 })),
    );
    const own = { length: 3, order: (seed: number, epoch: number) => [seed, epoch, 7] };
    expect(await labels(loader({ sampler: own, seed: 3 }))).toEqual([[3, 0, 7]]);
    await expect(labels(loader({ sampler: own, seed: 10 }))).rejects.toThrow(/gives index 10, outside of/);
    expect(() => loader({ sampler, shuffle: true })).toThrow(/a sampler says what the order is: leave out shuffle/);
    expect(() => loader({ sampler: [1, 2] as never })).toThrow(/sampler is \[1, 2\], wants an object with length/);
  });

  test('makes batches of what is no array with a collateFn, the same in a resumed run', async () => {
    const words = ['a', 'list', 'of', 'several', 'words'];
    const texts = { length: words.length, get: async (i: number) => ({ text: words[i] as string, label: i }) };
    const read = async (batch: number) => {
      const loader = new DataLoader(texts, {
        batchSize: 2,
        seed: 8,
        collateFn: (samples, { seed, epoch, indices }) => {
          const width = Math.max(...samples.map(({ text }) => text.length));
          const ids = new Int32Array(samples.length * width);
          for (const [i, { text }] of samples.entries()) {
            for (let k = 0; k < text.length; k++) ids[i * width + k] = text.charCodeAt(k) - 96;
          }
          const numbers = Float32Array.of(seed, epoch, ...Array.from(indices));
          return [
            { data: ids, shape: [samples.length, width] },
            { data: Uint8Array.from(samples, ({ label }) => label), shape: [samples.length] },
            { data: numbers, shape: [numbers.length] },
          ];
        },
      });
      loader.setEpoch(1, batch);
      const found: unknown[] = [];
      for await (const [ids, labels, numbers] of loader) {
        expect([ids.dtype, labels.dtype, numbers.dtype]).toEqual(['i32', 'i32', 'f32']);
        found.push([await ids.array(), await labels.array(), await numbers.array()]);
      }
      return found;
    };
    const all = await read(0);
    expect(all[0]).toEqual([
      [
        [1, 0, 0, 0],
        [12, 9, 19, 20],
      ],
      [0, 1],
      [8, 1, 0, 1],
    ]);
    expect(all).toHaveLength(3);
    expect(await read(1)).toEqual(all.slice(1));
    const transform = new Normalize([0], [1]);
    expect(() => new DataLoader(texts, { collateFn: () => [], transform })).toThrow(
      /collateFn takes samples as they are/,
    );
    const broken = new DataLoader(texts, { collateFn: () => 3 as never });
    await expect(broken[Symbol.asyncIterator]().next()).rejects.toThrow(/collateFn gives an array/);
  });

  test('left by break, reports where it stood, keeps that batch, and begins the epoch again', async () => {
    const left = loader({ shuffle: true, seed: 3 });
    let kept: Tensor | null = null;
    for await (const [, y] of left) {
      kept = y;
      if (left.state.batch === 2) break;
    }
    expect(left.state).toEqual({ epoch: 0, batch: 2 });
    expect(await kept?.data()).toHaveLength(4);
    expect(await labels(left)).toEqual(await labels(loader({ shuffle: true, seed: 3 })));
  });

  test('frees a batch when the one after the next is asked for', async () => {
    const seen: Tensor[] = [];
    for await (const [x] of loader({ batchSize: 2 })) {
      seen.push(x);
      const freed = seen.map((one) => one.storage.isFreed);
      expect(freed).toEqual(seen.map((_, i) => i < seen.length - 2));
    }
    expect(seen.every((one) => one.storage.isFreed)).toBe(true);
  });

  test('scales and normalises pictures', async () => {
    const pictures = synthetic({ split: 'train', count: 3 });
    const transform = new Normalize([0.5, 0.4, 0.3], [0.2, 0.25, 0.3]);
    for await (const [x, y] of new DataLoader(pictures, { batchSize: 3, transform })) {
      expect(x.shape).toEqual([3, 3, 32, 32]);
      expect([...(await y.data())]).toEqual([...pictures.labels]);
      const values = await x.data();
      for (const i of [0, 1024, 2048, 3072, 9215]) {
        const channel = Math.floor(i / 1024) % 3;
        const want = ((pictures.images[i] ?? 0) / 255 - (transform.mean[channel] ?? 0)) / (transform.std[channel] ?? 0);
        expect(values[i]).toBeCloseTo(want, 5);
      }
    }
  });

  test('holds memory flat, in steps that nobody awaits', async () => {
    const pictures = synthetic({ split: 'train', count: 120 });
    const many = new DataLoader(pictures, { batchSize: 4 });
    const watch = watchBuffers(device());
    const work = (x: Tensor): Tensor => step(() => matmul(reshape(x, [4, 3072]), reshape(x, [3072, 4])));
    // How many results are under way at a time is the machine's: here are as many as there can be, for nothing comes meanwhile.
    const any = zeros([4, 3072]);
    for (let i = 0; i < 3 * many.length; i++) work(any);
    let early = watch.live();
    for (let epoch = 0; epoch < 3; epoch++) {
      for await (const [x] of many) {
        work(x);
        if (epoch === 1 && many.state.batch === 10) early = watch.live();
      }
    }
    expect(watch.live()).toEqual(early);
    watch.stop();
  });

  describe.each([0, 1, 3])('reading %i batches ahead', (prefetch) => {
    /** A data set whose samples come late, the later ones sooner. */
    function slow(options: DataLoaderOptions = {}) {
      const asked: number[] = [];
      const get = async (index: number) => {
        asked.push(index);
        await new Promise((resolve) => setTimeout(resolve, 2 * (count - index)));
        if (index === broken) throw new Error(`no picture ${index}`);
        return data.get(index);
      };
      const [broken, dataset] = [options.seed, { length: count, get }];
      return { asked, loader: new DataLoader(dataset, { batchSize: 2, prefetch, ...options }) };
    }

    test('asks for what is promised while a batch is worked on, and gives it in order', async () => {
      const { asked, loader } = slow();
      const found: number[][] = [];
      for await (const [, y] of loader) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        expect(asked).toHaveLength(Math.min(count, 2 * (found.length + 1 + prefetch)));
        found.push([...(await y.data())]);
      }
      expect(found).toEqual([
        [0, 1],
        [2, 3],
        [4, 5],
        [6, 7],
        [8, 9],
      ]);
    });

    test('throws where the broken batch is asked for', async () => {
      const found: number[] = [];
      const read = async () => {
        for await (const [, y] of slow({ seed: 5 }).loader) found.push(...(await y.data()));
      };
      await expect(read()).rejects.toThrow('no picture 5');
      expect(found).toEqual([0, 1, 2, 3]);
    });

    test('frees what was read ahead when left by break', async () => {
      const watch = watchBuffers(device());
      const before = watch.live();
      for await (const [x, y] of slow().loader) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        x.dispose();
        y.dispose();
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(watch.live()).toEqual(before);
      watch.stop();
    });
  });

  test('throws what the data set throws where the batch is asked for', async () => {
    const broken = {
      length: 4,
      get: (index: number) => {
        if (index === 2) throw new Error('no picture 2');
        return data.get(index);
      },
    };
    const read = async () => {
      for await (const [x] of new DataLoader(broken, { batchSize: 2 })) await x.data();
    };
    await expect(read()).rejects.toThrow('no picture 2');
    expect(() => loader({ batchSize: 0 })).toThrow(/batchSize is 0, wants a whole number from 1 on/);
    expect(() => loader({ prefetch: -1 })).toThrow(/prefetch is -1, wants a whole number from 0 on/);
  });
});
