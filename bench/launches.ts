/**
 * `npx tsx bench/launches.ts [NAMES]`: what rows and reductions launch on a GPU, forward and back in a step, kernel by
 * kernel: workgroups, and lanes of each. Nothing runs: Dawn's null backend takes the commands. With `--software` kernels are
 * chosen as for a software adapter.
 */
import { cumsum, norm, rand, randint, softmax, step, sum, type Tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { clipGradNorm } from 'kindling/optim';
import { openNothing } from '../scripts/nothing.js';
import { dispatched } from '../scripts/profile/kernels.js';

const leaf = (...shape: number[]): Tensor => rand(shape, { requiresGrad: true });

/** What is called, with a name: what it makes is made beforehand. */
type Case = readonly [name: string, prepare: () => () => unknown];

/** Forward and back: what a function of leaves makes is read, and so are the leaves' gradients. */
const both = (name: string, leaves: () => Tensor[], make: (...leaves: Tensor[]) => Tensor): Case => [
  name,
  () => {
    const inputs = leaves();
    const g = rand([...make(...inputs).shape]);
    return () =>
      step(() => {
        const y = make(...inputs);
        y.backward(g);
        return y;
      });
  },
];

const forward = (name: string, shape: readonly number[], make: (x: Tensor) => Tensor): Case => [
  `${name} [${shape}]`,
  () => {
    const x = rand([...shape]);
    return () => step(() => make(x));
  },
];

function* cases(): Generator<Case> {
  for (const [rows, length] of [
    [4096, 768],
    [8, 100000],
    [100000, 16],
  ] as const) {
    const leaves = () => [leaf(rows, length), leaf(length), leaf(length)];
    yield both(`layerNorm [${rows},${length}]`, leaves, (x, weight, bias) =>
      F.layerNorm(x as Tensor, [length], { weight, bias }),
    );
    yield both(
      `rmsNorm [${rows},${length}]`,
      () => leaves().slice(0, 2),
      (x, weight) => F.rmsNorm(x as Tensor, [length], { weight }),
    );
  }
  for (const shape of [
    [64, 1000, 49],
    [16, 50000],
    [100000, 10],
  ] as const) {
    yield both(
      `softmax [${shape}] dim 1`,
      () => [leaf(...shape)],
      (x) => softmax(x as Tensor, 1),
    );
  }
  for (const [n, classes] of [
    [64, 10],
    [1024, 64],
    [2048, 15000],
    [32768, 100],
  ] as const) {
    const targets = randint(0, classes, [n]);
    yield both(
      `crossEntropy [${n},${classes}]`,
      () => [leaf(n, classes)],
      (x) => F.crossEntropy(x as Tensor, targets),
    );
  }
  for (const shape of [
    [32, 64, 56, 56],
    [64, 512, 4, 4],
    [2, 3, 1024, 1024],
    [65536, 16],
  ] as const) {
    yield both(
      `batchNorm [${shape}]`,
      () => [leaf(...shape), leaf(shape[1]), leaf(shape[1])],
      (x, weight, bias) => F.batchNorm(x as Tensor, { weight, bias, training: true }),
    );
  }
  for (const [shape, dim] of [
    [[2 ** 22], 0],
    [[100000, 64], 0],
    [[64, 100000], 1],
    [[64, 1000, 49], 1],
  ] as const) {
    yield forward(`sum dim ${dim}`, shape, (x) => sum(x, { dim }));
  }
  yield forward('norm', [2 ** 22], (x) => norm(x));
  yield forward('norm dim 1', [4096, 768], (x) => norm(x, { dim: 1 }));
  for (const [shape, dim] of [
    [[8, 100000], 1],
    [[100000, 8], 1],
    [[100000, 8], 0],
  ] as const) {
    yield forward(`cumsum dim ${dim}`, shape, (x) => cumsum(x, dim));
  }
  yield [
    'clipGradNorm, 10^7 parameters',
    () => {
      const x = leaf(10 ** 7);
      x.grad = rand([10 ** 7]);
      return () => step(() => clipGradNorm([x], 1));
    },
  ];
}

await openNothing(process.argv.includes('--software') ? null : 'gpu');
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
console.log('| what | kernel | workgroups × lanes |\n| --- | --- | --- |');
for (const [name, prepare] of cases()) {
  if (wanted.length > 0 && !wanted.some((word) => name.startsWith(word))) continue;
  const run = prepare();
  for (const { name: kernel, workgroups, wgsl } of await dispatched(run)) {
    const lanes = /@workgroup_size\((\d+)/.exec(wgsl)?.[1];
    console.log(`| ${name} | ${kernel} | ${workgroups.reduce((a, b) => a * b)} × ${lanes} |`);
  }
}
// Dawn may keep a thread.
process.exit();
