/**
 * What the training of the examples' networks starts from, the same for every library and PyTorch: weights by PyTorch's names
 * and in its order, laid out as there, and batches.
 */
import { RECIPE as GPT } from '../../examples/gpt/recipe.js';
import { batchAt, readText } from '../../examples/gpt/text.js';
import { BATCH, BATCHES } from './networks.js';
import { uniform } from './workloads.js';

export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

export interface Start {
  readonly parameters: ReadonlyMap<string, Values>;
  readonly batches: readonly (readonly [x: Values, y: Values])[];
}

/** Weights one after another, each from a seed of its own. */
class Weights {
  readonly parameters = new Map<string, Values>();

  add(name: string, shape: readonly number[], bound: number, middle = 0): void {
    const size = shape.reduce((a, b) => a * b, 1);
    const data = uniform(size, this.parameters.size + 1).map((value) => middle + bound * value);
    this.parameters.set(name, { shape, data });
  }

  /** Uniform within 1/√(inputs of an output), as PyTorch's layers begin. */
  layer(name: string, shape: readonly number[]): void {
    this.add(name, shape, 1 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b, 1)));
  }

  /** One and zero, as a normalisation begins. */
  norm(name: string, size: number): void {
    this.add(`${name}.weight`, [size], 0, 1);
    this.add(`${name}.bias`, [size], 0);
  }
}

/** Of `examples/resnet`: pictures and labels are noise, since what they show changes no time. */
export function resnetStart(batch = BATCH.resnet): Start {
  const weights = new Weights();
  weights.layer('conv.weight', [16, 3, 3, 3]);
  weights.norm('bn', 16);
  for (const [i, [from, to]] of [[16, 16] as const, [16, 32] as const, [32, 64] as const].entries()) {
    const block = `blocks.${i}`;
    weights.layer(`${block}.conv1.weight`, [to, from, 3, 3]);
    weights.norm(`${block}.bn1`, to);
    weights.layer(`${block}.conv2.weight`, [to, to, 3, 3]);
    weights.norm(`${block}.bn2`, to);
    if (from === to) continue;
    weights.layer(`${block}.shortcut.0.weight`, [to, from, 1, 1]);
    weights.norm(`${block}.shortcut.1`, to);
  }
  weights.layer('fc.weight', [10, 64]);
  weights.add('fc.bias', [10], 1 / Math.sqrt(64));
  const batches = Array.from({ length: BATCHES }, (_, t) => {
    // Of variance 1, as normalised pictures are.
    const images = uniform(batch * 3072, 200 + t).map((value) => Math.sqrt(3) * value);
    const labels = Int32Array.from(uniform(batch, 300 + t), (value) => Math.floor(5 * (value + 1)));
    return [
      { shape: [batch, 3, 32, 32], data: images },
      { shape: [batch], data: labels },
    ] as const;
  });
  return { parameters: weights.parameters, batches };
}

/** Of `examples/gpt`, on the text that it trains on; weights have the example's deviation, but are uniform. */
export function gptStart(content: string, batch = BATCH.gpt): Start {
  const { context, width, layers } = GPT;
  const text = readText(content, context);
  const weights = new Weights();
  const vocabulary = text.characters.length;
  const matrix = (name: string, shape: readonly number[], deviation = 0.02): void =>
    weights.add(name, shape, Math.sqrt(3) * deviation);
  const linear = (name: string, shape: readonly [number, number], deviation?: number): void => {
    matrix(`${name}.weight`, shape, deviation);
    weights.add(`${name}.bias`, [shape[0]], 0);
  };
  const end = 0.02 / Math.sqrt(2 * layers);
  matrix('tokens.weight', [vocabulary, width]);
  matrix('positions.weight', [context, width]);
  for (let i = 0; i < layers; i++) {
    weights.norm(`blocks.${i}.norm1`, width);
    linear(`blocks.${i}.attention.qkv`, [3 * width, width]);
    linear(`blocks.${i}.attention.proj`, [width, width], end);
    weights.norm(`blocks.${i}.norm2`, width);
    linear(`blocks.${i}.up`, [4 * width, width]);
    linear(`blocks.${i}.down`, [width, 4 * width], end);
  }
  weights.norm('norm', width);
  matrix('head.weight', [vocabulary, width]);
  const batches = Array.from({ length: BATCHES }, (_, t) => {
    const { characters, next } = batchAt(text.train, batch, context, 0, t);
    const shape = [batch, context];
    return [
      { shape, data: characters },
      { shape, data: next },
    ] as const;
  });
  return { parameters: weights.parameters, batches };
}
