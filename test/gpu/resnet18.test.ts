/**
 * A ResNet-18 under torchvision's names, by layers of kindling, with weights out of a safetensors file: PyTorch's outputs,
 * statistics and gradients (`test/fixtures/resnet18.py`).
 */
import { type Tensor, tensor } from 'kindling';
import { type HostTensor, loadSafetensors, writeSafetensors } from 'kindling/io';
import { BatchNorm2d, Conv2d, deepcopy, Linear, Module, Sequential } from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { beforeAll, expect, it } from 'vitest';
import { close } from '../support/agree.js';
import { loadJson } from '../support/fixtures.js';
import { uniform } from '../support/random.js';

const conv = (inputs: number, outputs: number, kernelSize: number, stride = 1): Conv2d =>
  new Conv2d(inputs, outputs, kernelSize, { stride, padding: Math.floor(kernelSize / 2), bias: false });

class BasicBlock extends Module {
  conv1: Conv2d;
  bn1: BatchNorm2d;
  conv2: Conv2d;
  bn2: BatchNorm2d;
  downsample: Sequential | null = null;

  constructor(inputs: number, outputs: number, stride: number) {
    super();
    this.conv1 = conv(inputs, outputs, 3, stride);
    this.bn1 = new BatchNorm2d(outputs);
    this.conv2 = conv(outputs, outputs, 3);
    this.bn2 = new BatchNorm2d(outputs);
    if (stride === 1 && inputs === outputs) return;
    this.downsample = new Sequential(conv(inputs, outputs, 1, stride), new BatchNorm2d(outputs));
  }

  forward(x: Tensor): Tensor {
    const y = this.bn2(this.conv2(this.bn1(this.conv1(x)).relu()));
    return y.add(this.downsample ? this.downsample(x) : x).relu();
  }
}

const layer = (inputs: number, outputs: number, stride: number): Sequential =>
  new Sequential(new BasicBlock(inputs, outputs, stride), new BasicBlock(outputs, outputs, 1));

class ResNet18 extends Module {
  conv1 = conv(3, 64, 7, 2);
  bn1 = new BatchNorm2d(64);
  layer1 = layer(64, 64, 1);
  layer2 = layer(64, 128, 2);
  layer3 = layer(128, 256, 2);
  layer4 = layer(256, 512, 2);
  fc = new Linear(512, 1000);

  forward(x: Tensor): Tensor {
    let y = F.maxPool2d(this.bn1(this.conv1(x)).relu(), 3, { stride: 2, padding: 1 });
    y = this.layer4(this.layer3(this.layer2(this.layer1(y))));
    return this.fc(F.adaptiveAvgPool2d(y, 1).flatten(1));
  }
}

interface Fixture {
  keys: Record<string, number[]>;
  /** Every seventh of the logits. */
  evaluated: number[];
  best: number[];
  trained: number[];
  running: Record<string, number[]>;
  batches: number;
  gradient: number[];
}

let fixture: Fixture;
let file: Uint8Array;
let images: Tensor;
beforeAll(async () => {
  fixture = await loadJson<Fixture>('resnet18.json');
  let drawn = 0;
  const numbers = (shape: readonly number[], low: number, high: number): Float32Array =>
    Float32Array.from(
      { length: shape.reduce((product, n) => product * n, 1) },
      () => low + (high - low) * uniform(drawn++),
    );
  const weights = (name: string, shape: readonly number[]): Float32Array => {
    const bound = Math.sqrt(6 / shape.slice(1).reduce((product, n) => product * n, 1));
    if (shape.length > 1) return numbers(shape, -bound, bound);
    return /(bias|mean)$/.test(name) ? numbers(shape, -0.5, 0.5) : numbers(shape, 0.5, 1.5);
  };
  const state = Object.entries(fixture.keys).map(([name, shape]): [string, HostTensor] =>
    shape.length === 0
      ? [name, { dtype: 'i32', shape, data: Int32Array.of(7), format: 'I64' }]
      : [name, { dtype: 'f32', shape, data: weights(name, shape) }],
  );
  file = writeSafetensors(new Map(state));
  images = tensor(numbers([2, 3, 64, 64], -2, 2), { shape: [2, 3, 64, 64] });
});

/** Bounded beside the largest: sums of up to 4,608 products in another order, eighteen layers deep. */
async function agrees(name: string, got: ArrayLike<number>, want: readonly number[], bound: number): Promise<void> {
  const atol = bound * Math.max(...want.map(Math.abs));
  await close(name, tensor(Float32Array.from(got)), { shape: [want.length], data: want }, { rtol: bound, atol });
}

const seventh = async (logits: Tensor): Promise<number[]> => [...(await logits.data())].filter((_, i) => i % 7 === 0);

it('has torchvision’s names and shapes', () => {
  const state = new ResNet18().stateDict();
  expect(Object.fromEntries(Object.entries(state).map(([name, { shape }]) => [name, shape]))).toEqual(fixture.keys);
  expect(Object.keys(state)).toEqual(Object.keys(fixture.keys));
});

it('loads a file of weights and computes what PyTorch computes, in evaluation and in training', async () => {
  const model = new ResNet18();
  expect(model.loadStateDict(loadSafetensors(file))).toEqual({ missingKeys: [], unexpectedKeys: [] });
  model.eval();
  const logits = model(images);
  await agrees('evaluated', await seventh(logits), fixture.evaluated, 2e-4);
  expect(await deepcopy(model)(images).array()).toEqual(await logits.array());
  model.train();
  const trained = model(images);
  await agrees('trained', await seventh(trained), fixture.trained, 1e-3);
  trained.reshape(2000).mul(column(3)).sum().backward();
  await agrees('gradient', (await model.conv1.weight.grad?.data())?.slice(0, 49) ?? [], fixture.gradient, 5e-3);
  const buffers = Object.fromEntries(model.namedBuffers());
  for (const [name, want] of Object.entries(fixture.running)) {
    await agrees(name, (await buffers[name]?.data())?.slice(0, 16) ?? [], want, 1e-3);
  }
  expect(await model.bn1.numBatchesTracked?.item()).toBe(fixture.batches);
});

/** 1 where a row's logit is this one. */
const column = (i: number): Tensor => tensor(Float32Array.from({ length: 2000 }, (_, at) => Number(at % 1000 === i)));
