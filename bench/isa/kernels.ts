/** Which kernels are compiled, as GPUs get them. None of them is run: Dawn's null backend takes their commands and does nothing. */
import { join } from 'node:path';
import { matmul, rand, step, type Tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { openNothing } from '../../scripts/nothing.js';
import { ROOT, runPage } from '../../scripts/page.js';
import { dispatched, stepKernels } from '../../scripts/profile/kernels.js';
import { stepOfFile } from '../../scripts/profile/stepOfFile.js';
import { catalogue } from '../../test/support/catalogue.js';
import { ampKernels } from '../../test/support/catalogueAmp.js';
import type { Dispatch, PeerName } from './peersPage.js';

/** A shader and what launches it. */
export interface Listed {
  /** What it is part of: a product and its shape, a step, the catalogue, a peer. */
  readonly of: string;
  readonly name: string;
  readonly wgsl: string;
  readonly workgroups: readonly number[];
  /** Multiplications and additions of one launch, where they are what it spends its time on. */
  readonly flops?: number | undefined;
}

/** Libraries whose kernels may be compiled beside ours. */
export const PEERS = ['tfjs', 'jax-js'] as const satisfies readonly PeerName[];

const listed = async (of: string, body: () => unknown): Promise<Listed[]> =>
  (await dispatched(body)).map((kernel) => ({ ...kernel, of }));

async function product(n: number): Promise<Listed[]> {
  const [a, b] = [rand([n, n]), rand([n, n])];
  return listed(`matmul [${n},${n}]×[${n},${n}]`, () => matmul(a, b));
}

/** The kernels of a convolution, without padding and bias, and of its gradients. */
async function convolution(xShape: number[], weightShape: number[]): Promise<Listed[]> {
  const [x, weight] = [rand(xShape), rand(weightShape)];
  const dy = rand([...F.conv2d(x, weight).shape]);
  const gradient = (by: Tensor) => (): void => {
    by.requiresGrad_();
    // The forward pass, whose result nobody reads, is not run.
    step(() => F.conv2d(x, weight).backward(dy));
    by.requiresGrad_(false);
  };
  const name = `conv2d [${xShape}]×[${weightShape}]`;
  return [
    ...(await listed(`${name} forward`, () => F.conv2d(x, weight))),
    ...(await listed(`${name} input gradient`, gradient(x))),
    ...(await listed(`${name} weight gradient`, gradient(weight))),
  ];
}

/** Those whose figures are in `bench/results`: some products, and one training step of the study. */
export async function measuredKernels(): Promise<Listed[]> {
  await openNothing();
  return [
    ...(await product(1024)),
    ...(await convolution([64, 32, 15, 15], [64, 32, 3, 3])),
    ...(await convolution([32, 128, 28, 28], [128, 128, 3, 3])),
    ...(await stepKernels(64)).map((kernel) => ({ ...kernel, of: 'step of the study, batch 64' })),
  ];
}

/** Every kernel of the catalogue, those for software adapters among them, and products over f16. */
export const catalogueKernels = (): Listed[] =>
  [...catalogue(), ...ampKernels()].map((kernel) => ({ ...kernel, of: 'catalogue' }));

/** @param file a module whose default export makes a step: a function without arguments that is called again and again */
export async function kernelsOfStep(file: string): Promise<Listed[]> {
  await openNothing();
  const train = await stepOfFile(file);
  await train(); // State is made.
  return listed(file, () => train());
}

/** What another library dispatches in a training step of the study's network, batch 64, in Chromium. Of its arithmetic nothing is known. */
export async function peerKernels(peer: PeerName): Promise<Listed[]> {
  const dispatches = (await runPage({ entry: join(ROOT, 'bench/isa/peersPage.ts'), input: peer })) as Dispatch[];
  return dispatches.map((dispatch) => ({ ...dispatch, of: `${peer}, step of the study, batch 64` }));
}
