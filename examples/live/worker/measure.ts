/** How long a step takes on this adapter, for estimates. Its shaders are those of the study, which compile only once. */
import { argmax, capture, noGrad, onCompile, randint, randn, type Tensor } from 'kindling';
import { Net } from '../../cifar/network.js';
import { SETS } from '../../cifar/scenarios.js';
import { optimizerOf, trainStep } from '../../cifar/train.js';
import type { News } from '../shared/protocol.js';
import { chooseKernels } from './kernels.js';

/** Calls that are timed together, with some under way as in training: many where each is over in no time. */
const FEW = 3;
const MANY = 30;
const QUICK_SECONDS = 0.05;
const AHEAD = 2;

/**
 * @param images in a batch: those of the study that is likely to be trained, so that no other shaders are compiled
 * @param isInTheWay whether the reader wants to train already: then the estimate has to come from training
 */
export async function measure(images: number, tell: (news: News) => void, isInTheWay: () => boolean): Promise<void> {
  onCompile(({ done, total }) => tell({ type: 'prepare', what: 'compiling shaders', progress: { done, total } }));
  await chooseKernels();
  const [scenario] = SETS.tricks;
  if (!scenario) return;
  const model = new Net(scenario);
  const optimizer = optimizerOf(scenario, model);
  const [inputs, labels] = [randn([images, 3, 32, 32]), randint(0, 10, [images])];
  const step = capture((x: Tensor, y: Tensor) => trainStep(scenario, model, optimizer, x, y));
  const classify = capture((x: Tensor) => noGrad(() => argmax(model(x), { dim: 1 })));
  try {
    const timed = (work: () => Promise<unknown>): Promise<number> => timeOf(work, isInTheWay);
    const seconds = await timed(() => step(inputs, labels).item());
    const classified = await timed(() => classify(inputs).data());
    if (!isInTheWay()) tell({ type: 'speed', speed: { images, step: seconds, classify: classified } });
  } finally {
    step.reset();
    classify.reset();
    for (const tensor of [inputs, labels, ...model.parameters()]) tensor.dispose();
  }
}

/** Seconds of a call among others. A captured function is recorded on its second: these two are no part of it. */
async function timeOf(work: () => Promise<unknown>, isInTheWay: () => boolean): Promise<number> {
  let begun = 0;
  for (let warming = 0; warming < 3 && !isInTheWay(); warming++) {
    begun = performance.now();
    await work();
  }
  const calls = performance.now() - begun < 1000 * QUICK_SECONDS ? MANY : FEW;
  const underway: Promise<unknown>[] = [];
  begun = performance.now();
  for (let call = 0; call < calls && !isInTheWay(); call++) {
    underway.push(work());
    if (underway.length > AHEAD) await underway.shift();
  }
  await Promise.all(underway);
  return (performance.now() - begun) / 1000 / calls;
}
