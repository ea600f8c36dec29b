/** Trains one scenario with one seed, in Node and in a page alike. It can stop after any step and go on later. */
import { argmax, capture, init, manualSeed, noGrad, onCompile, randint, randn, type Tensor } from 'kindling';
import { channelStats, DataLoader, type ImageDataset, Normalize } from 'kindling/data';
import { loadCheckpoint, loadSafetensors, saveCheckpoint, saveSafetensors } from 'kindling/io';
import { accuracy, classificationReport, confusionMatrix, microF1 } from 'kindling/metrics';
import * as F from 'kindling/nn/functional';
import { Adam, l1Penalty, lrScheduler, type Optimizer, SGD } from 'kindling/optim';
import { tuneIfAsked } from 'kindling/tune';
import { OwnRandom } from '../shared/random.js';
import { Diverged, Watch } from '../shared/watch.js';
import { Net } from './network.js';
import type { EpochRecord, RunResult } from './results.js';
import type { Scenario } from './scenarios.js';

/** Everything that decides a run's numbers, apart from the data. */
export interface RunConfig {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** A fingerprint of the data: a checkpoint of others is refused. Default: none. */
  readonly data?: string;
}

export interface RunData {
  readonly train: ImageDataset;
  readonly test: ImageDataset;
}

export interface StepEvent {
  /** From 1. */
  readonly epoch: number;
  /** Step within the epoch, from 1. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly loss: number;
  /** Images in the batch. */
  readonly images: number;
}

export interface RunEvents {
  /** What goes on before a step can run. */
  onPrepare?(what: string): void;
  /** Called after every step; true stops the run with a checkpoint. */
  onStep?(event: StepEvent): boolean | Promise<boolean>;
  onEpoch?(record: EpochRecord): void;
  /** Seconds between checkpoints handed to `onCheckpoint`. Default: 30. */
  readonly checkpointSeconds?: number;
  onCheckpoint?(checkpoint: Uint8Array): Promise<void>;
}

export type RunOutcome =
  | {
      readonly stopped: false;
      readonly result: RunResult;
      readonly weights: Uint8Array;
      readonly predictions: number[];
    }
  | { readonly stopped: true; readonly checkpoint: Uint8Array }
  /** When, and in which parameter first. The last checkpoint handed out is the last good one. */
  | { readonly stopped: false; readonly diverged: string };

/** What a run remembers between steps, besides weights and optimizer. */
interface Progress {
  epoch: number;
  /** Steps of this epoch that are done. */
  batch: number;
  losses: number[];
  firstLosses: number[];
  history: EpochRecord[];
  seconds: number;
}

const EVAL_BATCH = 250;
/** Steps that may be under way on the device before the loss of the oldest is awaited. */
const AHEAD = 3;

export interface RunStart {
  /** A checkpoint of the same run, to go on from. */
  readonly resume?: Uint8Array | undefined;
  /** Weights to begin with (safetensors), where the scenario goes on from another. */
  readonly start?: Uint8Array | undefined;
}

/** Trains a run to its end, a stop, or the step in which it diverges. */
export async function trainRun(
  config: RunConfig,
  data: RunData,
  events: RunEvents = {},
  from: RunStart = {},
): Promise<RunOutcome> {
  try {
    return await trainWatched(config, data, events, from);
  } catch (error) {
    if (error instanceof Diverged) return { stopped: false, diverged: error.message };
    throw error;
  }
}

async function trainWatched(
  config: RunConfig,
  { train: trainData, test }: RunData,
  events: RunEvents,
  { resume, start }: RunStart,
): Promise<RunOutcome> {
  await init();
  const { scenario, seed, epochs, batchSize } = config;
  await tuneIfAsked(() => throwawayStep(scenario, batchSize), {
    onProgress: ({ done, total }) => events.onPrepare?.(`tuning kernels: ${done} of ${total}`),
  });
  onCompile(({ done, total }) => events.onPrepare?.(`compiling shaders: ${done} of ${total}`));
  manualSeed(seed);
  const model = new Net(scenario);
  if (start) model.loadStateDict(loadSafetensors(start));
  const optimizer = optimizerOf(scenario, model);
  const scheduler = new lrScheduler.ExponentialLR(optimizer, { gamma: scenario.gamma ?? 1 });
  const { mean, std } = channelStats(trainData);
  const transform = scenario.normalise ? new Normalize(mean, std) : undefined;
  const loader = new DataLoader(trainData, { batchSize, shuffle: scenario.shuffle ?? true, seed, transform });
  let progress: Progress = { epoch: 0, batch: 0, losses: [], firstLosses: [], history: [], seconds: 0 };
  const { name, ...choices } = scenario;
  const sizes = { epochs, batchSize, trainSize: trainData.length, testSize: test.length };
  const settings = { scenario: name, ...choices, seed, ...sizes, data: config.data ?? trainData.source };
  if (resume) progress = loadCheckpoint<Progress>(resume, { model, optimizer, scheduler, settings }).user;
  const random = new OwnRandom();
  const began = performance.now() - progress.seconds * 1000;
  let savedAt = performance.now();

  const train = capture((images: Tensor, labels: Tensor) => trainStep(scenario, model, optimizer, images, labels));
  const classify = capture((images: Tensor) => noGrad(() => argmax(model.forward(images), { dim: 1 })));
  const stepsDone = (): number => progress.epoch * loader.length + progress.batch;
  const watch = new Watch([model, optimizer], stepsDone());
  const checkpoint = async (): Promise<Uint8Array> => {
    await watch.look(stepsDone());
    const user: Progress = { ...progress, seconds: (performance.now() - began) / 1000 };
    return random.run(() => saveCheckpoint({ model, optimizer, scheduler, settings, user }));
  };
  let predictions: number[] = [];
  while (progress.epoch < epochs) {
    model.train();
    const epoch = progress.epoch + 1;
    for (const group of optimizer.paramGroups) {
      group.weightDecay = epoch >= (scenario.weightDecayFrom ?? 1) ? (scenario.weightDecay ?? 0) : 0;
    }
    loader.setEpoch(progress.epoch, progress.batch);
    const underway: { loss: Tensor; images: number; look: Promise<void> | undefined }[] = [];
    /** Waits for the oldest step. @returns whether to stop */
    const settle = async (): Promise<boolean> => {
      const [{ loss: tensor, images, look } = {}] = underway.splice(0, 1);
      if (!tensor || images === undefined) return false;
      const loss = await tensor.item();
      await watch.loss(stepsDone() + 1, loss);
      await look;
      progress.losses.push(loss);
      if (progress.firstLosses.length < 10) progress.firstLosses.push(loss);
      progress.batch++;
      const event = { epoch, step: progress.batch, stepsPerEpoch: loader.length, loss, images };
      return (await events.onStep?.(event)) ?? false;
    };
    /** Waits for all steps, so that weights and progress tell of the same moment. */
    const settleAll = async (): Promise<void> => {
      while (underway.length > 0) await settle();
    };
    for await (const [images, labels] of loader) {
      const loss = random.run(() => train(images, labels));
      const look = watch.due(stepsDone() + underway.length + 1);
      underway.push({ loss, images: labels.size, look });
      if (underway.length === AHEAD && (await settle())) {
        await settleAll();
        const stopped = { stopped: true, checkpoint: await checkpoint() } as const;
        train.reset();
        classify.reset();
        return stopped;
      }
      if (events.onCheckpoint && performance.now() - savedAt > (events.checkpointSeconds ?? 30) * 1000) {
        await settleAll();
        await events.onCheckpoint(await checkpoint());
        savedAt = performance.now();
      }
    }
    await settleAll();
    model.eval();
    predictions = await predict(classify, test, transform);
    const record: EpochRecord = {
      epoch,
      trainLoss: progress.losses.reduce((total, loss) => total + loss, 0) / progress.losses.length,
      testAccuracy: accuracy(test.labels, predictions),
      learningRate: optimizer.paramGroups[0]?.lr ?? Number.NaN,
    };
    scheduler.step();
    progress = { ...progress, epoch, batch: 0, losses: [], history: [...progress.history, record] };
    events.onEpoch?.(record);
  }
  await watch.look(stepsDone());
  // A run resumed after its last epoch has no predictions yet.
  model.eval();
  if (predictions.length === 0) predictions = await predict(classify, test, transform);
  // The next run's buffers can be these.
  train.reset();
  classify.reset();
  const labels = [...test.labels];
  const report = classificationReport(labels, predictions, {
    classes: 10,
    targetNames: trainData.classes,
  });
  return {
    stopped: false,
    weights: await saveSafetensors(model.stateDict(), {
      data: trainData.source,
      scenario: scenario.name,
      seed: String(seed),
    }),
    predictions,
    result: {
      scenario: scenario.name,
      seed,
      accuracy: accuracy(labels, predictions),
      microF1: microF1(labels, predictions),
      seconds: (performance.now() - began) / 1000,
      history: progress.history,
      confusionMatrix: confusionMatrix(labels, predictions, { classes: 10 }),
      report: report.toJSON(),
      firstLosses: progress.firstLosses,
    },
  };
}

/** Forward, backward and update. */
function trainStep(scenario: Scenario, model: Net, optimizer: Optimizer, images: Tensor, labels: Tensor): Tensor {
  optimizer.zeroGrad();
  const logProbabilities = model.forward(images);
  const loss =
    scenario.loss === 'mse'
      ? F.mseLoss(logProbabilities.exp(), F.oneHot(labels, 10).to('f32'))
      : F.nllLoss(logProbabilities, labels);
  const penalised = scenario.l1 ? loss.add(l1Penalty(model.parameters()).mul(scenario.l1)) : loss;
  penalised.backward();
  optimizer.step();
  return loss;
}

/** A step of a model that nobody trains, to tune on. */
function throwawayStep(scenario: Scenario, batchSize: number): Tensor {
  const model = new Net(scenario);
  const [images, labels] = [randn([batchSize, 3, 32, 32]), randint(0, 10, [batchSize])];
  return trainStep(scenario, model, optimizerOf(scenario, model), images, labels);
}

function optimizerOf(scenario: Scenario, model: Net): Optimizer {
  const { lr, weightDecay = 0, momentum = 0 } = scenario;
  if (scenario.optimizer === 'sgd') return new SGD(model.parameters(), { lr, momentum, weightDecay });
  return new Adam(model.parameters(), { lr, weightDecay });
}

/** The class of each test image, by the largest log-probability. */
async function predict(
  classify: (images: Tensor) => Tensor,
  test: ImageDataset,
  transform: Normalize | undefined,
): Promise<number[]> {
  const classes: Promise<ArrayLike<number>>[] = [];
  for await (const [images] of new DataLoader(test, { batchSize: EVAL_BATCH, transform })) {
    classes.push(classify(images).data());
  }
  return (await Promise.all(classes)).flatMap((batch) => Array.from(batch));
}
