/** What is measured, in every library alike: shapes, arithmetic, inputs and the float64 results to compare with. */
import { type ConvShape, outSize } from './conv.js';
import * as float64 from './float64.js';
import { BATCH, type Network, stepFlops } from './networks.js';

export type Work =
  | { readonly kind: 'step'; readonly batch: number }
  | { readonly kind: 'training'; readonly network: Network }
  | { readonly kind: 'matmul'; readonly n: number }
  | { readonly kind: 'conv2dForward' | 'conv2dInputGrad' | 'conv2dWeightGrad'; readonly conv: ConvShape }
  | { readonly kind: 'relu' | 'add' | 'sum' | 'adam'; readonly size: number }
  | { readonly kind: 'logSoftmax'; readonly rows: number; readonly columns: number };

export type Workload = Work & {
  /** The name in results; further shapes have a suffix. */
  readonly name: string;
  readonly shape: string;
  /** Floating-point operations of one iteration; 0 where bytes are what counts. */
  readonly flops: number;
  /** Whether `--quick` runs it. */
  readonly quick: boolean;
};

/** A training step of an example's network. */
export type Training = Extract<Workload, { kind: 'training' }>;
/** W, or a kernel. */
export type StepOrKernel = Exclude<Workload, { kind: 'training' }>;
export type Kernel = Exclude<StepOrKernel, { kind: 'step' }>;

/** Multiply-adds of the study's network per image: forward, and the two gradients (the pictures need none). */
const STEP_FLOPS = (() => {
  const layers = [
    { inputs: 27, outputs: 32, places: 900 },
    { inputs: 288, outputs: 64, places: 169 },
    { inputs: 576, outputs: 64, places: 16 },
    { inputs: 1024, outputs: 64, places: 1 },
    { inputs: 64, outputs: 10, places: 1 },
  ].map(({ inputs, outputs, places }) => 2 * inputs * outputs * places);
  return 3 * layers.reduce((a, b) => a + b) - (layers[0] ?? 0);
})();

const step = (batch: number): Workload => ({
  kind: 'step',
  batch,
  name: batch === 64 ? 'step' : `step.batch${batch}`,
  shape: `batch ${batch}`,
  flops: STEP_FLOPS * batch,
  quick: batch === 64,
});

const training = (network: Network): Workload => ({
  kind: 'training',
  network,
  name: `${network}Step`,
  shape: `batch ${BATCH[network]}`,
  flops: stepFlops(network),
  quick: true,
});

const matmul = (n: number): Workload => ({
  kind: 'matmul',
  n,
  name: `matmul${n}`,
  shape: `[${n},${n}]×[${n},${n}]`,
  flops: 2 * n ** 3,
  quick: n === 1024,
});

function convolutions(conv: ConvShape, suffix: string): Workload[] {
  const { batch, inChannels, size, outChannels, kernel, stride } = conv;
  const shape = `[${[batch, inChannels, size, size]}]×[${[outChannels, inChannels, kernel, kernel]}]${stride > 1 ? ` stride ${stride}` : ''}`;
  const flops = 2 * batch * outChannels * outSize(conv) ** 2 * inChannels * kernel ** 2;
  return (['conv2dForward', 'conv2dInputGrad', 'conv2dWeightGrad'] as const).map((kind) => ({
    kind,
    conv,
    name: suffix ? `${kind}.${suffix}` : kind,
    shape,
    flops,
    quick: !suffix,
  }));
}

const elementwise = (kind: 'relu' | 'add' | 'sum' | 'adam', log2: number): Workload => ({
  kind,
  size: 2 ** log2,
  name: kind,
  shape: `[2^${log2}]`,
  flops: 0,
  quick: true,
});

export const WORKLOADS: readonly Workload[] = [
  step(64),
  step(16),
  step(256),
  training('resnet'),
  training('gpt'),
  matmul(512),
  matmul(1024),
  ...convolutions({ batch: 64, inChannels: 32, size: 15, outChannels: 64, kernel: 3, stride: 1 }, ''),
  ...convolutions({ batch: 16, inChannels: 3, size: 32, outChannels: 32, kernel: 3, stride: 1 }, 'rgb'),
  ...convolutions({ batch: 128, inChannels: 64, size: 8, outChannels: 128, kernel: 1, stride: 1 }, '1x1'),
  ...convolutions({ batch: 8, inChannels: 48, size: 14, outChannels: 96, kernel: 5, stride: 2 }, 'stride2'),
  elementwise('relu', 22),
  elementwise('add', 22),
  elementwise('sum', 22),
  {
    kind: 'logSoftmax',
    rows: 4096,
    columns: 1000,
    name: 'logSoftmax',
    shape: '[4096,1000]',
    flops: 0,
    quick: true,
  },
  elementwise('adam', 20),
];

/** Whether a workload is a step of training, whose losses are compared. */
export const isStep = ({ kind }: Workload): boolean => kind === 'step' || kind === 'training';

/** The workload that is the first step of another: `firstStep`, `firstResnetStep`. */
export const firstOf = (name: string): string => `first${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** Whether a name is among those asked for, separated by commas, `conv2d*` being all that begin so. All are, of none. */
export function isWanted(name: string, only?: string): boolean {
  const matches = (part: string): boolean => (part.endsWith('*') ? name.startsWith(part.slice(0, -1)) : name === part);
  return only === undefined || only.split(',').some(matches);
}

/** Uniform in [−1, 1), the same for every library and run. */
export function uniform(size: number, seed: number): Float32Array {
  let state = seed * 2654435761 + 1;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

/** The inputs of a kernel, in the order of its mathematics, as PyTorch lays them out. A step has none of its own. */
export function inputsOf(work: Work): Float32Array[] {
  switch (work.kind) {
    case 'step':
    case 'training':
      return [];
    case 'matmul':
      return [uniform(work.n ** 2, 1), uniform(work.n ** 2, 2)];
    case 'conv2dForward':
    case 'conv2dInputGrad':
    case 'conv2dWeightGrad': {
      const { batch, inChannels, size, outChannels, kernel } = work.conv;
      return [
        uniform(batch * inChannels * size ** 2, 1),
        uniform(outChannels * inChannels * kernel ** 2, 2),
        uniform(batch * outChannels * outSize(work.conv) ** 2, 3),
      ];
    }
    case 'relu':
      return [uniform(work.size, 1)];
    case 'sum':
      // Of numbers without a sign: a sum near zero tells nothing about the error.
      return [uniform(work.size, 1).map((value) => value + 1)];
    case 'add':
    case 'adam':
      return [uniform(work.size, 1), uniform(work.size, 2)];
    case 'logSoftmax':
      return [uniform(work.rows * work.columns, 1).map((value) => 5 * value)];
    default:
      return work satisfies never;
  }
}

/** The result in float64. `times`: how often the work was done, which only Adam's parameters tell. */
export function expected(work: Kernel, inputs: Float32Array[], times: number): Float64Array {
  const [a = new Float32Array(), b = new Float32Array(), c = new Float32Array()] = inputs;
  switch (work.kind) {
    case 'matmul':
      return float64.matmul(a, b, work.n, work.n, work.n);
    case 'conv2dForward':
      return float64.conv2d(a, b, work.conv);
    case 'conv2dInputGrad':
      return float64.conv2dInputGrad(c, b, work.conv);
    case 'conv2dWeightGrad':
      return float64.conv2dWeightGrad(c, a, work.conv);
    case 'relu':
      return Float64Array.from(a, (value) => Math.max(value, 0));
    case 'add':
      return Float64Array.from(a, (value, i) => value + (b[i] ?? 0));
    case 'sum':
      return Float64Array.of(a.reduce((sum, value) => sum + value, 0));
    case 'logSoftmax':
      return float64.logSoftmax(a, work.columns);
    case 'adam': {
      const parameter = Float64Array.from(a);
      const state = float64.adamState(a.length);
      for (let t = 0; t < times; t++) float64.adam(parameter, b, state, 1e-3);
      return parameter;
    }
    default:
      return work satisfies never;
  }
}

/** The largest |got − want| / max(|want|, root mean square of want). NaN where lengths differ or a value is NaN. */
export function maxRelError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Number.NaN;
  let squares = 0;
  for (let i = 0; i < want.length; i++) squares += (want[i] ?? 0) ** 2;
  const scale = Math.sqrt(squares / want.length) || 1;
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs((got[i] ?? 0) - (want[i] ?? 0)) / Math.max(Math.abs(want[i] ?? 0), scale);
    if (!(error <= worst)) worst = error;
    if (Number.isNaN(worst)) break;
  }
  return worst;
}
