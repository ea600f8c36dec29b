import { describe, expect, it } from 'vitest';
import { close, draw, draws } from '../../test/support/augment.js';
import { Generator } from '../tensor/generator.js';
import { RandomResizedCrop, RandomRotation } from './geometry.js';
import { resizePart } from './resize.js';

/** A generator whose next numbers are given: `integer(n)` gives n − 1. */
function scripted(...uniforms: number[]): Generator & { asked: number[] } {
  const asked: number[] = [];
  const integer = (n: number): number => asked.push(n) && n - 1;
  return { uniform: () => uniforms.shift() ?? 0.5, integer, asked } as unknown as Generator & { asked: number[] };
}

describe('RandomResizedCrop', () => {
  // Image.new('F', (9, 7)); putdata([(37 * i + 11 * i * i) % 256 / 255 …]); crop(…).resize(…, Image.BILINEAR), PIL 9.4.
  it.each<[[number, number, number, number], [number, number], number[]]>([
    [
      [1, 2, 4, 6],
      [3, 5],
      [
        ...[0.656527, 0.747395, 0.361176, 0.537647, 0.423473, 0.266947, 0.633894, 0.609804, 0.37395, 0.5],
        ...[0.52521, 0.666275, 0.452157, 0.607115, 0.672213],
      ],
    ],
    [
      [0, 0, 7, 9],
      [3, 4],
      [
        ...[0.460424, 0.638724, 0.474346, 0.554702, 0.468123, 0.537564, 0.510389, 0.605859, 0.57583, 0.75096],
        ...[0.439995, 0.492245],
      ],
    ],
    [
      [2, 1, 3, 3],
      [5, 4],
      [
        ...[0.258824, 0.146078, 0.419608, 0.988235, 0.450196, 0.280588, 0.335294, 0.596078, 0.737255, 0.482353],
        ...[0.208824, 0.007843, 0.398431, 0.434706, 0.510588, 0.600784, 0.172549, 0.402941, 0.711765, 0.996078],
      ],
    ],
    [[6, 8, 1, 1], [2, 2], Array(4).fill(0.133333)],
  ])('box %j to %j gives what PIL gives of floats, in every channel', ([top, left, height, width], size, wanted) => {
    const plane = Array.from({ length: 63 }, (_, i) => ((37 * i + 11 * i * i) % 256) / 255);
    const two = Float32Array.from([...plane, ...plane.map((value) => 1 - value)]);
    const found = resizePart(two, [2, 7, 9], { top, left, height, width }, size);
    close(found, [...wanted, ...wanted.map((value) => 1 - value)]);
  });

  // torchvision's get_params with these uniform numbers, in Python.
  it.each([
    [0.5, 0.5, 20, 20],
    [0.25, 0.75, 14, 16],
    [0, 0, 9, 7],
  ])('area by %d and ratio by %d take %d rows and %d columns of 24×30', (area, ratio, height, width) => {
    const random = scripted(area, ratio);
    const box = new RandomResizedCrop(8).box(24, 30, random);
    expect(box).toEqual({ top: 24 - height, left: 30 - width, height, width });
    expect(random.asked).toEqual([24 - height + 1, 30 - width + 1]);
  });

  it('draws again where a box does not fit, and takes the middle after ten', () => {
    const crop = new RandomResizedCrop(8);
    expect(crop.box(24, 30, scripted(0.9375, 0.125, 0.5, 0.5))).toMatchObject({ height: 20, width: 20 });
    const whole = new RandomResizedCrop(8, { scale: [1, 1] });
    expect(whole.box(10, 100, scripted())).toEqual({ top: 0, left: 43, height: 10, width: 13 });
    expect(whole.box(100, 10, scripted())).toEqual({ top: 43, left: 0, height: 13, width: 10 });
  });

  it('stays in its ranges, and gives pictures of its size', () => {
    const crop = new RandomResizedCrop([2, 3], { scale: [0.2, 0.5], ratio: [0.5, 2] });
    const found = draws.map((one) => crop.reshape(Float32Array.from({ length: 192 }, Math.random), [3, 8, 8], one));
    for (const { data, shape } of found) {
      expect(shape).toEqual([3, 2, 3]);
      expect(data).toHaveLength(18);
    }
    const boxes = draws.map(({ sample }) => crop.box(40, 50, new Generator(sample)));
    const areas = boxes.map(({ height, width }) => (height * width) / 2000);
    expect(Math.min(...areas)).toBeGreaterThan(0.19);
    expect(Math.min(...areas)).toBeLessThan(0.22);
    expect(Math.max(...areas)).toBeLessThan(0.52);
    expect(Math.max(...areas)).toBeGreaterThan(0.47);
    const high = boxes.filter(({ height, width }) => height > width).length;
    expect(high).toBeGreaterThan(140);
    expect(high).toBeLessThan(260);
  });
});

describe('RandomRotation', () => {
  const numbers = (length: number) => Float32Array.from({ length }, (_, i) => i + 1);

  // Image.new('F', (7, 5)); putdata([1, 2, …]); rotate(degrees, Image.NEAREST, fillcolor=-1), PIL 9.4.
  it.each<[number, number[]]>([
    [
      90,
      [
        ...[-1, 6, 13, 20, 27, 34, -1, -1, 5, 12, 19, 26, 33, -1, -1, 4, 11, 18, 25, 32, -1],
        ...[-1, 3, 10, 17, 24, 31, -1, -1, 2, 9, 16, 23, 30, -1],
      ],
    ],
    [
      33,
      [
        ...[-1, -1, 4, 5, 13, 14, -1, 2, 3, 11, 12, 19, 20, 28, 1, 9, 10, 18, 26, 27, 35],
        ...[8, 16, 17, 24, 25, 33, 34, -1, 22, 23, 31, 32, -1, -1],
      ],
    ],
    [
      -47.5,
      [
        ...[-1, 15, 9, 10, 3, -1, -1, 29, 23, 17, 10, 11, 5, -1, 30, 24, 24, 18, 12, 12, 6],
        ...[-1, 31, 25, 26, 19, 13, 7, -1, -1, 33, 26, 27, 21, -1],
      ],
    ],
  ])('by %d° gives the pixels of PIL', (degrees, wanted) => {
    const values = Float32Array.from([...numbers(35), ...numbers(35)]);
    new RandomRotation(0, { fill: [-1, 0] }).turn(values, [2, 5, 7], degrees);
    expect([...values]).toEqual([...wanted, ...wanted.map((value) => Math.max(0, value))]);
  });

  it('bilinear gives what torchvision makes of tensors, at the border too', () => {
    // _gen_affine_grid and _apply_grid_transform, written out in Python.
    const wanted = [0.558797, 2.063885, 4.968911, 3.852264, 2.200962, 5.066987, 7.933013, 10.799038];
    const values = numbers(12);
    new RandomRotation(0, { interpolation: 'bilinear', fill: 0.5 }).turn(values, [1, 3, 4], 30);
    close(values, [...wanted, 2.834292, 8.031089, 8.210484, 1.973903]);
  });

  it('by 0° changes nothing; by ±degrees turns both ways', () => {
    const values = numbers(12);
    new RandomRotation(0, { interpolation: 'bilinear' }).apply(values, [1, 3, 4], draw);
    expect(values).toEqual(numbers(12));
    const ways = draws.map((one) => {
      const values = numbers(9);
      new RandomRotation(45).apply(values, [1, 3, 3], one);
      return String(values);
    });
    expect(new Set(ways)).toContain(String(numbers(9)));
    expect(new Set(ways).size).toBeGreaterThan(2);
    const only = new RandomRotation([90, 90]);
    const square = numbers(9);
    only.apply(square, [1, 3, 3], draw);
    expect([...square]).toEqual([3, 6, 9, 2, 5, 8, 1, 4, 7]);
  });
});
