/** The loop around a training step. Everything that it does can be done by hand: docs/guide/training.md shows how. */
import { epoch } from '../gpu/device.js';
import { refuse, refusePromise } from '../gpu/errors.js';
import { atMost, wantTensor } from '../gpu/options.js';
import { type Health, health } from '../log/health.js';
import type { Tensor } from '../tensor/tensor.js';
import { atTheStart, Checkpoints } from './checkpoints.js';
import { scoreOf, scoresOf } from './evaluation.js';
import type { EpochRecord, Place } from './events.js';
import { checkTrain, type Loader, type Step, type TrainOptions } from './options.js';
import { OwnRandom } from './random.js';
import { isLoss, Recovery } from './recovery.js';
import { Watch } from './watch.js';

/** How a run ended. */
export interface Trained {
  /** False where the signal stopped it: then `resume` goes on. */
  readonly finished: boolean;
  /** Steps made, those before it was resumed included. */
  readonly steps: number;
  /** Spent on the run, in all. */
  readonly seconds: number;
  /** The epochs that have ended. */
  readonly history: readonly EpochRecord[];
}

/** A step under way. */
interface Underway {
  readonly loss: Tensor;
  readonly learningRate: number | null;
  readonly look: Promise<void> | undefined;
  readonly health: Promise<Health> | undefined;
}

/** Steps under way on the device before the loss of the oldest is awaited: none waits for the one before it. */
const AHEAD = 3;

/**
 * Trains: calls `step` with each batch of `loader`, epoch after epoch, keeps three steps under way on the device, and does what
 * surrounds them, as far as `options` ask for it: evaluations, schedules, checkpoints, a stop, events. A run that was stopped, or
 * killed, goes on with `resume` to the same bits, from the middle of an epoch too.
 *
 * Every tenth step, and before each checkpoint, it looks for NaN and infinities in weights, running statistics and the
 * optimizer's state; at the loss it looks at each step.
 *
 * Random numbers that steps draw, and a loader when it is asked for a batch, are the run's own: they begin where the library's
 * stand, and runs side by side leave each other alone. Evaluations draw from the library's, which resuming puts back too.
 *
 * @param step makes one step with the tensors of a batch, and returns its loss, which is read and freed: best a function from
 *   `capture`, else one around `step(…)`
 * @throws KindlingError where arguments do not fit together, or the checkpoint is damaged or of another run; {@link Diverged}
 *   where a loss, a weight, a running statistic or a moment is not finite
 * @example
 * const { history } = await trainModel(train, new DataLoader(data, { batchSize: 64, shuffle: true }), {
 *   epochs: 10,
 *   model,
 *   optimizer,
 *   evaluate: async () => ({ accuracy: accuracy(test.labels, await predict()) }),
 *   checkpoint: 'run.checkpoint',
 *   on: (event) => event.type === 'epoch' && console.log(event.epoch, event.loss, event.scores),
 * });
 */
export async function trainModel<Batch extends readonly Tensor[]>(
  step: Step<NoInfer<Batch>>,
  loader: Loader<Batch>,
  options: TrainOptions,
): Promise<Trained> {
  atMost('trainModel', 3, arguments);
  checkTrain(step, loader, options);
  const {
    epochs,
    model,
    optimizer,
    scheduler,
    scheduleEvery = 'epoch',
    monitor,
    evaluate,
    evaluateEvery = 1,
  } = options;
  const { signal, healthEvery, on } = options;
  const batches = loader.length;
  const random = new OwnRandom();
  const checkpoints = new Checkpoints(options, batches, random);
  const resumed = await checkpoints.load();
  const run = resumed ?? atTheStart();
  const recovery = options.recover ? new Recovery(options, random) : null;
  const begun = performance.now() - 1000 * run.seconds;

  const isStopped = (): boolean => signal?.aborted === true;
  const stepsMade = (): number => run.epoch * batches + run.batch;
  const place = (): Place => ({ step: stepsMade(), epoch: run.epoch + 1, batch: run.batch });
  let watch = new Watch([model, optimizer], stepsMade());
  const underway: Underway[] = [];

  /** Begins to look at weights and gradients as the `number`-th step has left them, where that is due. */
  function healthAfter(number: number): Promise<Health> | undefined {
    if (healthEvery === undefined || number % healthEvery !== 0) return undefined;
    const found = health(model);
    // Whoever waits for it gets it, unless the step fails first.
    found.catch(() => {});
    return found;
  }

  /** Makes the `made`-th step of the epoch. */
  function make(batch: Batch, made: number): void {
    const learningRate = optimizer?.paramGroups[0]?.lr ?? null;
    run.learningRate = learningRate;
    const loss = random.run(() => step(...(batch as Parameters<typeof step>)));
    refusePromise(loss, 'trainModel: the step must not be async; return the loss as it is, trainModel awaits it');
    wantTensor('trainModel', 'what the step returns', loss);
    const number = run.epoch * batches + made;
    underway.push({ loss, learningRate, look: watch.due(number), health: healthAfter(number) });
    if (scheduleEvery === 'step') scheduler?.step();
  }

  /** Waits for the oldest steps, until no more than `most` are under way. */
  async function settle(most: number): Promise<void> {
    for (let [oldest] = underway; oldest && underway.length > most; [oldest] = underway) {
      const loss = await oldest.loss.item();
      oldest.loss.dispose();
      underway.shift();
      const step = stepsMade() + 1;
      const found = await oldest.health;
      if (found) await on?.({ type: 'health', ...place(), step, batch: run.batch + 1, health: found });
      await watch.loss(step, loss);
      await oldest.look;
      run.batch++;
      run.lossSum += loss;
      await on?.({ type: 'step', ...place(), loss, learningRate: oldest.learningRate });
      recovery?.settled(run);
    }
  }

  /** Weights and progress are to tell of the same moment, and nothing in them is NaN. */
  async function save(): Promise<void> {
    await settle(0);
    await watch.look(stepsMade());
    run.seconds = (performance.now() - begun) / 1000;
    if (await checkpoints.save(run)) await on?.({ type: 'checkpoint', ...place() });
  }

  const isLast = (made: number): boolean => made === batches && run.epoch + 1 === epochs;

  /** Whether an evaluation follows the `made`-th step of the epoch. */
  function isEvaluated(made: number): boolean {
    if (!evaluate || isLast(made)) return evaluate !== undefined;
    if (typeof evaluateEvery === 'object') return (run.epoch * batches + made) % evaluateEvery.steps === 0;
    return made === batches && (run.epoch + 1) % evaluateEvery === 0;
  }

  /** Does what follows a step: an evaluation, the end of the epoch. */
  async function conclude(): Promise<void> {
    const scores = evaluate && isEvaluated(run.batch) ? await scoresOf(model, evaluate) : null;
    if (scores) await on?.({ type: 'evaluation', ...place(), scores });
    if (scores && monitor !== undefined) scheduler?.step(scoreOf(scores, monitor));
    run.due = false;
    if (run.batch < batches) return;
    const { epoch, step } = place();
    const record = { epoch, step, loss: run.lossSum / batches, learningRate: run.learningRate, scores };
    if (scheduleEvery === 'epoch' && monitor === undefined) scheduler?.step(record.loss);
    run.epoch = epoch;
    run.batch = 0;
    run.lossSum = 0;
    run.history.push(record);
    await on?.({ type: 'epoch', ...record });
  }

  /** Trains to the end, or until the signal stops it, and saves. */
  async function train(): Promise<void> {
    await trainSteps();
    if (run.epoch < epochs) await save();
  }

  async function trainSteps(): Promise<void> {
    // A run may have been stopped between a step and what follows it.
    if (run.due && !isStopped()) await conclude();
    while (run.epoch < epochs) {
      if (isStopped()) return;
      loader.setEpoch(run.epoch, run.batch);
      let made = run.batch;
      for await (const batch of random.batches(loader)) {
        if (++made > batches) refuse(`trainModel: the loader gives more than the ${batches} batches of its length`);
        make(batch, made);
        run.due = made === batches || isEvaluated(made);
        recovery?.made(run, made);
        await settle(run.due ? 0 : AHEAD - 1);
        if (isLast(made) || checkpoints.isDue) await save();
        if (run.due && !isStopped()) await conclude();
        if (isStopped()) return;
      }
      if (made < batches) refuse(`trainModel: the loader gives ${made} batches; its length is ${batches}`);
    }
  }

  /** Trains, and goes on from the last snapshot where a device is lost. */
  async function trainOn(): Promise<void> {
    for (let lost: unknown = null; ; ) {
      try {
        if (lost) await goOn(lost);
        return await train();
      } catch (error) {
        if (!recovery || !(await isLoss(error, opened))) throw error;
        lost = error;
      }
    }
  }

  async function goOn(lost: unknown): Promise<void> {
    opened = epoch();
    await on?.({ type: 'lost', ...place(), reason: (lost as Error).message });
    for (const { loss } of underway.splice(0)) loss.dispose();
    const found = await recovery?.recover(run, stepsMade(), lost);
    watch = new Watch([model, optimizer], stepsMade());
    if (found) await on?.({ type: 'recovered', ...place(), adapter: found.description });
  }

  /** The device that is lost is the one of then. */
  let opened = epoch();
  try {
    await recovery?.begin(run);
    if (resumed) await on?.({ type: 'resume', ...place(), adapter: run.adapter });
    await trainOn();
    const finished = run.epoch >= epochs;
    return { finished, steps: stepsMade(), seconds: (performance.now() - begun) / 1000, history: run.history };
  } finally {
    for (const { loss } of underway) loss.dispose();
    random.end();
  }
}
