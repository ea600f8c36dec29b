/** Products and convolutions as plain loops, and the shapes that tests hold kindling's against them on. */
import { type Conv2dShape, conv2dOutput } from '../../src/kernels/conv2d/shape.js';
import { at, build, get, type Plain, values } from './agree.js';

export const sum = (count: number, term: (k: number) => number): number => {
  let total = 0;
  for (let k = 0; k < count; k++) total += term(k);
  return total;
};

/** torch.matmul of two arrays of two or more dimensions. */
export function product(a: Plain, b: Plain): Plain {
  const rank = Math.max(a.shape.length, b.shape.length);
  const batch = Array.from({ length: rank - 2 }, (_, d) =>
    Math.max(a.shape[d - rank + a.shape.length] ?? 1, b.shape[d - rank + b.shape.length] ?? 1),
  );
  const [m, length, n] = [
    at(a.shape, a.shape.length - 2),
    at(a.shape, a.shape.length - 1),
    at(b.shape, b.shape.length - 1),
  ];
  return build([...batch, m, n], (...c) => {
    const [i, j, outer] = [at(c, rank - 2), at(c, rank - 1), c.slice(0, -2)];
    return sum(length, (k) => get(a, ...outer, i, k) * get(b, ...outer, k, j));
  });
}

export const shapeOf = (given: Partial<Conv2dShape>): Conv2dShape => ({
  ...{ n: 1, c: 1, h: 5, w: 6, o: 1, kh: 3, kw: 3, strideH: 1, strideW: 1, padH: 0, padW: 0 },
  ...{ dilationH: 1, dilationW: 1, groups: 1 },
  ...given,
});

/** Calls `pair` with the places in y, weight and x of every product that the formula adds up. */
export function everyProduct(s: Conv2dShape, pair: (y: number, weight: number, x: number) => void): void {
  const { oh, ow } = conv2dOutput(s);
  const cg = s.c / s.groups;
  for (let place = 0; place < s.n * s.o * oh * ow; place++) {
    const [j, i] = [place % ow, Math.floor(place / ow) % oh];
    const [o, n] = [Math.floor(place / (ow * oh)) % s.o, Math.floor(place / (ow * oh * s.o))];
    for (let tap = 0; tap < cg * s.kh * s.kw; tap++) {
      const [kx, ky, c] = [tap % s.kw, Math.floor(tap / s.kw) % s.kh, Math.floor(tap / (s.kw * s.kh))];
      const y = i * s.strideH - s.padH + ky * s.dilationH;
      const x = j * s.strideW - s.padW + kx * s.dilationW;
      if (y < 0 || y >= s.h || x < 0 || x >= s.w) continue;
      const channel = Math.floor(o / (s.o / s.groups)) * cg + c;
      pair(place, o * cg * s.kh * s.kw + tap, ((n * s.c + channel) * s.h + y) * s.w + x);
    }
  }
}

export function convolution(s: Conv2dShape, x: Plain, weight: Plain, bias: Plain): Plain {
  const { oh, ow } = conv2dOutput(s);
  const exact = build([s.n, s.o, oh, ow], (_, o = 0) => get(bias, o));
  const data = [...exact.data];
  everyProduct(s, (y, w, v) => {
    data[y] = at(data, y) + at(weight.data, w) * at(x.data, v);
  });
  return { ...exact, data };
}

export const CONVOLUTIONS: readonly Conv2dShape[] = [
  shapeOf({ n: 2, c: 3, o: 4 }),
  shapeOf({ n: 2, c: 2, o: 3, kh: 2, kw: 1, strideH: 2, padW: 1 }),
  shapeOf({ c: 2, o: 2, strideW: 2, padH: 1, padW: 2, dilationH: 2, groups: 2 }),
  shapeOf({ c: 4, o: 6, h: 4, w: 4, kh: 2, kw: 2, strideH: 2, strideW: 3, padH: 1, padW: 1, dilationW: 2, groups: 2 }),
  shapeOf({ n: 3, c: 5, o: 2, h: 2, w: 3, kh: 1, kw: 1 }),
  // Taps that fall beside the image for every output, and images enough to be taken together.
  shapeOf({ c: 2, o: 2, h: 4, w: 2, kw: 5, padH: 2, padW: 2, strideH: 2 }),
  shapeOf({ n: 17, c: 2, o: 3, h: 5, w: 5, padH: 1, padW: 1, strideH: 2, strideW: 2 }),
  // Whole vec4 of weights.
  shapeOf({ n: 2, c: 4, o: 5, h: 6, w: 5, padH: 1 }),
  // Of all that one tap reads, with a group and with two.
  shapeOf({ n: 2, c: 8, o: 36, h: 2, w: 6, kh: 1, kw: 1 }),
  shapeOf({ n: 2, c: 8, o: 4, h: 2, w: 6, kh: 1, kw: 1, groups: 2 }),
  // Phases whose channels are whole slices, and fewer pixels than a stride.
  shapeOf({ n: 2, c: 3, o: 16, h: 5, w: 5, strideH: 2, strideW: 2, padH: 1 }),
  shapeOf({ n: 2, c: 2, o: 3, h: 5, w: 1, kw: 1, strideH: 3, strideW: 2 }),
];
export const operands = (s: Conv2dShape): [Plain, Plain, Plain] => [
  values([s.n, s.c, s.h, s.w]),
  values([s.o, s.c / s.groups, s.kh, s.kw]),
  values([s.o]),
];
