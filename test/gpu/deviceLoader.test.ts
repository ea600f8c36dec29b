/** Batches that the GPU makes have the bits of those that the host makes, random crop and flip among them. */
import { describe, expect, test } from 'vitest';
import { ImageDataset, type ImageSample } from '../../src/data/dataset.js';
import { RandomErasing } from '../../src/data/erasing.js';
import { RandomResizedCrop } from '../../src/data/geometry.js';
import { DataLoader, type DataLoaderOptions } from '../../src/data/loader.js';
import { resident } from '../../src/data/resident.js';
import type { Dataset } from '../../src/data/sample.js';
import { WeightedRandomSampler } from '../../src/data/sampler.js';
import { Subset } from '../../src/data/subset.js';
import { Compose, Cutout, Normalize, RandomCrop, RandomHorizontalFlip } from '../../src/data/transforms.js';
import { AUGMENTATION, CUTOUT } from '../../src/kernels/batch.js';
import { streamStats } from '../../src/stream/stream.js';
import { Domain, philox } from '../../src/tensor/philox.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { augmented, epochOf, normalise, type Picture, pictures, standard } from '../support/pictures.js';

/** The same samples, as a data set that the loader does not know. */
const onHost = (data: ImageDataset): Dataset<ImageSample> => ({ length: data.length, get: (i) => data.get(i) });

describe('batches made by the GPU', () => {
  const small: Picture = [3, 5, 7];
  const crop = new RandomCrop([4, 6], { padding: 1 });
  test.each<[string, Picture, DataLoaderOptions]>([
    ['bytes alone', [3, 32, 32], {}],
    ['normalised and shuffled', [3, 32, 32], { transform: normalise, shuffle: true }],
    ['without the last, smaller batch', [3, 32, 32], { transform: normalise, dropLast: true }],
    ['of one channel and odd size', [1, 5, 7], { transform: new Normalize([0.1], [0.3]), shuffle: true }],
    ['cropped, flipped, normalised', [3, 32, 32], { transform: standard, shuffle: true }],
    ['flipped', small, { transform: new RandomHorizontalFlip(0.3), shuffle: true }],
    ['always flipped', small, { transform: new RandomHorizontalFlip(1) }],
    ['never flipped', small, { transform: new RandomHorizontalFlip(0) }],
    ['cropped to another size', small, { transform: crop, shuffle: true }],
    ['cropped to a larger size', small, { transform: new RandomCrop([9, 10], { padding: 3 }) }],
    ['flipped, then cropped', small, { transform: new Compose([new RandomHorizontalFlip(), crop]) }],
    ['normalised before the padding', small, { transform: new Compose([normalise, crop, normalise]) }],
    ['of many rows', [2, 70, 8], { transform: new RandomCrop([65, 7], { padding: 1 }) }],
    ['of many rows, flipped', [2, 70, 8], { transform: new RandomHorizontalFlip() }],
    ['cut out', small, { transform: new Cutout(3), shuffle: true }],
    ['cut out of aligned rows, at times', [3, 32, 32], { transform: new Cutout(7, { p: 0.5 }) }],
    ['cut out of many rows', [2, 70, 8], { transform: new Cutout(20) }],
    ['augmented: crop, flip, normalise, cutout', [3, 32, 32], { transform: augmented, shuffle: true }],
    ['cut out before normalising', small, { transform: new Compose([crop, new Cutout(2), normalise]) }],
    [
      'drawn by weight, again and again',
      [3, 32, 32],
      { transform: augmented, sampler: new WeightedRandomSampler([0, 9, 1, 0, 5, 0, 0, 0, 0, 0, 2, 0, 4], 13) },
    ],
    ['over three bindings', [3, 8, 8], { transform: standard.transforms[2] as Normalize, bindingBytes: 1024 }],
    ['over two bindings, cropped', small, { transform: crop, bindingBytes: 1024, shuffle: true }],
  ])('%s: bit for bit those of the host', async (_, shape, options) => {
    const data = pictures(13, shape);
    const all = { batchSize: 4, seed: 2 ** 33 + 5, ...options };
    const [made, wanted] = [new DataLoader(data, all), new DataLoader(onHost(data), all)];
    const first = await epochOf(made);
    expect(first.length).toBe(options.dropLast ? 3 : 4);
    expect(first).toEqual(await epochOf(wanted));
    expect(await epochOf(made)).toEqual(await epochOf(wanted));
    const before = streamStats().dispatches;
    await epochOf(made);
    expect(streamStats().dispatches - before).toBe(first.length);
  });

  test('go on at an exact batch', async () => {
    const options = { batchSize: 3, shuffle: true, seed: 1, transform: standard };
    const data = pictures(10);
    const whole = new DataLoader(data, options);
    await epochOf(whole);
    const epoch = await epochOf(whole);
    const resumed = new DataLoader(data, options);
    resumed.setEpoch(1, 2);
    expect(await epochOf(resumed)).toEqual(epoch.slice(2));
    expect(resumed.state).toEqual({ epoch: 2, batch: 0 });
  });

  test('by break: the batch stays as it is, and the epoch begins again', async () => {
    const data = pictures(8);
    const loader = new DataLoader(data, { batchSize: 2, shuffle: true, seed: 1 });
    const [, second] = await epochOf(new DataLoader(data, { batchSize: 2, shuffle: true, seed: 1 }));
    let left: Tensor | null = null;
    for await (const [x] of loader) {
      left = x;
      if (loader.state.batch === 2) break;
    }
    expect(loader.state).toEqual({ epoch: 0, batch: 2 });
    expect((await epochOf(loader))[1]).toEqual(second);
    const values = (await left?.data()) ?? new Float32Array();
    expect(new Uint32Array(values.buffer)).toEqual(second?.x);
  });

  test('read by loaders at the same time, over one upload and a part of it', async () => {
    const data = pictures(9);
    const part = data.first(5);
    const wanted = [
      await epochOf(new DataLoader(onHost(data), { batchSize: 3 })),
      await epochOf(new DataLoader(onHost(part), { batchSize: 3 })),
    ];
    const [one, two] = [new DataLoader(data, { batchSize: 3 }), new DataLoader(part, { batchSize: 3 })];
    expect(await Promise.all([epochOf(one), epochOf(two)])).toEqual(wanted);
    expect(await Promise.all([epochOf(one), epochOf(one)])).toEqual([wanted[0], wanted[0]]);
    expect(resident(part.images)).toBe(resident(data.images));
  });

  test('are those of a subset, and of views that begin inside of what is uploaded or askew', async () => {
    const data = pictures(9, [3, 8, 8]);
    const options = { batchSize: 2, shuffle: true, seed: 1, transform: new RandomHorizontalFlip() };
    const sampler = new WeightedRandomSampler([1, 1], 9);
    const [part, host] = [data, onHost(data)].map((one) => new Subset(one, [7, 2]));
    const sampled = { ...options, shuffle: false, sampler };
    expect(await epochOf(new DataLoader(part as Subset<ImageSample>, sampled))).toEqual(
      await epochOf(new DataLoader(host as Subset<ImageSample>, sampled)),
    );
    const chosen = new Subset(new Subset(data, [8, 1, 4, 6, 3]), [4, 0, 1]);
    expect(await epochOf(new DataLoader(chosen, options))).toEqual(
      await epochOf(new DataLoader(new Subset(onHost(data), [3, 8, 1]), options)),
    );
    const { images, labels } = data;
    const shifted = Uint8Array.of(0, ...images).subarray(1);
    for (const bytes of [images.subarray(3 * 192), shifted.subarray(3 * 192)]) {
      const view = new ImageDataset(bytes, labels.subarray(3), [], 'view', false, [3, 8, 8]);
      expect(await epochOf(new DataLoader(view, options))).toEqual(
        await epochOf(new DataLoader(onHost(view), options)),
      );
    }
    expect(resident(images.subarray(3 * 192))).toBe(resident(images));
  });

  test('are made by the host where a transform is one’s own or the pictures exceed the bindings', async () => {
    const data = pictures(4);
    const own = { apply: (values: Float32Array) => void values.fill(3) };
    for (const transform of [new RandomErasing({ p: 1 }), new Compose([new RandomResizedCrop(9), normalise])]) {
      const options = { batchSize: 2, seed: 3, transform };
      const found = await epochOf(new DataLoader(data, options));
      expect(found).toEqual(await epochOf(new DataLoader(onHost(data), options)));
      expect(found).not.toEqual(await epochOf(new DataLoader(data, { ...options, seed: 4 })));
    }
    for await (const [x] of new DataLoader(data, { batchSize: 4, transform: own })) {
      expect((await x.data()).every((value) => value === 3)).toBe(true);
    }
    expect(await epochOf(new DataLoader(data, { bindingBytes: 256, batchSize: 4 }))).toEqual(
      await epochOf(new DataLoader(onHost(data), { batchSize: 4 })),
    );
  });

  test('come again after the data set was disposed of', async () => {
    using data = pictures(4);
    const loader = new DataLoader(data, { batchSize: 4 });
    const before = await epochOf(loader);
    data.dispose();
    expect(await epochOf(loader)).toEqual(before);
    const cut = async () => {
      for await (const _ of new DataLoader(data, { batchSize: 1 })) data.dispose();
    };
    await expect(cut()).rejects.toThrow(/disposed of while it is iterated over/);
  });
});

describe('random crop and flip', () => {
  test('are functions of seed, epoch and sample', async () => {
    expect([AUGMENTATION, CUTOUT]).toEqual([Domain.augmentation, Domain.cutout]);
    const [size, padding, seed] = [32, 4, 7];
    const data = pictures(40);
    const transform = new Compose([new RandomCrop(size, { padding }), new RandomHorizontalFlip(0.5)]);
    const loader = new DataLoader(data, { batchSize: 16, transform, seed });
    const corners = new Set<string>();
    let flips = 0;
    for (const epoch of [0, 1]) {
      let sample = 0;
      for (const { x } of await epochOf(loader)) {
        const values = new Float32Array(x.buffer);
        for (let i = 0; i < values.length / 3072; i++, sample++) {
          const [high = 0, wide = 0, word = 0] = philox([seed, 0], [sample, epoch, 0, Domain.augmentation]);
          const [top, left] = [high, wide].map((bits) => Number((BigInt(bits) * 9n) >> 32n)) as [number, number];
          const flipped = word < 2 ** 31;
          corners.add(`${top},${left}`);
          if (flipped) flips++;
          const wrong = Array.from({ length: 3072 }, (_, k) => k).filter((k) => {
            const [plane, y, column] = [Math.floor(k / 1024), Math.floor(k / 32) % 32, k % 32];
            const row = y + top - padding;
            const col = (flipped ? 31 - column : column) + left - padding;
            const inside = row >= 0 && row < 32 && col >= 0 && col < 32;
            const byte = inside ? data.images[sample * 3072 + plane * 1024 + row * 32 + col] : 0;
            return values[i * 3072 + k] !== Math.fround((byte ?? 0) / 255);
          });
          expect(wrong, `sample ${sample} of epoch ${epoch}`).toEqual([]);
        }
      }
    }
    expect(corners.size).toBeGreaterThan(40);
    expect(flips).toBeGreaterThan(20);
    expect(flips).toBeLessThan(60);
  });

  test.each([
    ['crop and flip', standard],
    ['cutout', new Cutout(9)],
  ])('differ from epoch to epoch and by seed, and repeat: %s', async (_, transform) => {
    const data = pictures(6);
    const options = { batchSize: 6, transform, seed: 3 };
    const loader = new DataLoader(data, options);
    const epochs = [await epochOf(loader), await epochOf(loader)];
    expect(epochs[0]).not.toEqual(epochs[1]);
    const again = new DataLoader(data, options);
    expect([await epochOf(again), await epochOf(again)]).toEqual(epochs);
    expect(await epochOf(new DataLoader(data, { ...options, seed: 4 }))).not.toEqual(epochs[0]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a crop too large', () => new RandomCrop(9), /9×9.*larger than the picture, 8×8.*take a smaller crop/],
    ['a padding that does not do', () => new RandomCrop([8, 11], { padding: 1 }), /10×10 with its padding of 1/],
    ['a size of nothing', () => new RandomCrop(0), /size is 0, wants a whole number from 1/],
    ['half a pixel', () => new RandomCrop(4, { padding: 0.5 }), /padding is a whole number/],
    ['a probability above 1', () => new RandomHorizontalFlip(1.5), /p is a probability from 0 to 1, not 1.5/],
    ['a mean too few', () => new Normalize([0, 0], [1, 1]), /2 means for a picture of shape \[3,8,8\]/],
  ])('refuses %s', (_, make, message) => {
    const data = pictures(1, [3, 8, 8]);
    expect(() => new DataLoader(data, { transform: make() as Normalize })).toThrow(message);
  });
});
