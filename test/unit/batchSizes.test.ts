/**
 * A step for another batch size compiles little: the batch is data of the shaders, and a text is new only where the size changes
 * which kernel is chosen. Of steps recorded on Dawn's null backend, as a software adapter and as a GPU: nothing is computed.
 */
import { capture, destroy, init, manualSeed, randn, sync, type Tensor, zeros } from 'kindling';
import type { Module } from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { SGD } from 'kindling/optim';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { create, globals } from 'webgpu';
import { Net } from '../../examples/cifar/network.js';
import { Gpt } from '../../examples/gpt/model.js';
import { ResNet } from '../../examples/resnet/network.js';
import { pipelineCount } from '../../src/gpu/pipelines.js';

const { prototype } = (globals as unknown as { GPU: { prototype: GPU } }).GPU;
const { requestAdapter } = prototype;
const SOFTWARE = { vendor: 'google', architecture: 'swiftshader', subgroupMinSize: 4, subgroupMaxSize: 4 };

beforeEach(() => {
  // A driver is named, so that none is looked for.
  vi.stubEnv('VK_DRIVER_FILES', 'none');
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  destroy();
  prototype.requestAdapter = requestAdapter;
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

async function open(as: 'software' | 'gpu'): Promise<void> {
  const nothing = create(['backend=null']);
  prototype.requestAdapter = async () => {
    const adapter = await requestAdapter.call(nothing);
    if (adapter && as === 'software') Object.defineProperty(adapter, 'info', { value: SOFTWARE });
    return adapter;
  };
  const { isSoftware } = await init(as === 'gpu' ? { assume: 'gpu' } : {});
  expect(isSoftware).toBe(as === 'software');
}

/** How many shaders a training step of each of these batch sizes compiles, after one of 64. */
async function newShaders(
  model: Module,
  sizes: readonly number[],
  batch: (n: number) => [Tensor, Tensor] = (n) => [randn([n, 3, 32, 32]), zeros([n], { dtype: 'i32' })],
): Promise<number[]> {
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const step = capture((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const scores = model(x) as Tensor;
    const loss = F.crossEntropy(scores.reshape([y.size, -1]), y.reshape([-1]));
    loss.backward();
    optimizer.step();
    return loss;
  });
  const counts: number[] = [];
  for (const n of [64, ...sizes]) {
    const [x, y] = batch(n);
    await sync();
    const before = pipelineCount();
    for (let turn = 0; turn < 2; turn++) step(x, y);
    await sync();
    counts.push(pipelineCount() - before);
  }
  return counts.slice(1);
}

const most = (limits: readonly number[], counts: readonly number[]): void =>
  expect(counts.map((count, n) => Math.min(count, limits[n] ?? 0))).toEqual(counts);

/** Of each size alone, after one of 64. */
const LIMITS = {
  software: { 16: 2, 32: 0, 48: 0, 63: 2, 80: 0, 96: 1, 100: 1, 128: 1, 200: 4, 256: 4, 500: 4 },
  gpu: { 16: 4, 32: 2, 48: 1, 63: 1, 80: 0, 96: 1, 100: 2, 128: 3, 200: 3, 256: 4, 500: 4 },
} as const;

describe.each(['software', 'gpu'] as const)('on an adapter of %s', (as) => {
  beforeEach(() => open(as));
  it.each(Object.entries(LIMITS[as]))("a step of the study's network of %s, at most %i", async (size, limit) => {
    manualSeed(0);
    most([limit], await newShaders(new Net({ name: 'study', lr: 0.1 }), [Number(size)]));
  });
  it("steps of the study's network with dropout, one after the other", async () => {
    manualSeed(0);
    const model = new Net({ name: 'study', lr: 0.1, dropoutConv: 0.1, dropoutDense: 0.3 });
    most(as === 'gpu' ? [1, 0, 1, 3] : [0, 2, 0, 0], await newShaders(model, [48, 63, 32, 128]));
  });
  it('a step of a residual network', async () => {
    manualSeed(0);
    most(as === 'gpu' ? [1, 0] : [0, 4], await newShaders(new ResNet(), [48, 63]));
  });
  it('a step of a small language model', async () => {
    manualSeed(0);
    const model = new Gpt({ vocabulary: 65, context: 64, width: 64, heads: 4, layers: 1 });
    const characters = (n: number): Tensor => zeros([n, 64], { dtype: 'i32' });
    most(as === 'gpu' ? [0, 0] : [1, 2], await newShaders(model, [48, 63], (n) => [characters(n), characters(n)]));
  });
});
