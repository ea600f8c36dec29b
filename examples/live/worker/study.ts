/** Trains the runs of a plan one after the other, and tells what happens in them. */
import { capture, init, noGrad, type Tensor } from 'kindling';
import { DataLoader } from 'kindling/data';
import type { Net } from '../../cifar/network.js';
import { pick, type Scenario } from '../../cifar/scenarios.js';
import { type LiveRun, type RunData, type RunOutcome, trainRun } from '../../cifar/train.js';
import { type Plan, stepsIn } from '../shared/plan.js';
import type { News } from '../shared/protocol.js';
import type { Control } from './control.js';
import type { Found, Keeper } from './keeping/index.js';
import { chooseKernels } from './kernels.js';
import { Reporter } from './reporter.js';

/** Test pictures whose probabilities are told. */
const SHOWN = 20;

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
export async function picturesOf({ trainSize, testSize }: Plan, tell: Tell): Promise<RunData> {
  tell({ type: 'prepare', what: 'drawing the pictures' });
  const { synthetic } = await import('./pictures.js');
  const train = synthetic({ split: 'train', count: trainSize });
  const test = synthetic({ split: 'test', count: testSize });
  const { images, labels, classes, source } = test;
  tell({ type: 'pictures', pictures: { images, labels, classes, source, synthetic: test.synthetic } });
  return { train, test };
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
        control.attend(run.optimizer);
        probabilities = looker(run, data);
        reporter.begin(made?.steps, found?.seconds);
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
        reporter.interrupted();
      },
      onEpoch: () => control.afterEpoch(),
    },
    { start, resume: found?.resume ?? undefined },
  );
  reporter.flush();
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
