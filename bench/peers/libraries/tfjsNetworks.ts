/**
 * The examples' networks in TensorFlow.js: `variableGrads`, then its optimizer. Layer normalisation and GELU are what its core
 * has no op for, as its optimizers know neither weight decay nor clipping: they are written of its ops.
 */
import * as tf from '@tensorflow/tfjs';
import { RECIPE as GPT } from '../../../examples/gpt/recipe.js';
import { RECIPE as RESNET } from '../../../examples/resnet/recipe.js';
import type { Prepared } from '../library.js';
import type { Network } from '../networks.js';
import type { Start, Values } from '../starts.js';
import { channelsLast, filter, permuted } from './tfjsLayout.js';

type Grads = tf.NamedTensorMap;

/** Of PyTorch's BatchNorm2d, SGD and AdamW. */
const [BN_MOMENTUM, SGD_MOMENTUM, WEIGHT_DECAY, EPSILON] = [0.1, 0.9, 0.01, 1e-5];

/** Variables by PyTorch's names: filters as HWIO, matrices of products transposed. */
class Variables {
  readonly #all = new Map<string, tf.Variable>();

  constructor(parameters: ReadonlyMap<string, Values>) {
    for (const [name, { data, shape }] of parameters) {
      const tables = ['tokens.weight', 'positions.weight'];
      const tensor =
        shape.length === 4
          ? filter(data, shape)
          : shape.length === 2 && !tables.includes(name)
            ? tf.tensor(permuted(data, shape, [1, 0]), shape.toReversed())
            : tf.tensor(data, [...shape]);
      this.#all.set(name, tf.variable(tensor, true, name));
    }
  }

  has = (name: string): boolean => this.#all.has(name);

  of<T extends tf.Tensor = tf.Tensor>(name: string): T {
    const found = this.#all.get(name);
    if (!found) throw new Error(`no ${name}`);
    return found as unknown as T;
  }

  variables = (): tf.Variable[] => [...this.#all.values()];
}

/** Running means and variances, which a forward pass moves towards what it sees. */
class Running {
  readonly #all = new Map<string, { mean: tf.Variable; variance: tf.Variable }>();
  readonly #seen = new Map<string, { mean: tf.Tensor; variance: tf.Tensor; places: number }>();

  add(name: string, channels: number): void {
    const mean = tf.variable(tf.zeros([channels]), false);
    this.#all.set(name, { mean, variance: tf.variable(tf.ones([channels]), false) });
  }

  see(name: string, seen: { mean: tf.Tensor; variance: tf.Tensor; places: number }): void {
    this.#seen.set(name, { ...seen, mean: tf.keep(seen.mean.clone()), variance: tf.keep(seen.variance.clone()) });
  }

  update(): void {
    const average = (old: tf.Variable, now: tf.Tensor, factor = 1): void =>
      old.assign(old.mul(1 - BN_MOMENTUM).add(now.mul(BN_MOMENTUM * factor)));
    for (const [name, { mean, variance, places }] of this.#seen) {
      const running = this.#all.get(name);
      if (!running) throw new Error(`no ${name}`);
      average(running.mean, mean);
      average(running.variance, variance, places / (places - 1));
      tf.dispose([mean, variance]);
    }
    this.#seen.clear();
  }

  variables = (): tf.Variable[] => [...this.#all.values()].flatMap(({ mean, variance }) => [mean, variance]);
}

const oneHot = ({ data }: Values, kinds: number): tf.Tensor2D => {
  const values = new Float32Array(data.length * kinds);
  data.forEach((kind, n) => {
    values[n * kinds + kind] = 1;
  });
  return tf.tensor2d(values, [data.length, kinds]);
};

const crossEntropy = (logits: tf.Tensor2D, wanted: tf.Tensor2D): tf.Scalar =>
  tf
    .logSoftmax(logits)
    .mul(wanted)
    .sum()
    .mul<tf.Scalar>(-1 / logits.shape[0]);

/** Batches in turn: loss and gradients by all variables, then `apply`. */
function running<X extends tf.Tensor>(
  batches: readonly (readonly [x: X, wanted: tf.Tensor2D])[],
  lossOf: (x: X, wanted: tf.Tensor2D) => tf.Scalar,
  apply: (grads: Grads) => void,
  dispose: () => void,
): Prepared {
  let t = 0;
  return {
    async run() {
      const [x, wanted] = batches[t++ % batches.length] as (typeof batches)[number];
      const loss = tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => lossOf(x, wanted));
        apply(grads);
        return value;
      });
      const [value] = await loss.data();
      loss.dispose();
      return value as number;
    },
    result: async () => [],
    dispose() {
      dispose();
      tf.dispose(batches.flat());
    },
  };
}

function trainResnet(start: Start): Prepared {
  const v = new Variables(start.parameters);
  const statistics = new Running();
  for (const [name, { shape }] of start.parameters) {
    if (/(^bn|\.bn\d|shortcut\.1)\.weight$/.test(name))
      statistics.add(name.replace(/\.weight$/, ''), shape[0] as number);
  }
  /** As its layers do it in training. */
  const batchNorm = (x: tf.Tensor4D, name: string): tf.Tensor4D => {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    statistics.see(name, { mean, variance, places: x.size / mean.size });
    const [offset, scale] = [v.of<tf.Tensor1D>(`${name}.bias`), v.of<tf.Tensor1D>(`${name}.weight`)];
    return tf.batchNorm4d(x, mean as tf.Tensor1D, variance as tf.Tensor1D, offset, scale, EPSILON);
  };
  // A number pads all four sides, as PyTorch does; 'same' would pad two of them where the stride is 2.
  const conv = (x: tf.Tensor4D, name: string, stride: number, padding: number): tf.Tensor4D =>
    tf.conv2d(x, v.of<tf.Tensor4D>(name), stride, padding);
  const block = (x: tf.Tensor4D, name: string, stride: number): tf.Tensor4D => {
    let y = tf.relu(batchNorm(conv(x, `${name}.conv1.weight`, stride, 1), `${name}.bn1`));
    y = batchNorm(conv(y, `${name}.conv2.weight`, 1, 1), `${name}.bn2`);
    const shortcut = `${name}.shortcut.0.weight`;
    return tf.relu(y.add(v.has(shortcut) ? batchNorm(conv(x, shortcut, stride, 0), `${name}.shortcut.1`) : x));
  };
  const lossOf = (x: tf.Tensor4D, wanted: tf.Tensor2D): tf.Scalar => {
    let h = tf.relu(batchNorm(conv(x, 'conv.weight', 2, 1), 'bn'));
    for (const [i, stride] of [1, 2, 2].entries()) h = block(h, `blocks.${i}`, stride);
    const [a, b] = [tf.mean<tf.Tensor2D>(h, [1, 2]), v.of<tf.Tensor2D>('fc.weight')];
    return crossEntropy(tf.fused.matMul({ a, b, bias: v.of('fc.bias') }) as tf.Tensor2D, wanted);
  };
  const optimizer = tf.train.momentum(RESNET.maxLr, SGD_MOMENTUM, true);
  const apply = (grads: Grads): void => {
    const decayed = Object.entries(grads).map(([name, g]) => [name, g.add(v.of(name).mul(RESNET.weightDecay))]);
    optimizer.applyGradients(Object.fromEntries(decayed));
    statistics.update();
  };
  const batches = start.batches.map(([x, y]) => [channelsLast(x.data, x.shape), oneHot(y, 10)] as const);
  return running(batches, lossOf, apply, () => {
    optimizer.dispose();
    tf.dispose([v.variables(), statistics.variables()]);
  });
}

function trainGpt(start: Start): Prepared {
  const v = new Variables(start.parameters);
  const { heads, width, layers, context } = GPT;
  const n = start.batches[0]?.[0].shape[0] ?? 0;
  const vocabulary = v.of('tokens.weight').shape[0] as number;
  const layerNorm = (x: tf.Tensor2D, name: string): tf.Tensor2D => {
    const { mean, variance } = tf.moments(x, 1, true);
    const scale = variance.add(EPSILON).rsqrt();
    return x
      .sub(mean)
      .mul(scale)
      .mul(v.of(`${name}.weight`))
      .add(v.of(`${name}.bias`));
  };
  const linear = (a: tf.Tensor2D, name: string): tf.Tensor2D =>
    tf.fused.matMul({ a, b: v.of<tf.Tensor2D>(`${name}.weight`), bias: v.of(`${name}.bias`) }) as tf.Tensor2D;
  const gelu = (x: tf.Tensor2D): tf.Tensor2D => x.mul(tf.erf(x.mul(Math.SQRT1_2)).add(1).mul(0.5));
  const places = Array.from({ length: context ** 2 }, (_, i) => (i % context > Math.floor(i / context) ? -1e9 : 0));
  const later = tf.tensor2d(places, [context, context]);
  const attention = (x: tf.Tensor2D, name: string): tf.Tensor2D => {
    const parts = linear(x, `${name}.qkv`).reshape([n, context, 3, heads, width / heads]);
    const [q, k, values] = tf.unstack(parts.transpose([2, 0, 3, 1, 4])) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
    const scores = tf
      .matMul(q, k, false, true)
      .mul(1 / Math.sqrt(width / heads))
      .add(later);
    const y = tf.matMul(tf.softmax(scores), values).transpose([0, 2, 1, 3]);
    return linear(y.reshape([n * context, width]), `${name}.proj`);
  };
  const lossOf = (x: tf.Tensor2D, wanted: tf.Tensor2D): tf.Scalar => {
    let h = tf
      .gather(v.of('tokens.weight'), x)
      .add(v.of('positions.weight'))
      .reshape<tf.Tensor2D>([n * context, width]);
    for (let i = 0; i < layers; i++) {
      const block = `blocks.${i}`;
      h = h.add(attention(layerNorm(h, `${block}.norm1`), `${block}.attention`));
      h = h.add(linear(gelu(linear(layerNorm(h, `${block}.norm2`), `${block}.up`)), `${block}.down`));
    }
    return crossEntropy(tf.matMul(layerNorm(h, 'norm'), v.of<tf.Tensor2D>('head.weight')), wanted);
  };
  const optimizer = tf.train.adam(GPT.lr, 0.9, 0.999, 1e-8);
  const apply = (grads: Grads): void => {
    // Stacked: its addN binds all of them at once, more than a shader may.
    const norm = tf.sqrt(tf.sum(tf.stack(Object.values(grads).map((g) => tf.sum(tf.square(g))))));
    const factor = tf.minimum(tf.div(1, norm.add(1e-6)), 1);
    for (const one of v.variables()) one.assign(one.mul(1 - GPT.lr * WEIGHT_DECAY));
    optimizer.applyGradients(Object.fromEntries(Object.entries(grads).map(([name, g]) => [name, g.mul(factor)])));
  };
  const batches = start.batches.map(
    ([x, y]) => [tf.tensor2d(x.data as Int32Array, [n, context], 'int32'), oneHot(y, vocabulary)] as const,
  );
  return running(batches, lossOf, apply, () => {
    optimizer.dispose();
    tf.dispose([v.variables(), later]);
  });
}

export const train = (network: Network, start: Start): Prepared =>
  network === 'resnet' ? trainResnet(start) : trainGpt(start);
