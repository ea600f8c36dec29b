/** Products of few rows, and convolutions of one picture: as every program has them, and by the kernels of `useFewRows()`. */
import { matmul, type Tensor, tensor } from 'kindling';
import { useFewRows } from 'kindling/fewRows';
import * as F from 'kindling/nn/functional';
import { uniform } from '../peers/workloads.js';
import { convolutions } from './convolutions.js';
import { at, summed, type Workload } from './workload.js';

/** The same with `useFewRows()`, which changes nothing but on GPUs. */
const asked = (workload: Workload): Workload => ({
  ...workload,
  name: `${workload.name}.few`,
  prepare() {
    const prepared = workload.prepare();
    return {
      ...prepared,
      naive: null,
      ours() {
        useFewRows();
        try {
          return prepared.ours();
        } finally {
          useFewRows(false);
        }
      },
    };
  },
});

/** Rows by a matrix, [k, n] or, as a linear layer has its weight, [n, k]. */
const rowsByMatrix = (m: number, k: number, n: number, isLinear: boolean): Workload => ({
  name: `rows${m}.${isLinear ? 'linear' : 'matmul'}`,
  shape: `[${m},${k}]×[${isLinear ? `${n},${k}` : `${k},${n}`}]${isLinear ? 'ᵀ' : ''}`,
  flops: 2 * m * k * n,
  bytes: 4 * (m * k + k * n + m * n),
  quick: true,
  prepare() {
    const [a, b] = [uniform(m * k, 1), uniform(k * n, 2)];
    const x = tensor(a, { shape: [m, k] });
    const matrix = tensor(b, { shape: isLinear ? [n, k] : [k, n] });
    return {
      ours: (): Tensor => (isLinear ? F.linear(x, matrix) : matmul(x, matrix)),
      naive: null,
      expected(i) {
        const [row, column] = [Math.floor(i / n), i % n];
        return summed(k, (s) => at(a, row * k + s) * at(b, isLinear ? column * k + s : s * n + column));
      },
      held: [x, matrix],
    };
  },
});

const picture = { batch: 1, inChannels: 128, size: 28, outChannels: 128, kernel: 3, stride: 1 };

export const FEW_ROWS: readonly Workload[] = [
  ...[false, true].flatMap((isLinear) => [
    rowsByMatrix(1, 4096, 4096, isLinear),
    rowsByMatrix(8, 1024, 1024, isLinear),
  ]),
  ...convolutions(picture, 'picture', true).filter(({ name }) => !name.startsWith('conv2dWeightGrad')),
].flatMap((workload) => [workload, asked(workload)]);
