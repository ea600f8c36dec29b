/** What `npm run bench` measures: the shapes of the study's network, a ladder of sizes, and some others. */
import { add, indexSelect, logSoftmax, matmul, relu, softmax, sum, type Tensor, tensor, zeros } from 'kindling';
import * as F from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';
import { uniform } from '../peers/workloads.js';
import { attention } from './attention.js';
import { convolutions } from './convolutions.js';
import { depthwise } from './depthwise.js';
import { FEW_ROWS } from './fewRows.js';
import * as naive from './naive.js';
import { NORMALIZING } from './normalizing.js';
import { at, type Floats, gradientOf, summed, type Workload } from './workload.js';

function product(n: number, ta: boolean, tb: boolean): Workload {
  const letters = `${ta ? 'T' : 'N'}${tb ? 'T' : 'N'}`;
  return {
    name: letters === 'NN' ? `matmul${n}` : `matmul${n}.${letters}`,
    shape: `[${n},${n}]${ta ? 'ᵀ' : ''}×[${n},${n}]${tb ? 'ᵀ' : ''}`,
    flops: 2 * n ** 3,
    bytes: 12 * n ** 2,
    quick: n === 256 || (n === 512 && letters === 'NN'),
    prepare() {
      const [a, b] = [uniform(n * n, 1), uniform(n * n, 2)];
      const [x, y] = [a, b].map((data) => tensor(data, { shape: [n, n] })) as [Tensor, Tensor];
      return {
        ours: () => matmul(ta ? x.T : x, tb ? y.T : y),
        naive: { source: naive.matmul(n, ta, tb), inputs: [x, y], more: [] },
        expected(i) {
          const [row, column] = [Math.floor(i / n), i % n];
          return summed(n, (k) => at(a, ta ? k * n + row : row * n + k) * at(b, tb ? column * n + k : k * n + column));
        },
        held: [x, y],
      };
    },
  };
}

function flat(kind: 'relu' | 'add' | 'sum', log2: number): Workload {
  const size = 2 ** log2;
  return {
    name: `${kind}${log2 === 22 ? '' : `.2^${log2}`}`,
    shape: `[2^${log2}]`,
    flops: 0,
    bytes: 4 * size * { relu: 2, add: 3, sum: 1 }[kind],
    quick: log2 === 22,
    prepare() {
      const [a, b] = [uniform(size, 1), uniform(size, 2)];
      const [x, y] = [tensor(a), tensor(b)];
      const held = [x, y];
      const source = { relu: naive.relu, add: naive.add, sum: naive.sum }[kind](size);
      if (kind === 'relu') {
        return {
          ours: () => relu(x),
          naive: { source, inputs: [x], more: [] },
          expected: (i) => Math.max(0, at(a, i)),
          held,
        };
      }
      if (kind === 'add') {
        return {
          ours: () => add(x, y),
          naive: { source, inputs: [x, y], more: [] },
          expected: (i) => at(a, i) + at(b, i),
          held,
        };
      }
      // A single thread that adds more than that may take a GPU seconds.
      const plain = log2 > 20 ? null : { source, inputs: [x], more: [] };
      return { ours: () => sum(x), naive: plain, expected: () => summed(size, (k) => at(a, k)), held };
    },
  };
}

function rows(kind: 'logSoftmax' | 'softmax', [count, columns]: [number, number]): Workload {
  return {
    name: count === 4096 ? kind : `${kind}.study`,
    shape: `[${count},${columns}]`,
    flops: 0,
    bytes: 8 * count * columns,
    quick: count === 4096,
    prepare() {
      const data = uniform(count * columns, 1).map((value) => 5 * value);
      const x = tensor(data, { shape: [count, columns] });
      return {
        ours: () => (kind === 'softmax' ? softmax(x, { dim: 1 }) : logSoftmax(x, { dim: 1 })),
        naive: { source: naive.softmax(count, columns, kind === 'logSoftmax'), inputs: [x], more: [] },
        expected(i) {
          const start = i - (i % columns);
          const log = Math.log(summed(columns, (k) => Math.exp(at(data, start + k))));
          return kind === 'softmax' ? Math.exp(at(data, i) - log) : at(data, i) - log;
        },
        held: [x],
      };
    },
  };
}

function pooling(shape: [number, number, number, number]): Workload[] {
  const [n, c, size] = shape;
  const out = Math.floor(size / 2);
  const [inputs, outputs] = [n * c * size ** 2, n * c * out ** 2];
  /** Where the largest element of window `i` lies. */
  const largest = (data: Floats, i: number): number => {
    const corner = (Math.floor(i / out ** 2) * size + (Math.floor(i / out) % out) * 2) * size + (i % out) * 2;
    const places = [0, 1, size, size + 1].map((offset) => corner + offset);
    return places.reduce((best, place) => (at(data, place) > at(data, best) ? place : best), corner);
  };
  const gradient = (data: Floats, g: Floats, i: number): number => {
    const [column, row] = [Math.floor((i % size) / 2), Math.floor((Math.floor(i / size) % size) / 2)];
    if (column >= out || row >= out) return 0;
    const window = (Math.floor(i / size ** 2) * out + row) * out + column;
    return largest(data, window) === i ? at(g, window) : 0;
  };
  return (['maxPool2d', 'maxPool2dGrad'] as const).map((name) => ({
    name: `${name}.${size}`,
    shape: `[${shape}], 2`,
    flops: 0,
    // Backward reads the input once more, or where its maxima lay.
    bytes: 4 * (inputs + outputs) + (name === 'maxPool2d' ? 0 : 4 * outputs),
    quick: true,
    prepare() {
      const data = uniform(inputs, 1);
      const x = tensor(data, { shape });
      const grads = uniform(outputs, 2);
      const g = tensor(grads, { shape: [n, c, out, out] });
      const pool = (): Tensor => F.maxPool2d(x, 2);
      const source = naive.maxPool2d(n * c, size);
      const forward = { source, inputs: [x], more: [] };
      return name === 'maxPool2d'
        ? { ours: pool, naive: forward, expected: (i) => at(data, largest(data, i)), held: [x, g] }
        : {
            ours: gradientOf(x.requiresGrad_(), pool, g),
            naive: null,
            expected: (i) => gradient(data, grads, i),
            held: [x, g],
          };
    },
  }));
}

const adam = (name: string, size: number): Workload => ({
  name,
  shape: `[${size}]`,
  flops: 0,
  bytes: 28 * size,
  quick: true,
  prepare() {
    const [p, g] = [uniform(size, 1), uniform(size, 2)];
    const parameter = tensor(p).requiresGrad_();
    const optimizer = new Adam([parameter], { lr: 1e-3 });
    const grad = tensor(g);
    parameter.grad = grad;
    const more = [zeros([size]), zeros([size])];
    return {
      ours() {
        optimizer.step();
        return parameter;
      },
      naive: { source: naive.adam(size), inputs: [grad], more },
      // In its first step the moments are the gradient and its square.
      expected: (i) => at(p, i) - (1e-3 * at(g, i)) / (Math.abs(at(g, i)) + 1e-8),
      held: [parameter, grad, ...more],
    };
  },
});

const dropout = (size: number): Workload => ({
  name: 'dropout',
  shape: `[${size}]`,
  flops: 0,
  bytes: 8 * size,
  quick: true,
  prepare() {
    const x = tensor(uniform(size, 1));
    return { ours: () => F.dropout(x, { p: 0.2 }), naive: null, expected: null, held: [x] };
  },
});

const gather = (images: number, batch: number): Workload => ({
  name: 'gather',
  shape: `${batch} of [${images},3072]`,
  flops: 0,
  bytes: 2 * 4 * batch * 3072 + 4 * batch,
  quick: true,
  prepare() {
    const data = uniform(images * 3072, 1);
    const places = Array.from({ length: batch }, (_, i) => (i * 977) % images);
    const x = tensor(data, { shape: [images, 3072] });
    const index = tensor(Int32Array.from(places));
    const asFloats = tensor(Float32Array.from(places));
    return {
      ours: () => indexSelect(x, 0, index),
      naive: { source: naive.gather(batch, 3072), inputs: [x, asFloats], more: [] },
      expected: (i) => at(data, at(Float32Array.from(places), Math.floor(i / 3072)) * 3072 + (i % 3072)),
      held: [x, index, asFloats],
    };
  },
});

/** The gradient of rows that are picked from a table. */
const embedding = (picks: number, rows: number, length: number): Workload => ({
  name: `embeddingGrad.${picks}`,
  shape: `${picks} of [${rows},${length}]`,
  flops: 0,
  bytes: 4 * (length * (rows + picks) + picks),
  quick: true,
  prepare() {
    const grads = uniform(picks * length, 1);
    const places = Array.from({ length: picks }, (_, i) => (i * i * 977 + i) % rows);
    const weight = zeros([rows, length], { requiresGrad: true });
    const g = tensor(grads, { shape: [picks, length] });
    const index = tensor(Int32Array.from(places));
    const asFloats = tensor(Float32Array.from(places));
    // Every element of the table walks every index.
    const walk = { source: naive.embeddingGrad(picks, rows, length), inputs: [g, asFloats], more: [] };
    return {
      ours: gradientOf(weight, () => indexSelect(weight, 0, index), g),
      naive: picks * rows * length < 2 ** 30 ? walk : null,
      expected(i) {
        const [row, column] = [Math.floor(i / length), i % length];
        return summed(picks, (k) => (places[k] === row ? at(grads, k * length + column) : 0));
      },
      held: [weight, g, index, asFloats],
    };
  },
});

const CASES = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;
const square = (batch: number, inChannels: number, size: number, outChannels: number, kernel: number, stride = 1) => ({
  batch,
  inChannels,
  size,
  outChannels,
  kernel,
  stride,
});

export const WORKLOADS: readonly Workload[] = [
  ...[64, 128, 256, 512, 1024].flatMap((n) => CASES.map(([ta, tb]) => product(n, ta, tb))),
  ...convolutions(square(64, 3, 32, 32, 3), 'layer1', true),
  ...convolutions(square(64, 32, 15, 64, 3), '', true),
  ...convolutions(square(64, 64, 6, 64, 3), 'layer3', true),
  ...convolutions(square(16, 3, 32, 32, 3), 'rgb'),
  ...convolutions(square(128, 64, 8, 128, 1), '1x1'),
  ...convolutions(square(8, 48, 14, 96, 5, 2), 'stride2'),
  ...depthwise({ batch: 32, channels: 512, size: 14 }),
  ...FEW_ROWS,
  ...[16, 18, 20, 22].flatMap((log2) => (['relu', 'add', 'sum'] as const).map((kind) => flat(kind, log2))),
  rows('logSoftmax', [64, 10]),
  rows('logSoftmax', [4096, 1000]),
  rows('softmax', [4096, 1000]),
  ...NORMALIZING,
  ...pooling([64, 32, 30, 30]),
  ...pooling([64, 64, 13, 13]),
  adam('adam.study', 122570),
  adam('adam', 2 ** 20),
  dropout(2 ** 20),
  gather(4096, 64),
  embedding(1024, 2000, 64),
  embedding(16384, 50000, 64),
  ...[false, true].flatMap((causal) => attention({ batch: 4, heads: 8, length: 512, width: 64, causal })),
];
