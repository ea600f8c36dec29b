/** Trains one scenario with one seed, in Node and in a page alike. It can stop after any step and go on later. */
import { init, manualSeed, noGrad, step, type Tensor } from 'kindling';
import { channelStats, DataLoader, type ImageDataset, Normalize } from 'kindling/data';
import { loadCheckpoint, loadSafetensors, saveCheckpoint, saveSafetensors } from 'kindling/io';
import { accuracy, classificationReport, confusionMatrix, microF1 } from 'kindling/metrics';
import * as F from 'kindling/nn/functional';
import { Adam, l1Penalty, lrScheduler, type Optimizer, SGD } from 'kindling/optim';
import { Net } from './network.js';
import type { EpochRecord, RunResult } from './results.js';
import type { Scenario } from './scenarios.js';

/** Everything that decides a run's numbers, apart from the data. */
export interface RunConfig {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
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
  | { readonly stopped: true; readonly checkpoint: Uint8Array };

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

/**
 * @param resume a checkpoint of the same run, to go on from
 * @param start weights to begin with (safetensors), where the scenario goes on from another
 */
export async function trainRun(
  config: RunConfig,
  { train, test }: RunData,
  events: RunEvents = {},
  { resume, start }: { resume?: Uint8Array; start?: Uint8Array } = {},
): Promise<RunOutcome> {
  await init();
  const { scenario, seed, epochs, batchSize } = config;
  manualSeed(seed);
  const model = new Net(scenario);
  if (start) model.loadStateDict(loadSafetensors(start));
  const optimizer = optimizerOf(scenario, model);
  const scheduler = new lrScheduler.ExponentialLR(optimizer, { gamma: scenario.gamma ?? 1 });
  const { mean, std } = channelStats(train);
  const transform = scenario.normalise ? new Normalize(mean, std) : undefined;
  const loader = new DataLoader(train, { batchSize, shuffle: scenario.shuffle ?? true, seed, transform });
  let progress: Progress = { epoch: 0, batch: 0, losses: [], firstLosses: [], history: [], seconds: 0 };
  if (resume) progress = loadCheckpoint<Progress>(resume, { model, optimizer, scheduler }).user;
  const began = performance.now() - progress.seconds * 1000;
  let savedAt = performance.now();

  const checkpoint = (): Promise<Uint8Array> => {
    const user: Progress = { ...progress, seconds: (performance.now() - began) / 1000 };
    return saveCheckpoint({ model, optimizer, scheduler, user });
  };
  let predictions: number[] = [];
  while (progress.epoch < epochs) {
    model.train();
    const epoch = progress.epoch + 1;
    for (const group of optimizer.paramGroups) {
      group.weightDecay = epoch >= (scenario.weightDecayFrom ?? 1) ? (scenario.weightDecay ?? 0) : 0;
    }
    loader.setEpoch(progress.epoch, progress.batch);
    for await (const [images, labels] of loader) {
      const loss = await trainStep(scenario, model, optimizer, images, labels).item();
      progress.losses.push(loss);
      if (progress.firstLosses.length < 10) progress.firstLosses.push(loss);
      progress.batch++;
      const event = { epoch, step: progress.batch, stepsPerEpoch: loader.length, loss, images: labels.size };
      const stop = await events.onStep?.(event);
      if (stop) return { stopped: true, checkpoint: await checkpoint() };
      if (events.onCheckpoint && performance.now() - savedAt > (events.checkpointSeconds ?? 30) * 1000) {
        await events.onCheckpoint(await checkpoint());
        savedAt = performance.now();
      }
    }
    predictions = await predict(model, test, transform);
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
  // A run resumed after its last epoch has no predictions yet.
  if (predictions.length === 0) predictions = await predict(model, test, transform);
  const labels = [...test.labels];
  const report = classificationReport(labels, predictions, {
    classes: 10,
    targetNames: train.classes,
  });
  return {
    stopped: false,
    weights: await saveSafetensors(model.stateDict(), {
      data: train.source,
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

/** Forward, backward and update: one submit. */
function trainStep(scenario: Scenario, model: Net, optimizer: Optimizer, images: Tensor, labels: Tensor): Tensor {
  return step(() => {
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
  });
}

function optimizerOf(scenario: Scenario, model: Net): Optimizer {
  const { lr, weightDecay = 0, momentum = 0 } = scenario;
  if (scenario.optimizer === 'sgd') return new SGD(model.parameters(), { lr, momentum, weightDecay });
  return new Adam(model.parameters(), { lr, weightDecay });
}

/** The class of each test image, by the largest log-probability. */
async function predict(model: Net, test: ImageDataset, transform: Normalize | undefined): Promise<number[]> {
  model.eval();
  const found: number[] = [];
  for await (const [images] of new DataLoader(test, { batchSize: EVAL_BATCH, transform })) {
    const classes = step(() => noGrad(() => model.forward(images).argmax({ dim: 1 })));
    found.push(...(await classes.data()));
  }
  return found;
}
