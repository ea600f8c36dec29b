/** Training steps of the networks of the examples, on random data. */
import { capture, manualSeed, randint, randn, step, type Tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { AdamW, clipGradNorm } from 'kindling/optim';
import { Gpt } from '../../examples/gpt/model.js';
import { ResNet } from '../../examples/resnet/network.js';
import { optimizerOf, RECIPE } from '../../examples/resnet/recipe.js';
import { studyStep } from './study.js';

export const MODELS = ['study', 'resnet', 'gpt'] as const;
export type Model = (typeof MODELS)[number];

export const isModel = (name: string): name is Model => (MODELS as readonly string[]).includes(name);

/** Of the examples, if nothing else is asked for. */
export const BATCH_SIZES: Readonly<Record<Model, number>> = { study: 64, resnet: RECIPE.batchSize, gpt: 16 };

/** The example's, as it is without options. */
const GPT = { vocabulary: 80, context: 64, width: 64, heads: 4, layers: 2 };

type Step = (x: Tensor, y: Tensor) => Tensor;

function resnetStep(): Step {
  const model = new ResNet();
  const optimizer = optimizerOf(model);
  return (x, y) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
}

function gptStep(): Step {
  const model = new Gpt(GPT);
  const optimizer = new AdamW(model.parameters(), { lr: 4e-3 });
  return (x, y) => {
    optimizer.zeroGrad();
    const loss = model.loss(x, y);
    loss.backward();
    clipGradNorm(model.parameters(), 1);
    optimizer.step();
    return loss;
  };
}

/** @param eager runs every step anew, instead of replaying a captured one */
export function stepOf(model: Model, batchSize: number, { eager = false } = {}): () => Tensor {
  if (model === 'study') return studyStep(batchSize, { eager });
  manualSeed(0);
  const body = model === 'resnet' ? resnetStep() : gptStep();
  const windows = [batchSize, GPT.context];
  const x = model === 'resnet' ? randn([batchSize, 3, 32, 32]) : randint(0, GPT.vocabulary, windows);
  const y = model === 'resnet' ? randint(0, 10, [batchSize]) : randint(0, GPT.vocabulary, windows);
  const train = eager ? (x: Tensor, y: Tensor) => step(() => body(x, y)) : capture(body);
  return () => train(x, y);
}
