/** The examples' networks in kindling with given weights, and the step that trains each: their own definitions and recipes. */
import { type Tensor, tensor } from 'kindling';
import type { Module } from 'kindling/nn';
import { Gpt } from '../examples/gpt/model.js';
import * as gpt from '../examples/gpt/recipe.js';
import { ResNet } from '../examples/resnet/network.js';
import * as resnet from '../examples/resnet/recipe.js';
import type { Network } from './peers/networks.js';
import type { Start, Values } from './peers/starts.js';

export interface Trained {
  readonly model: Module;
  /** Forward, backward and the optimizer, of a batch; returns the loss. */
  readonly update: (x: Tensor, y: Tensor) => Tensor;
  readonly batches: readonly (readonly [x: Tensor, y: Tensor])[];
}

const put = ({ data, shape }: Values): Tensor => tensor(data, { shape: [...shape] });

function resnetOf(): Omit<Trained, 'batches'> {
  const model = new ResNet();
  return { model, update: resnet.updateOf(model, resnet.optimizerOf(model)) };
}

function gptOf({ parameters }: Start): Omit<Trained, 'batches'> {
  const [vocabulary = 0] = parameters.get('tokens.weight')?.shape ?? [];
  const model = new Gpt({ ...gpt.RECIPE, vocabulary });
  return { model, update: gpt.updateOf(model, gpt.optimizerOf(model)) };
}

export function trained(network: Network, start: Start): Trained {
  const made = network === 'resnet' ? resnetOf() : gptOf(start);
  const wanted = made.model.namedParameters().map(([name, { shape }]) => `${name} [${shape}]`);
  const given = [...start.parameters].map(([name, { shape }]) => `${name} [${shape}]`);
  if (String(wanted) !== String(given)) throw new Error(`${network} has ${wanted}, but the start gives ${given}`);
  // Running statistics stay as they are made.
  const state = Object.fromEntries([...start.parameters].map(([name, values]) => [name, put(values)]));
  made.model.loadStateDict(state, { strict: false });
  for (const one of Object.values(state)) one.dispose();
  return { ...made, batches: start.batches.map(([x, y]) => [put(x), put(y)] as const) };
}
