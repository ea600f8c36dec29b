/**
 * `npm run torture -- soak`: two models for many steps, captured and eager, with all that goes wrong in between; heap, memory,
 * buffers and pipelines must not grow.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { capture, init, manualSeed, noGrad, step, type Tensor } from 'kindling';
import { DataLoader, TensorDataset } from 'kindling/data';
import { CrossEntropyLoss, Dropout, Linear, Sequential, Tanh } from 'kindling/nn';
import { Adam } from 'kindling/optim';
import { device } from '../../src/gpu/device.js';
import { watchBuffers } from '../../test/support/buffers.js';

interface Sample {
  readonly step: number;
  readonly heap: number;
  readonly rss: number;
  readonly buffers: number;
  readonly bytes: number;
  readonly pipelines: number;
}

/** How much more there may be in the end: collected heaps differ a little, and resident memory by what the allocator keeps. */
const SLACK = { heap: 2 * 2 ** 20, rss: 24 * 2 ** 20, buffers: 4, bytes: 2 ** 16, pipelines: 0 };

/** 42 samples: the last of eleven batches has two. */
const rows = new TensorDataset(
  { data: Float32Array.from({ length: 42 * 6 }, (_, i) => Math.sin(i * i)), shape: [42, 6] },
  { data: Int32Array.from({ length: 42 }, (_, i) => i % 10), shape: [42] },
);

function trainer(width: number, isCaptured: boolean) {
  const model = new Sequential(new Linear(6, width), new Dropout(0.2), new Tanh(), new Linear(width, 10));
  const optimizer = new Adam(model.parameters(), { lr: 0.01 });
  const criterion = new CrossEntropyLoss();
  const body = (x: Tensor, y: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = criterion(model(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const judge = (x: Tensor, y: Tensor): Tensor => noGrad(() => criterion(model(x), y));
  return {
    optimizer,
    train: isCaptured ? capture(body) : (x: Tensor, y: Tensor) => step(() => body(x, y)),
    judge: isCaptured ? capture(judge) : (x: Tensor, y: Tensor) => step(() => judge(x, y)),
  };
}

/** @returns what grew */
export async function soak(steps: number): Promise<string[]> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const adapter = await init();
  console.log(`${adapter.description}: ${steps} steps`);
  const watched = watchBuffers(device());
  let pipelines = 0;
  for (const name of ['createComputePipeline', 'createComputePipelineAsync'] as const) {
    const make = device()[name].bind(device()) as (descriptor: GPUComputePipelineDescriptor) => unknown;
    Object.assign(device(), {
      [name](descriptor: GPUComputePipelineDescriptor) {
        pipelines++;
        return make(descriptor);
      },
    });
  }
  manualSeed(1);
  const trainers = [trainer(16, true), trainer(24, false)];
  const loaders = trainers.map((_, i) => new DataLoader(rows, { batchSize: 4, shuffle: true, seed: i }));
  const samples: Sample[] = [];
  let made = 0;
  for (let epoch = 0; made < steps; epoch++) {
    const which = epoch % 2;
    const [{ train, judge, optimizer }, loader] = [trainers[which], loaders[which]] as [
      (typeof trainers)[0],
      DataLoader<never>,
    ];
    loader.setEpoch(epoch);
    for (const group of optimizer.paramGroups) group.lr = 0.01 / (1 + (epoch % 5));
    let inEpoch = 0;
    for await (const [x, y] of loader as unknown as AsyncIterable<[Tensor, Tensor]>) {
      using loss = train(x, y);
      if (!Number.isFinite(await loss.item())) return [`the loss of step ${made} is no number`];
      made++;
      // Every third epoch is left in the middle; in every seventh a step throws.
      if (epoch % 3 === 2 && ++inEpoch === 4) break;
      if (epoch % 7 === 3) thrown(() => step(() => fail(x.mul(2).sum())));
    }
    if (epoch % 4 === 0) {
      for await (const [x, y] of loader as unknown as AsyncIterable<[Tensor, Tensor]>) {
        using loss = judge(x, y);
        await loss.item();
        break;
      }
    }
    if (samples.length > Math.floor((20 * made) / steps)) continue;
    for (let i = 0; i < 3; i++) {
      collect();
      await new Promise((done) => setTimeout(done, 10));
    }
    const { heapUsed: heap, rss } = process.memoryUsage();
    samples.push({ step: made, heap, rss, ...watched.live(), pipelines });
  }
  return judged(samples.filter((one) => one.step >= steps / 10));
}

function fail({ shape }: Tensor): never {
  throw new Error(`thrown on purpose, with a tensor of shape [${shape}]`);
}

function thrown(body: () => unknown): void {
  try {
    body();
  } catch {
    // On purpose.
  }
}

function judged(samples: readonly Sample[]): string[] {
  const [first, last] = [samples.slice(0, 4), samples.slice(-4)];
  return (Object.keys(SLACK) as (keyof typeof SLACK)[]).flatMap((name) => {
    const [before, after] = [first, last].map((part) => Math.max(...part.map((one) => one[name]))) as [number, number];
    console.log(`${name}: at most ${before} at first, ${after} in the end`);
    return after > before + SLACK[name] ? [`soak: ${name} grew from ${before} to ${after}`] : [];
  });
}
