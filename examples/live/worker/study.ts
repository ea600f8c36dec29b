/** Trains the runs of a plan one after the other, and tells what happens in them. */
import { capture, init, noGrad, type Tensor } from 'kindling';
import { DataLoader } from 'kindling/data';
import type { Net } from '../../cifar/network.js';
import { pick, type Scenario } from '../../cifar/scenarios.js';
import { type LiveRun, type RunData, type RunOutcome, trainRun } from '../../cifar/train.js';
import { type Plan, stepsIn } from '../shared/plan.js';
import type { News } from '../shared/protocol.js';
import type { Control } from './control.js';
import { afterEvaluation, runEnded, watched } from './door.js';
import type { Found, Keeper } from './keeping/index.js';
import { chooseKernels } from './kernels.js';
import { Reporter } from './reporter.js';

/** Test pictures whose probabilities are told. */
const SHOWN = 20;
/** What is trained since the last snapshot is trained again where a device is lost. */
const SNAPSHOT_SECONDS = 5;
const HEALTH_EVERY = 20;

/** From one checkpoint to the next; there is one at the end of each epoch too. */
const CHECKPOINT_SECONDS = 4;

type Tell = (news: News, transfer?: Transferable[]) => void;

/** @param keeper has what there is of the study's runs, and keeps what becomes of them */
export async function runStudy(plan: Plan, control: Control, post: Tell, keeper: Keeper | null): Promise<void> {
  const tell: Tell = (news, transfer) => {
    keeper?.hear(news);
    post(news, transfer);
  };
  try {
    await init();
    await chooseKernels();
    const data = await picturesOf(plan, tell);
    /** What runs ended with that others go on from. */
    const ended = new Map<string, Uint8Array>();
    for (const seed of plan.seeds) {
      for (const scenario of pick(plan.set, plan.scenarios)) {
        if (control.isStopped) break;
        const { startFrom } = scenario;
        const start = startFrom ? ended.get(`${startFrom} ${seed}`) : undefined;
        const found = await keeper?.find({ scenario: scenario.name, seed });
        if (found?.ended) {
          if (found.ended.weights) ended.set(`${scenario.name} ${seed}`, found.ended.weights);
          continue;
        }
        const kept = { keeper, found: found ?? null };
        const outcome = await trainOne(plan, scenario, seed, data, start, control, tell, kept);
        if (outcome.stopped) break;
        if ('diverged' in outcome) tell({ type: 'diverged', what: outcome.diverged });
        else {
          const { result, weights } = outcome;
          ended.set(`${scenario.name} ${seed}`, weights);
          tell({ type: 'end', result, weights });
        }
      }
    }
    tell({ type: 'over', stopped: control.isStopped });
  } finally {
    control.end();
  }
}

/** The images of the plan, the same ones each time. */
export async function picturesOf(plan: Plan, tell: Tell): Promise<RunData> {
  const data =
    plan.data === 'cifar10' ? await (await import('./real.js')).realPictures(plan, tell) : await drawn(plan, tell);
  const { images, labels, classes, source, synthetic } = data.test;
  tell({ type: 'pictures', pictures: { images, labels, classes, source, synthetic } });
  return data;
}

async function drawn({ trainSize, testSize }: Plan, tell: Tell): Promise<RunData> {
  tell({ type: 'prepare', what: 'drawing the pictures' });
  const { synthetic } = await import('./pictures.js');
  return {
    train: synthetic({ split: 'train', count: trainSize }),
    test: synthetic({ split: 'test', count: testSize }),
  };
}

async function trainOne(
  plan: Plan,
  scenario: Scenario,
  seed: number,
  data: RunData,
  start: Uint8Array | undefined,
  control: Control,
  tell: Tell,
  { keeper, found }: { readonly keeper: Keeper | null; readonly found: Found | null },
): Promise<RunOutcome> {
  const { epochs, batchSize } = plan;
  const reporter = new Reporter(tell, control);
  let probabilities: (() => Promise<Float32Array>) | null = null;
  const made = found?.made;
  tell({ type: 'begin', scenario: scenario.name, seed, stepsPerEpoch: stepsIn(plan), made });
  let epoch = made?.evaluations ?? 0;
  let isCheckpointDue = false;
  const { Watcher } = await import('./complaints/watcher.js');
  const complaints = new Watcher(control, reporter, tell);
  const outcome = await trainRun(
    { scenario, seed, epochs, batchSize },
    data,
    {
      get checkpointSeconds() {
        return !keeper ? Number.MAX_SAFE_INTEGER : isCheckpointDue ? 0 : CHECKPOINT_SECONDS;
      },
      async onCheckpoint(bytes) {
        isCheckpointDue = false;
        reporter.flush();
        await keeper?.save(bytes);
        reporter.interrupted();
      },
      onPrepare: (_, progress) => tell({ type: 'prepare', what: 'compiling shaders', progress }),
      onBegin(run) {
        const { model, transform, stepsMade } = run;
        control.attend(run, complaints.changesOf(run));
        watched({ model, transform, stepsMade, scenario, seed, images: data.test.images });
        probabilities = looker(run, data);
        reporter.begin(made?.steps, found?.seconds);
      },
      beforeStep: (step) => control.changes?.before(step),
      snapshotSeconds: SNAPSHOT_SECONDS,
      healthEvery: HEALTH_EVERY,
      onTrain(event) {
        complaints.on(event);
        if (event.type === 'recovered') epoch = event.epoch - 1;
      },
      onStep({ loss, learningRate, step, stepsPerEpoch }) {
        reporter.step(loss, learningRate);
        isCheckpointDue = step === stepsPerEpoch;
        if (control.waitsAfterStep) reporter.flush();
        return control.afterStep();
      },
      async onEvaluate(predictions) {
        reporter.flush();
        const found = (await probabilities?.()) ?? new Float32Array();
        epoch++;
        tell({ type: 'evaluated', epoch, predictions: Uint8Array.from(predictions), probabilities: found });
        await afterEvaluation();
        reporter.interrupted();
      },
      onEpoch: () => control.afterEpoch(),
    },
    { start, resume: found?.resume ?? undefined },
  );
  reporter.flush();
  runEnded();
  control.leave();
  return outcome;
}

/** What makes the probabilities of the first test pictures, with the model as it is then. */
function looker({ model, transform }: LiveRun, { test }: RunData): () => Promise<Float32Array> {
  const look = capture((images: Tensor) => noGrad(() => (model as Net)(images).exp()));
  return async () => {
    const loader = new DataLoader(test.first(Math.min(SHOWN, test.length)), { batchSize: SHOWN, transform });
    for await (const [images] of loader) return Float32Array.from(await look(images).data());
    return new Float32Array();
  };
}
