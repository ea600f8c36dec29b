/** A training step of the study's network or of an example's, as a function that may be called again and again. */
import { capture, step, type Tensor } from 'kindling';
import { trained } from '../../bench/networks.js';
import { BATCH, NETWORKS } from '../../bench/peers/networks.js';
import { gptStart, resnetStart } from '../../bench/peers/starts.js';
import { studyStep } from './study.js';

export const MODELS = ['study', ...NETWORKS] as const;
export type Model = (typeof MODELS)[number];

export const isModel = (name: string): name is Model => (MODELS as readonly string[]).includes(name);

/** Of the examples, if nothing else is asked for. */
export const BATCH_SIZES: Readonly<Record<Model, number>> = { study: 64, ...BATCH };

export interface ModelChoice {
  readonly model: Model;
  readonly batchSize: number;
  /** Runs every step anew, instead of replaying a captured one. */
  readonly eager: boolean;
  /** What `gpt` trains on. */
  readonly text?: string;
}

export function modelStep({ model, batchSize, eager, text = '' }: ModelChoice): () => Tensor {
  if (model === 'study') return studyStep(batchSize, { eager });
  const start = model === 'resnet' ? resnetStart(batchSize) : gptStart(text, batchSize);
  const { update, batches } = trained(model, start);
  const [x, y] = batches[0] as (typeof batches)[number];
  const train = eager ? () => step(() => update(x, y)) : capture(update);
  return () => train(x, y);
}
