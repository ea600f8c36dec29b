/** Kernels over rows by every number of lanes, rows side by side in a workgroup or across it, and cut into parts. */
import { tensor } from 'kindling';
import { expect, test } from 'vitest';
import { batchNormJoinKernel, batchNormStatsKernel, batchNormSumsKernel, walkOf } from '../../src/kernels/batchNorm.js';
import { clipPartialKernel, clipParts, clipScaleKernel, GPU_CLIP } from '../../src/kernels/clip.js';
import { GPU_FLAT } from '../../src/kernels/flat.js';
import { layerNormGradKernel, layerNormKernel, layerNormSumsKernel } from '../../src/kernels/layerNorm.js';
import { partSumsKernel } from '../../src/kernels/partSums.js';
import { rmsNormGradKernel, rmsNormKernel, rmsNormSumsKernel } from '../../src/kernels/rmsNorm.js';
import { SOFTMAX, softmaxKernel } from '../../src/kernels/softmax.js';
import { SOFTMAX_SLOPE, softmaxGradKernel } from '../../src/kernels/softmaxGrad.js';
import { launch, launchInto, launchMany } from '../../src/tensor/launch.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { random } from '../support/random.js';

const floats = (size: number, shift = 0): Float32Array =>
  Float32Array.from({ length: size }, () => shift + 4 * random() - 2);
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const variance = (values: readonly number[]): number => {
  const about = mean(values);
  return mean(values.map((value) => (value - about) ** 2));
};
const at = (values: ArrayLike<number>, i: number): number => values[i] ?? Number.NaN;

/** Every value is near its double, as seen beside the largest of them. */
async function near(got: Tensor, wanted: readonly number[], within = 1e-5): Promise<void> {
  const values = await got.data();
  expect(values.length).toBe(wanted.length);
  const most = Math.max(...wanted.map(Math.abs));
  const errors = wanted.map((value, i) => Math.abs(at(values, i) - value) / most);
  expect(errors.findIndex((error) => !(error < within))).toBe(-1);
}

const LANES = [1, 4, 64, 256];

test.each([
  [5, 3],
  [7, 40],
  [3, 703],
])('layerNorm and its gradients, of [%d, %d]', async (rows, length) => {
  const [x, g, w, b] = [floats(rows * length, 3), floats(rows * length), floats(length), floats(length)];
  const each = Array.from({ length: rows }, (_, row) => [...x.subarray(row * length, (row + 1) * length)]);
  const means = each.map(mean);
  const scales = each.map((row) => 1 / Math.sqrt(variance(row) + 1e-5));
  const hat = [...x].map(
    (value, i) => (value - at(means, Math.floor(i / length))) * at(scales, Math.floor(i / length)),
  );
  const h = [...g].map((value, i) => value * at(w, i % length));
  const ofRow = (values: readonly number[], row: number): number[] => values.slice(row * length, (row + 1) * length);
  const meanH = each.map((_, row) => mean(ofRow(h, row)));
  const meanHX = each.map((_, row) => mean(ofRow(h, row).map((value, k) => value * at(hat, row * length + k))));
  const column = (values: readonly number[], k: number): number =>
    sum(each.map((_, row) => at(values, row * length + k)));
  const products = [...g].map((value, i) => value * at(hat, i));
  const [xs, gs, ws, bs] = [tensor(x), tensor(g), tensor(w), tensor(b)];
  for (const lanes of LANES) {
    const spec = { rows, length, lanes };
    const shapes = [xs, { shape: [rows] }, { shape: [rows] }] as const;
    const forward = layerNormKernel({ ...spec, eps: 1e-5, weighted: true, biased: true });
    const [y, m, r] = launchMany(forward, [xs, ws, bs], shapes);
    await near(
      y,
      hat.map((value, i) => value * at(w, i % length) + at(b, i % length)),
    );
    await near(m, means);
    await near(r, scales);
    const dx = launch(layerNormGradKernel({ ...spec, weighted: true }), [xs, m, r, gs, ws], xs.shape);
    const slope = (i: number): number => {
      const row = Math.floor(i / length);
      return at(scales, row) * (at(h, i) - at(meanH, row) - at(hat, i) * at(meanHX, row));
    };
    await near(
      dx,
      hat.map((_, i) => slope(i)),
    );
    for (const splits of lanes === 4 ? [1, 2, 3] : [1]) {
      const part = { shape: [splits, length] };
      let sums = launchMany(layerNormSumsKernel({ ...spec, splits }), [xs, m, r, gs], [part, part]);
      if (splits > 1)
        sums = launchMany(
          partSumsKernel({ name: 'sums', rows: length, splits }),
          sums,
          [part, part].map(() => ({ shape: [length] })) as [{ shape: [number] }, { shape: [number] }],
        );
      await near(
        sums[0],
        Array.from({ length }, (_, k) => column(products, k)),
      );
      await near(
        sums[1],
        Array.from({ length }, (_, k) => column([...g], k)),
      );
    }
  }
});

test.each([
  [5, 3],
  [7, 1100],
])('rmsNorm and its gradients, of [%d, %d]', async (rows, length) => {
  const [x, g, w] = [floats(rows * length, 3), floats(rows * length), floats(length)];
  const rowOf = (i: number): number => Math.floor(i / length);
  const each = Array.from({ length: rows }, (_, row) => row * length);
  const overRow = (term: (i: number) => number): number[] =>
    each.map((first) => mean(Array.from({ length }, (_, k) => term(first + k))));
  const scales = overRow((i) => at(x, i) ** 2).map((square) => 1 / Math.sqrt(square + 0.1));
  const h = (i: number): number => at(g, i) * at(w, i % length);
  const slopes = overRow((i) => h(i) * at(x, i));
  const [xs, gs, ws] = [tensor(x), tensor(g), tensor(w)];
  for (const lanes of LANES) {
    const spec = { rows, length, lanes, weighted: true };
    const [y, r] = launchMany(rmsNormKernel({ ...spec, eps: 0.1 }), [xs, ws], [xs, { shape: [rows] }]);
    await near(
      y,
      Array.from(x, (value, i) => value * at(scales, rowOf(i)) * at(w, i % length)),
    );
    await near(r, scales);
    const dx = launch(rmsNormGradKernel(spec), [xs, r, gs, ws], xs.shape);
    const slope = (i: number): number => {
      const scale = at(scales, rowOf(i));
      return scale * (h(i) - at(x, i) * scale ** 2 * at(slopes, rowOf(i)));
    };
    await near(
      dx,
      Array.from(x, (_, i) => slope(i)),
    );
    for (const splits of lanes === 4 ? [1, 3] : [1]) {
      const sums = launch(rmsNormSumsKernel({ rows, length, lanes, splits }), [xs, r, gs], [splits, length]);
      const column = (k: number): number =>
        sum(each.map((first, row) => at(g, first + k) * at(x, first + k) * at(scales, row)));
      await near(
        sums.sum({ dim: 0 }),
        Array.from({ length }, (_, k) => column(k)),
      );
    }
  }
});

/** What the statistics of channels are: by the launches of a cut. */
function statistics(
  xs: Tensor,
  spec: { n: number; channels: number; inner: number; lanes: number; splits: number },
  running: readonly Tensor[],
): Tensor[] {
  const { channels, splits } = spec;
  const found = [tensor(new Float32Array(channels)), tensor(new Float32Array(channels))];
  const all = { ...spec, momentum: running.length > 0 ? 0.25 : null, counts: running.length > 0 };
  if (splits === 1) launchInto(batchNormStatsKernel(all), [xs], [...found, ...running]);
  else {
    const part = { shape: [splits, channels] };
    const parts = launchMany(batchNormStatsKernel(all), [xs], [part, part]);
    launchInto(batchNormJoinKernel(all), [xs, ...parts], [...found, ...running]);
  }
  return found;
}

const CUTS = [
  ...LANES.map((lanes) => ({ lanes, splits: 1 })),
  ...[2, 3, 40].map((splits) => ({ lanes: 4, splits })),
  { lanes: 64, splits: 2 },
];

test.each([
  { n: 70, channels: 5, inner: 1 },
  { n: 41, channels: 70, inner: 1 },
  { n: 4, channels: 6, inner: 35 },
  { n: 5, channels: 3, inner: 200 },
])('statistics and sums of batchNorm of %o', async (shape) => {
  const { n, channels, inner } = shape;
  const size = n * channels * inner;
  const [x, g] = [floats(size, 3), floats(size)];
  const channelOf = (i: number): number => Math.floor(i / inner) % channels;
  const ofChannel = (values: ArrayLike<number>, c: number): number[] =>
    Array.from(values).filter((_, i) => channelOf(i) === c);
  const all = Array.from({ length: channels }, (_, c) => ofChannel(x, c));
  const [means, variances] = [all.map(mean), all.map(variance)];
  const grads = all.map((_, c) => ofChannel(g, c));
  const dw = all.map(
    (values, c) =>
      sum(values.map((value, k) => at(grads[c] ?? [], k) * (value - at(means, c)))) /
      Math.sqrt(at(variances, c) + 1e-5),
  );
  const [xs, gs] = [tensor(x), tensor(g)];
  const count = n * inner;
  for (const cut of CUTS) {
    const spec = { ...shape, ...cut };
    const running = [
      tensor(new Float32Array(channels).fill(1)),
      tensor(new Float32Array(channels).fill(2)),
      tensor(Int32Array.of(7)),
    ];
    const found = statistics(xs, spec, running);
    await near(found[0] as Tensor, means);
    await near(found[1] as Tensor, variances);
    await near(
      running[0] as Tensor,
      means.map((value) => 0.75 + 0.25 * value),
    );
    await near(
      running[1] as Tensor,
      variances.map((value) => 1.5 + (0.25 * value * count) / (count - 1)),
    );
    expect([...(await (running[2] as Tensor).data())]).toEqual([8]);
    const part = { shape: [cut.splits, channels] };
    let sums: Tensor[] = launchMany(batchNormSumsKernel({ ...spec, eps: 1e-5 }), [xs, ...found, gs], [part, part]);
    if (cut.splits > 1)
      sums = launchMany(partSumsKernel({ name: 'sums', rows: channels, splits: cut.splits }), sums, [
        { shape: [channels] },
        { shape: [channels] },
      ]);
    await near(sums[0] as Tensor, dw);
    await near(sums[1] as Tensor, grads.map(sum));
  }
});

/** Elements beside which their spread is small; one that is far from the others comes first. */
test.each([
  ['a mean of 1e4 and a deviation of 1', () => 1e4 + Math.sqrt(12) * (random() - 0.5), 2e-6],
  ['a mean of 1e6 and a deviation of 1', () => 1e6 + Math.sqrt(12) * (random() - 0.5), 1e-4],
  ['one far from the others', (i: number) => (i === 0 ? 3000 : 1) + random(), 2e-6],
  ['two halves far from each other', (i: number) => (i < 4000 ? -1000 : 1000) + random(), 2e-6],
] as const)('variances of %s', async (_, make, within) => {
  const x = Float32Array.from({ length: 9000 }, (_, i) => make(i));
  const [m, v] = [mean([...x]), variance([...x])];
  const xs = tensor(x);
  for (const cut of [...LANES.map((lanes) => ({ lanes, splits: 1 })), { lanes: 4, splits: 7 }]) {
    for (const inner of [1, 9000]) {
      const spec = { n: 9000 / inner, channels: 1, inner, ...cut };
      const [means, variances] = statistics(xs, spec, []);
      await near(means as Tensor, [m], 1e-6);
      await near(variances as Tensor, [v], within);
    }
    const spec = { rows: 1, length: 9000, lanes: cut.lanes, eps: 1e-5, weighted: false, biased: false };
    const [, , r] = launchMany(layerNormKernel(spec), [xs], [xs, { shape: [1] }, { shape: [1] }]);
    await near(r, [1 / Math.sqrt(v + 1e-5)], within);
  }
});

test.each([
  { outer: 2, length: 35, inner: 7 },
  { outer: 9, length: 36, inner: 1 },
])('softmax of %o', async (shape) => {
  const { outer, length, inner } = shape;
  const size = outer * length * inner;
  const [x, g] = [floats(size), floats(size)];
  const rowOf = (i: number): number => Math.floor(i / (length * inner)) * inner + (i % inner);
  const totals = new Float64Array(outer * inner);
  x.forEach((value, i) => {
    totals[rowOf(i)] = at(totals, rowOf(i)) + Math.exp(value);
  });
  const y = [...x].map((value, i) => Math.exp(value) / at(totals, rowOf(i)));
  const dots = new Float64Array(outer * inner);
  y.forEach((value, i) => {
    dots[rowOf(i)] = at(dots, rowOf(i)) + value * at(g, i);
  });
  const [xs, gs] = [tensor(x), tensor(g)];
  for (const lanes of LANES) {
    const got = launch(softmaxKernel(SOFTMAX, { ...shape, lanes }), [xs], xs.shape);
    await near(got, y);
    const dx = launch(softmaxGradKernel(SOFTMAX_SLOPE, { ...shape, lanes }), [got, gs], xs.shape);
    await near(
      dx,
      y.map((value, i) => value * (at(g, i) - at(dots, rowOf(i)))),
    );
    const again = launch(softmaxKernel(SOFTMAX, { ...shape, lanes }), [xs], xs.shape);
    expect(await again.data()).toEqual(await got.data());
  }
});

test.each([
  [5000, false],
  [20003, false],
  [20000, true],
])('clipping %d gradients as on a GPU, infinite norm: %s', async (size, infinite) => {
  const g = floats(size);
  const cut = { ...GPU_CLIP, parts: 3 };
  const parts = launch(clipPartialKernel({ size, infinite, cut }), [tensor(g)], [clipParts(size, cut)]);
  const [scaled, norm] = [tensor(g), tensor([0])];
  const scale = clipScaleKernel({ size, infinite, cut, flat: GPU_FLAT });
  launchInto(scale, [parts, tensor([0.5])], [scaled, norm]);
  const wanted = infinite ? Math.max(...g.map(Math.abs)) : Math.sqrt(sum(g.map((value) => value ** 2)));
  await near(norm, [wanted], 1e-6);
  await near(
    scaled,
    Array.from(g, (value) => (value * 0.5) / wanted),
  );
});

test('channels are walked four elements at a time where they can be', () => {
  expect(walkOf({ n: 3, channels: 2, inner: 8 })).toMatchObject({ element: 'vec4<f32>', plane: 2, count: 6 });
  expect(walkOf({ n: 3, channels: 2, inner: 7 })).toMatchObject({ element: 'f32', plane: 7, count: 21 });
});
