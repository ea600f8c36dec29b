/** Trains one scenario with one seed, in Node and in a page alike. It can stop after any step and go on later. */
import { argmax, capture, init, manualSeed, noGrad, onCompile, randint, randn, type Tensor } from 'kindling';
import { channelStats, DataLoader, type ImageDataset, Normalize } from 'kindling/data';
import { loadSafetensors, saveSafetensors } from 'kindling/io';
import type { Logger, LogRecord } from 'kindling/log';
import { accuracy, classificationReport, confusionMatrix, microF1 } from 'kindling/metrics';
import * as F from 'kindling/nn/functional';
import { Adam, ExponentialLR, l1Penalty, type Optimizer, SGD } from 'kindling/optim';
import { Diverged, type TrainEvent, type EpochRecord as TrainedEpoch, trainModel } from 'kindling/train';
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
  /** The rate of the step. */
  readonly learningRate: number;
  /** Images in the batch. */
  readonly images: number;
}

/** What is trained: whoever watches may look at it between steps, and set rates of the optimizer's groups. */
export interface LiveRun {
  readonly model: Net;
  readonly optimizer: Optimizer;
  /** Of the images, before they reach the model. */
  readonly transform: Normalize | undefined;
  /** Steps that the weights have taken: those told of, and up to two that were made since. */
  stepsMade(): number;
}

/** How far something is that has many parts. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

export interface RunEvents {
  /** What goes on before a step can run. */
  onPrepare?(what: string, progress?: Progress): void;
  /** Called once, before the first step. */
  onBegin?(run: LiveRun): void;
  /** Called after every step; true stops the run with a checkpoint. */
  onStep?(event: StepEvent): boolean | Promise<boolean>;
  /** Called with the class of each test image, while the model is in evaluation mode. */
  onEvaluate?(predictions: readonly number[]): void | Promise<void>;
  /** Called after every epoch, as `onStep`. */
  onEpoch?(record: EpochRecord): unknown;
  /** Seconds between checkpoints handed to `onCheckpoint`; asked after every step, it may be a getter. Default: 30. */
  readonly checkpointSeconds?: number;
  onCheckpoint?(checkpoint: Uint8Array): Promise<void>;
  /** Told what the run logs, in order, each awaited before the next. */
  onLog?(record: LogRecord): unknown;
  /** Called before each step is made, with its number from 1 over all epochs; some of those before it are still under way. */
  beforeStep?(step: number): void;
  /** Told of everything that happens in the run, steps and epochs too, in order. What it returns is awaited. */
  onTrain?(event: TrainEvent): unknown;
  /** Seconds between snapshots, from the last of which a run goes on whose device is lost. Default: none, such a run ends. */
  readonly snapshotSeconds?: number;
  /** Steps from one look at the soundness of weights and gradients to the next. Default: none, or that of the log. */
  readonly healthEvery?: number;
}

export type RunOutcome =
  | {
      readonly stopped: false;
      readonly result: RunResult;
      readonly weights: Uint8Array;
      readonly predictions: number[];
    }
  /** The last checkpoint handed out goes on from there. */
  | { readonly stopped: true }
  /** When, and in which parameter first. The last checkpoint handed out is the last good one. */
  | { readonly stopped: false; readonly diverged: string };

const EVAL_BATCH = 250;
/** Steps between two looks at weights and gradients, of a run that is logged. */
const HEALTH_EVERY = 50;

export interface RunStart {
  /** A checkpoint of the same run, to go on from. */
  readonly resume?: Uint8Array | undefined;
  /** Weights to begin with (safetensors), where the scenario goes on from another. */
  readonly start?: Uint8Array | undefined;
  /** Chooses kernels, with a step to try them on, before anything is trained. Default: none, the library's own choice. */
  readonly prepare?: Prepare;
  /** Makes the log of a run whose `onLog` is there. */
  readonly log?: (onLog: (record: LogRecord) => unknown, batchSize: number) => RunLog;
}

/** What a run is logged to. */
export interface RunLog extends Pick<Logger, 'addHparams' | 'close'> {
  on(event: TrainEvent): Promise<void>;
}

export type Prepare = (trial: () => Tensor, say: (what: string, progress?: Progress) => void) => Promise<void>;

/** Trains a run to its end, a stop, or the step in which it diverges. */
export async function trainRun(
  config: RunConfig,
  { train, test }: RunData,
  events: RunEvents = {},
  { resume, start, prepare, log: logOf }: RunStart = {},
): Promise<RunOutcome> {
  await init();
  const { scenario, seed, epochs, batchSize } = config;
  const say = (what: string, progress?: Progress): void => events.onPrepare?.(what, progress);
  await prepare?.(() => throwawayStep(scenario, batchSize), say);
  onCompile(({ done, total }) => say(`compiling shaders: ${done} of ${total}`, { done, total }));
  manualSeed(seed);
  const model = new Net(scenario);
  if (start) model.loadStateDict(loadSafetensors(start));
  const optimizer = optimizerOf(scenario, model);
  const scheduler = new ExponentialLR(optimizer, { gamma: scenario.gamma ?? 1 });
  const { mean, std } = channelStats(train);
  const transform = scenario.normalise ? new Normalize(mean, std) : undefined;
  const loader = new DataLoader(train, { batchSize, shuffle: scenario.shuffle ?? true, seed, transform });
  const { name, ...choices } = scenario;
  const sizes = { epochs, batchSize, trainSize: train.length, testSize: test.length };
  const hparams = { scenario: name, ...choices, seed, ...sizes };
  const update = capture((images: Tensor, labels: Tensor) => trainStep(scenario, model, optimizer, images, labels));
  const classify = capture((images: Tensor) => noGrad(() => argmax(model(images), { dim: 1 })));
  const user: { firstLosses: number[] } = { firstLosses: [] };
  const rates: number[] = [];
  let stepsMade = 0;
  const stop = new AbortController();
  let predictions: number[] = [];
  const log = events.onLog && logOf?.((record) => events.onLog?.(record), batchSize);

  /** Steps are made ahead of what is told of them: each keeps the rate that it was made with. */
  function made(images: Tensor, labels: Tensor): Tensor {
    stepsMade += 1;
    events.beforeStep?.(stepsMade);
    rates.push(optimizer.paramGroups[0]?.lr ?? Number.NaN);
    return update(images, labels);
  }

  async function on(event: TrainEvent): Promise<void> {
    await log?.on(event);
    if (event.type === 'resume' || event.type === 'recovered') {
      stepsMade = event.step;
      rates.length = 0;
    }
    await events.onTrain?.(event);
    if (event.type === 'step') {
      const { epoch, batch: step, loss } = event;
      if (user.firstLosses.length < 10) user.firstLosses.push(loss);
      const images = Math.min(batchSize, train.length - (step - 1) * batchSize);
      const learningRate = rates.shift() ?? Number.NaN;
      const told = { epoch, step, stepsPerEpoch: loader.length, loss, learningRate, images };
      if (await events.onStep?.(told)) stop.abort();
    }
    if (event.type === 'epoch') {
      decayFor(event.epoch + 1, scenario, optimizer);
      if ((await events.onEpoch?.(recordOf(event))) === true) stop.abort();
    }
  }

  decayFor(1, scenario, optimizer);
  events.onBegin?.({ model, optimizer, transform, stepsMade: () => stepsMade });
  try {
    const { finished, seconds, history } = await trainModel(made, loader, {
      epochs,
      model,
      optimizer,
      scheduler,
      async evaluate() {
        predictions = await predict(classify, test, transform);
        await events.onEvaluate?.(predictions);
        return { accuracy: accuracy(test.labels, predictions) };
      },
      checkpoint: { save: (bytes) => events.onCheckpoint?.(bytes), load: () => resume ?? null },
      // Asked each time: whoever watches may want one now.
      get checkpointEvery() {
        return events.checkpointSeconds;
      },
      resume: resume !== undefined,
      settings: { ...hparams, data: config.data ?? train.source },
      user,
      healthEvery: events.healthEvery ?? (log && HEALTH_EVERY),
      ...(events.snapshotSeconds !== undefined && { recover: true, snapshotEvery: events.snapshotSeconds }),
      signal: stop.signal,
      on,
    });
    if (!finished) return { stopped: true };
    log?.addHparams({ ...hparams }, history.at(-1)?.scores ?? {});
    const labels = [...test.labels];
    const metadata = { data: train.source, scenario: name, seed: String(seed) };
    return {
      stopped: false,
      weights: await saveSafetensors(model.stateDict(), metadata),
      predictions,
      result: {
        scenario: name,
        seed,
        accuracy: accuracy(labels, predictions),
        microF1: microF1(labels, predictions),
        seconds,
        history: history.map(recordOf),
        confusionMatrix: confusionMatrix(labels, predictions, { classes: 10 }),
        report: classificationReport(labels, predictions, { classes: 10, targetNames: train.classes }).toJSON(),
        ...user,
      },
    };
  } catch (error) {
    if (error instanceof Diverged) return { stopped: false, diverged: error.what };
    throw error;
  } finally {
    await log?.close();
    // The next run's buffers can be these.
    update.reset();
    classify.reset();
  }
}

const recordOf = ({ epoch, loss, scores, learningRate }: TrainedEpoch): EpochRecord => ({
  epoch,
  trainLoss: loss,
  testAccuracy: scores?.accuracy ?? Number.NaN,
  learningRate: learningRate ?? Number.NaN,
});

/** Sets the weight decay that counts from an epoch on, from 1. In those between, it is left as whoever watches has set it. */
function decayFor(epoch: number, { weightDecay = 0, weightDecayFrom = 1 }: Scenario, optimizer: Optimizer): void {
  if (epoch !== 1 && epoch !== weightDecayFrom) return;
  for (const group of optimizer.paramGroups) group.weightDecay = epoch >= weightDecayFrom ? weightDecay : 0;
}

/** Forward, backward and update. */
export function trainStep(
  scenario: Scenario,
  model: Net,
  optimizer: Optimizer,
  images: Tensor,
  labels: Tensor,
): Tensor {
  optimizer.zeroGrad();
  const logProbabilities = model(images);
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

export function optimizerOf(scenario: Scenario, model: Net): Optimizer {
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
