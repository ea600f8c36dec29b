import { describe, expect, it } from 'vitest';
import { collate } from './collate.js';
import { TensorDataset } from './dataset.js';
import type { Draw } from './draws.js';
import { Compose, Cutout, Normalize, RandomCrop, RandomHorizontalFlip, type Transform } from './transforms.js';

const draw = { seed: 1, epoch: 0, sample: 0, stream: 0 };
const shape = [1, 2, 3];
const picture = () => Float32Array.of(1, 2, 3, 4, 5, 6);
const samples = Array.from({ length: 300 }, (_, sample) => ({ ...draw, sample }));

describe('RandomHorizontalFlip', () => {
  it('mirrors rows with its probability', () => {
    const flipped = samples.filter((one) => {
      const values = picture();
      new RandomHorizontalFlip(0.25).apply(values, shape, one);
      expect([picture(), Float32Array.of(3, 2, 1, 6, 5, 4)]).toContainEqual(values);
      return values[0] === 3;
    });
    expect(flipped.length).toBeGreaterThan(45);
    expect(flipped.length).toBeLessThan(105);
  });

  it('twice in a Compose draws twice', () => {
    const twice = new Compose([new RandomHorizontalFlip(), new RandomHorizontalFlip()]);
    const firsts = new Set(samples.map((one) => twice.reshape(picture(), shape, one).data[0]));
    expect(firsts).toEqual(new Set([1, 3]));
  });
});

describe('RandomCrop', () => {
  it('takes every part of the padded picture', () => {
    const crop = new RandomCrop([2, 2], { padding: 1 });
    const found = new Set(samples.map((one) => String(crop.reshape(picture(), shape, one).data)));
    const padded = [
      [0, 0, 0, 0, 0],
      [0, 1, 2, 3, 0],
      [0, 4, 5, 6, 0],
      [0, 0, 0, 0, 0],
    ];
    const wanted = [0, 1, 2].flatMap((top) =>
      [0, 1, 2, 3].map((left) => String([0, 1].flatMap((i) => padded[top + i]?.slice(left, left + 2)))),
    );
    expect([...found].sort()).toEqual([...new Set(wanted)].sort());
  });
});

describe('Cutout', () => {
  const shape = [2, 4, 5];
  const holes = (cutout: Cutout) =>
    samples.map((one) => {
      const values = new Float32Array(40).fill(1);
      cutout.apply(values, shape, one);
      expect(values.subarray(0, 20)).toEqual(values.subarray(20));
      return [...values.subarray(0, 20)].flatMap((value, i) => (value === 0 ? [i] : []));
    });

  it('takes every square whose middle lies in the picture, cut off at its border', () => {
    const wanted = Array.from({ length: 20 }, (_, middle) => {
      const [row, column] = [Math.floor(middle / 5), middle % 5];
      const near = (i: number) => Math.abs(Math.floor(i / 5) - row) < 2 && Math.abs((i % 5) - column) < 2;
      return String([...Array(20).keys()].filter(near));
    });
    expect(new Set(holes(new Cutout(3)).map(String))).toEqual(new Set(wanted));
  });

  it('happens with its probability, and draws apart from a flip', () => {
    const cut = holes(new Cutout(2, { p: 0.25 })).filter((hole) => hole.length > 0).length;
    expect(cut).toBeGreaterThan(45);
    expect(cut).toBeLessThan(105);
    expect(holes(new Cutout(2, { p: 0 })).flat()).toEqual([]);
    const flipped = samples.map((one) => {
      const values = picture();
      new RandomHorizontalFlip(0.25).apply(values, [1, 2, 3], one);
      return values[0] === 3;
    });
    expect(holes(new Cutout(2, { p: 0.25 })).map((hole) => hole.length > 0)).not.toEqual(flipped);
  });

  it('refuses what is no size or probability', () => {
    expect(() => new Cutout(0)).toThrow(/size is a whole number of pixels, 1 or more, not 0/);
    expect(() => new Cutout(2, { p: 2 })).toThrow(/Cutout: p is a probability/);
  });
});

describe('Compose', () => {
  it('runs one after the other, those of a Compose inside too, on data that the host holds', () => {
    const data = new TensorDataset({
      data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
      shape: [2, 1, 2, 3],
    });
    const seen: Draw[] = [];
    const spy: Transform = { apply: (_, __, given) => void seen.push(given) };
    const inner = new Compose([new RandomCrop([2, 5], { padding: 1 }), spy]);
    const all = new Compose([new Normalize([1], [2]), inner, spy]);
    expect(all.transforms).toHaveLength(4);
    const [batch] = collate([data.get(1), data.get(0)], all, { seed: 3, epoch: 2, indices: [1, 0] });
    expect(batch?.shape).toEqual([2, 1, 2, 5]);
    expect([...(batch?.data ?? [])].filter((value) => value !== 0).every((value) => (2 * value) % 1 === 0)).toBe(true);
    expect(seen).toEqual([
      { seed: 3, epoch: 2, sample: 1, stream: 0 },
      { seed: 3, epoch: 2, sample: 1, stream: 1 },
      { seed: 3, epoch: 2, sample: 0, stream: 0 },
      { seed: 3, epoch: 2, sample: 0, stream: 1 },
    ]);
  });

  it('refuses what is no picture', () => {
    const rows = { data: new Float32Array(4), shape: [4] };
    expect(() => collate([[rows]], new RandomHorizontalFlip())).toThrow(
      /wants pictures \[channels, height, width\].*\[4\]/,
    );
  });
});
