/** How long a step takes on this adapter, for estimates. Its shaders are those of the study, which compile only once. */
import { argmax, capture, noGrad, onCompile, randint, randn, type Tensor } from 'kindling';
import { Net } from '../../cifar/network.js';
import { SETS } from '../../cifar/scenarios.js';
import { optimizerOf, trainStep } from '../../cifar/train.js';
import type { News } from '../shared/protocol.js';
import { chooseKernels } from './kernels.js';

/** Times taken; the least of them counts, for whatever disturbs makes them longer. */
const ROUNDS = 3;

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
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      let least = Number.POSITIVE_INFINITY;
      // A captured function is recorded on its second call; compiling and recording are no part of a step.
      for (let round = -2; round < ROUNDS && !isInTheWay(); round++) {
        const begun = performance.now();
        await work();
        if (round >= 0) least = Math.min(least, (performance.now() - begun) / 1000);
      }
      return least;
    };
    const seconds = await timed(() => step(inputs, labels).item());
    const classified = await timed(() => classify(inputs).data());
    if (!isInTheWay()) tell({ type: 'speed', speed: { images, step: seconds, classify: classified } });
  } finally {
    step.reset();
    classify.reset();
    for (const tensor of [inputs, labels, ...model.parameters()]) tensor.dispose();
  }
}
