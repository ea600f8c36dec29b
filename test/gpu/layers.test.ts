/** Pooling and normalisation against plain JavaScript. */
import { tensor, zeros } from 'kindling';
import * as F from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { maxPoolGradKernel } from '../../src/kernels/pool.js';
import { launch } from '../../src/tensor/launch.js';
import {
  agree,
  alongRows,
  at,
  build,
  close,
  distinct,
  get,
  type Plain,
  plain,
  sizeOf,
  toTensor,
  total,
  values,
} from '../support/agree.js';

/** A window over rows i·s − p + 0, d, 2d … of h, and columns alike: the elements inside the image. */
function windowOf(
  x: Plain,
  [n, c, i, j]: readonly number[],
  k: readonly number[],
  s: number,
  p: number,
  d: number,
): number[] {
  const found: number[] = [];
  for (let y = at([i ?? 0], 0) * s - p, a = 0; a < at(k, 0); a++, y += d) {
    for (let z = (j ?? 0) * s - p, b = 0; b < at(k, 1); b++, z += d) {
      if (y >= 0 && y < at(x.shape, 2) && z >= 0 && z < at(x.shape, 3)) found.push(get(x, n ?? 0, c ?? 0, y, z));
    }
  }
  return found;
}

test.each([
  [[2, 2, 6, 5], [2, 2], 2, 0, 1],
  [[1, 3, 5, 7], [3, 2], 2, 1, 1],
  [[2, 1, 5, 5], [3, 3], 1, 1, 1],
  [[1, 2, 7, 8], [2, 3], 3, 0, 2],
  // Windows side by side: without a remainder, with a remainder of rows, of columns, and of more than one.
  [[2, 3, 4, 6], [2, 2], 2, 0, 1],
  [[2, 2, 7, 4], [2, 2], 2, 0, 1],
  [[1, 2, 8, 11], [3, 3], 3, 0, 1],
] as const)(
  'pooling of %j by %j, stride %d, padding %d, dilation %d',
  async (shape, kernelSize, stride, padding, dilation) => {
    const out = (d: 0 | 1): number =>
      Math.floor((shape[d + 2 === 2 ? 2 : 3] + 2 * padding - dilation * (kernelSize[d] - 1) - 1) / stride) + 1;
    const pooled =
      (f: (window: number[]) => number) =>
      (x: Plain): Plain =>
        build([shape[0], shape[1], out(0), out(1)], (...c) => f(windowOf(x, c, kernelSize, stride, padding, dilation)));
    const options = { kernelSize, stride, padding } as const;
    await agree(
      (x) => F.maxPool2d(x, { ...options, dilation }),
      pooled((window) => Math.max(...window)),
      [distinct(shape)],
    );
    if (dilation > 1) return;
    const size = kernelSize[0] * kernelSize[1];
    await agree(
      (x) => F.avgPool2d(x, options),
      pooled((window) => total(window) / size),
      [values(shape)],
    );
    const inside = { ...options, countIncludePad: false };
    await agree(
      (x) => F.avgPool2d(x, inside),
      pooled((window) => total(window) / window.length),
      [values(shape)],
    );
  },
);

test('the gradient of a maximum goes nowhere where the place says so', async () => {
  const nowhere = 0xffffffff;
  const y = { input: 2, output: 1, kernel: 2, stride: 2, padding: 0, dilation: 1 };
  const x = { ...y, input: 7, output: 3 };
  const places = tensor(Uint32Array.of(nowhere, 2, 4, 0, nowhere, 12));
  const tiled = launch(maxPoolGradKernel({ planes: 2, y, x }), [places, tensor([1, 2, 3, 4, 5, 6])], [2, 14]);
  expect(await tiled.array()).toEqual([
    [0, 0, 2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0],
  ]);
  const overlapping = { planes: 1, y, x: { ...x, input: 3, output: 2, stride: 1 } };
  const some = tensor(Uint32Array.of(nowhere, 1));
  const covered = launch(maxPoolGradKernel(overlapping), [some, tensor([1, 2])], [6]);
  expect(await covered.array()).toEqual([0, 2, 0, 0, 0, 0]);
});

test.each([
  [
    [1, 2, 5, 6],
    [2, 3],
  ],
  [
    [2, 1, 3, 4],
    [5, 4],
  ],
  [
    [2, 2, 4, 3],
    [1, 1],
  ],
] as const)('adaptiveAvgPool2d of %j to %j', async (shape, size) => {
  const span = (i: number, n: number, out: number): number[] => {
    const [from, to] = [Math.floor((i * n) / out), Math.ceil(((i + 1) * n) / out)];
    return Array.from({ length: to - from }, (_, k) => from + k);
  };
  const theirs = (x: Plain): Plain =>
    build([shape[0], shape[1], size[0], size[1]], (n = 0, c = 0, i = 0, j = 0) => {
      const columns = span(j, shape[3], size[1]);
      const window = span(i, shape[2], size[0]).flatMap((y) => columns.map((z) => get(x, n, c, y, z)));
      return total(window) / window.length;
    });
  await agree((x) => F.adaptiveAvgPool2d(x, size), theirs, [values(shape)]);
});

test('pooling: defaults, ties, infinities, errors', async () => {
  const x = tensor(
    [
      [
        [1, 1, -5],
        [1, 0, -7],
        [0, 0, 9],
      ],
    ],
    { requiresGrad: true },
  );
  const y = F.maxPool2d(x, 2);
  expect(await y.array()).toEqual([[[1]]]);
  y.sum().backward();
  expect(await x.grad?.array()).toEqual([
    [
      [1, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ],
  ]);
  const low = tensor([[[-3e38, -3e38]]]);
  expect(await F.maxPool2d(low, [1, 2]).array()).toEqual([[[Math.fround(-3e38)]]]);
  expect(() => F.maxPool2d(zeros([1, 1, 4, 4]), { kernelSize: 2, padding: 2 })).toThrow(
    'padding 2 is more than half of kernelSize 2',
  );
  expect(() => F.maxPool2d(zeros([1, 1, 2, 2]), 3)).toThrow('maxPool2d: a window of 3 does not fit an input of 2');
  expect(() => F.avgPool2d(zeros([4, 4]), 2)).toThrow(
    'avgPool2d: wants f32 of shape [N, C, H, W] or [C, H, W], got f32 [4, 4]',
  );
});

const mean = (row: readonly number[]): number => total(row) / row.length;
const variance = (row: readonly number[]): number => mean(row.map((value) => (value - mean(row)) ** 2));
const normal = (row: readonly number[], eps: number): number[] =>
  row.map((value) => (value - mean(row)) / Math.sqrt(variance(row) + eps));

/** The elements of each channel of [n, c, inner...], and back. */
function alongChannels(x: Plain, f: (row: number[], channel: number) => number[]): Plain {
  const [n = 0, channels = 0, ...rest] = x.shape;
  const inner = sizeOf(rest);
  const data = [...x.data];
  for (let c = 0; c < channels; c++) {
    const places = Array.from(
      { length: n * inner },
      (_, k) => (Math.floor(k / inner) * channels + c) * inner + (k % inner),
    );
    f(
      places.map((place) => at(x.data, place)),
      c,
    ).forEach((value, k) => {
      data[at(places, k)] = value;
    });
  }
  return plain(x.shape, data);
}

test.each([[[6, 3]], [[4, 3, 2, 5]], [[20, 2, 3]]] as const)('batchNorm of %j', async (shape) => {
  const c = shape[1];
  const [x, w, b, m, v] = [values(shape), values([c]), values([c]), values([c]), values([c], 0.5, 2)];
  const theirs = (x: Plain, w: Plain, b: Plain): Plain =>
    alongChannels(x, (row, c) => normal(row, 1e-3).map((value) => value * at(w.data, c) + at(b.data, c)));
  const loose = { rtol: 5e-5, atol: 5e-5 };
  const [runningMean, runningVar] = [toTensor(m), toTensor(v)];
  const training = { training: true, eps: 1e-3, momentum: 0.25 };
  await agree(
    (x, weight, bias) => F.batchNorm(x, { weight, bias, runningMean, runningVar, ...training }),
    theirs,
    [x, w, b],
    loose,
  );
  const rows: number[][] = [];
  alongChannels(x, (row) => {
    rows.push(row);
    return row;
  });
  const moved = (before: Plain, now: (row: number[]) => number): Plain =>
    plain(
      [c],
      before.data.map((value, i) => 0.75 * value + 0.25 * now(rows[i] ?? [])),
    );
  await close('running mean', runningMean, moved(m, mean));
  await close(
    'running variance',
    runningVar,
    moved(v, (row) => (variance(row) * row.length) / (row.length - 1)),
  );
  await agree(
    (x) => F.batchNorm(x, training),
    (x) => alongChannels(x, (row) => normal(row, 1e-3)),
    [x],
    loose,
  );

  const evaluated = (x: Plain, w: Plain, b: Plain): Plain =>
    alongChannels(x, (row, c) =>
      row.map((value) => ((value - at(m.data, c)) / Math.sqrt(at(v.data, c) + 1e-5)) * at(w.data, c) + at(b.data, c)),
    );
  const running = () => ({ runningMean: toTensor(m), runningVar: toTensor(v) });
  await agree((x, weight, bias) => F.batchNorm(x, { weight, bias, ...running() }), evaluated, [x, w, b], loose);
  const [one, none] = [plain([c], new Array(c).fill(1)), plain([c], new Array(c).fill(0))];
  await agree(
    (x) => F.batchNorm(x, running()),
    (x) => evaluated(x, one, none),
    [x],
    loose,
  );
});

test('batchNorm refuses what cannot be normalised', () => {
  expect(() => F.batchNorm(zeros([1, 3]), { training: true })).toThrow('more than one value per channel, got [1, 3]');
  expect(() => F.batchNorm(zeros([2, 3]))).toThrow('evaluation wants runningMean and runningVar');
  expect(() => F.batchNorm(zeros([2, 3]), { training: true, weight: zeros([2]) })).toThrow('wants weight [3], got [2]');
});

test.each([
  [[5, 4], [4]],
  [
    [2, 3, 4],
    [3, 4],
  ],
  [[2, 40], [40]],
  [[40, 3], [3]],
] as const)('layerNorm of %j over %j', async (shape, last) => {
  const length = sizeOf(last);
  const theirs = (x: Plain, w?: Plain, b?: Plain): Plain => {
    const flat = plain([x.data.length / length, length], x.data);
    const rows = alongRows(flat, 1, (row) =>
      normal(row, 1e-3).map((value, i) => value * (w ? at(w.data, i) : 1) + (b ? at(b.data, i) : 0)),
    );
    return plain(shape, rows.data);
  };
  const loose = { rtol: 5e-5, atol: 5e-5 };
  const inputs = [values(shape), values(last), values(last)];
  await agree((x, weight, bias) => F.layerNorm(x, last, { weight, bias, eps: 1e-3 }), theirs, inputs, loose);
  await agree(
    (x) => F.layerNorm(x, last, { eps: 1e-3 }),
    (x) => theirs(x),
    inputs.slice(0, 1),
    loose,
  );
});

test('groupNorm and normalize', async () => {
  const grouped = (x: Plain, w: Plain, b: Plain): Plain => {
    const rows = alongRows(plain([4, 6], x.data), 1, (row) => normal(row, 1e-3));
    return build([2, 4, 3], (n = 0, c = 0, i = 0) => get({ ...rows, shape: x.shape }, n, c, i) * get(w, c) + get(b, c));
  };
  const inputs = [values([2, 4, 3]), values([4]), values([4])];
  const loose = { rtol: 5e-5, atol: 5e-5 };
  await agree((x, weight, bias) => F.groupNorm(x, 2, { weight, bias, eps: 1e-3 }), grouped, inputs, loose);
  expect(() => F.groupNorm(zeros([2, 4]), 3)).toThrow('groupNorm: 3 groups do not divide the channels of [2, 4]');
  const unit = (x: Plain): Plain => alongRows(x, 1, (row) => row.map((value) => value / Math.hypot(...row)));
  await agree((x) => F.normalize(x), unit, [values([3, 4])]);
});
