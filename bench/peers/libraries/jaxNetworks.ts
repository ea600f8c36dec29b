/**
 * The examples' networks in jax-js: a step is one jitted function with its optimizer in it, parameters and state are trees of
 * arrays. Where there is no op it is written of others: batch normalisation, clipping by the norm of all gradients, SGD
 * with Nesterov's momentum, AdamW.
 */
import { jit, lax, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import { RECIPE as GPT } from '../../../examples/gpt/recipe.js';
import { RECIPE as RESNET } from '../../../examples/resnet/recipe.js';
import type { Prepared } from '../library.js';
import type { Network } from '../networks.js';
import type { Start, Values } from '../starts.js';
import { adam, correction, dispose, put } from './jaxArrays.js';

type Tree = Record<string, np.Array>;

/** Of PyTorch's BatchNorm2d, SGD and AdamW. */
const [BN_MOMENTUM, SGD_MOMENTUM, WEIGHT_DECAY, EPSILON] = [0.1, 0.9, 0.01, 1e-5];

const leaf = (tree: Tree, name: string): np.Array => {
  const found = tree[name];
  if (!found) throw new Error(`no ${name}`);
  return found;
};

/** A function of every entry of a tree, by its name. */
const mapped = <T>(tree: Record<string, T>, of: (one: T, name: string) => np.Array): Tree =>
  Object.fromEntries(Object.entries(tree).map(([name, one]) => [name, of(one, name)]));

const kept = (tree: Tree): Tree => mapped(tree, (one) => one.ref);

/** Means and variances that a forward pass saw, by normalisation. */
type Seen = { means: Tree; variances: Tree };

const alongChannels = (x: np.Array): np.Array => x.reshape([1, -1, 1, 1]);

/** Consumes x, takes from `p`, and writes what it saw. */
function batchNorm(x: np.Array, p: Tree, name: string, seen: Seen): np.Array {
  const axes = [0, 2, 3];
  const mean = np.mean(x.ref, axes, { keepdims: true });
  const variance = np.var_(x.ref, axes, { mean: mean.ref, keepdims: true });
  seen.means[name] = lax.stopGradient(mean.ref.reshape([-1]));
  seen.variances[name] = lax.stopGradient(variance.ref.reshape([-1]));
  const y = nn.standardize(x, axes, { mean, variance, epsilon: EPSILON });
  return y.mul(alongChannels(leaf(p, `${name}.weight`))).add(alongChannels(leaf(p, `${name}.bias`)));
}

const conv = (x: np.Array, weight: np.Array, stride: number, padding: number): np.Array =>
  lax.convGeneralDilated(
    x,
    weight,
    [stride, stride],
    [
      [padding, padding],
      [padding, padding],
    ],
  );

function residual(x: np.Array, p: Tree, name: string, stride: number, seen: Seen): np.Array {
  let y = conv(x.ref, leaf(p, `${name}.conv1.weight`), stride, 1);
  y = nn.relu(batchNorm(y, p, `${name}.bn1`, seen));
  y = batchNorm(conv(y, leaf(p, `${name}.conv2.weight`), 1, 1), p, `${name}.bn2`, seen);
  const shortcut = p[`${name}.shortcut.0.weight`];
  const around = shortcut ? batchNorm(conv(x, shortcut, stride, 0), p, `${name}.shortcut.1`, seen) : x;
  return nn.relu(y.add(around));
}

/** Mean of −log p(y). */
function crossEntropy(logits: np.Array, y: np.Array): np.Array {
  const [rows = 1, kinds = 1] = logits.shape;
  return nn
    .logSoftmax(logits, -1)
    .mul(nn.oneHot(y, kinds))
    .sum()
    .mul(-1 / rows);
}

function resnetLoss(p: Tree, x: np.Array, y: np.Array): [np.Array, Seen] {
  const seen: Seen = { means: {}, variances: {} };
  let h = nn.relu(batchNorm(conv(x, leaf(p, 'conv.weight'), 2, 1), p, 'bn', seen));
  for (const [i, stride] of [1, 2, 2].entries()) h = residual(h, p, `blocks.${i}`, stride, seen);
  const logits = np.matmul(np.mean(h, [2, 3]), leaf(p, 'fc.weight').transpose()).add(leaf(p, 'fc.bias'));
  return [crossEntropy(logits, y), seen];
}

const placed = (parameters: ReadonlyMap<string, Values>): Tree =>
  mapped(Object.fromEntries(parameters), ({ data, shape }) => put(data, shape));

/** Batches in turn through a step that takes its state and gives it back. */
function running<State extends Tree[]>(
  start: Start,
  state: State,
  step: ((state: State, x: np.Array, y: np.Array) => [np.Array, State]) & { dispose(): void },
): Prepared {
  const batches = start.batches.map(([x, y]) => [put(x.data, x.shape), put(y.data, y.shape)] as const);
  let t = 0;
  return {
    async run() {
      const [x, y] = batches[t++ % batches.length] as (typeof batches)[number];
      let loss: np.Array;
      [loss, state] = step(state, x.ref, y.ref);
      return (await loss.data())[0] as number;
    },
    result: async () => [],
    dispose() {
      dispose([...state.flatMap((tree) => Object.values(tree)), ...batches.flat()]);
      step.dispose();
    },
  };
}

function trainResnet(start: Start): Prepared {
  type State = [parameters: Tree, momenta: Tree, means: Tree, variances: Tree];
  const [x] = start.batches[0] as Start['batches'][number];
  const [n = 0, , size = 0] = x.shape;
  /** Values that a mean of the network's normalisation is of. */
  const places = (name: string): number =>
    n * (size / (/^bn|blocks\.0/.test(name) ? 2 : /blocks\.1/.test(name) ? 4 : 8)) ** 2;
  const step = jit((state: State, x: np.Array, y: np.Array): [np.Array, State] => {
    const [parameters, momenta, means, variances] = state;
    const of = valueAndGrad(resnetLoss, { hasAux: true });
    const [[loss, seen], grads] = of(kept(parameters), x, y) as [[np.Array, Seen], Tree];
    const decayed = mapped(grads, (g, name) => g.add(leaf(parameters, name).ref.mul(RESNET.weightDecay)));
    const moved = mapped(momenta, (m, name) => m.mul(SGD_MOMENTUM).add(leaf(decayed, name).ref));
    const updated = mapped(parameters, (p, name) =>
      p.sub(leaf(moved, name).ref.mul(SGD_MOMENTUM).add(leaf(decayed, name)).mul(RESNET.maxLr)),
    );
    const average = (old: np.Array, now: np.Array, factor = 1): np.Array =>
      old.mul(1 - BN_MOMENTUM).add(now.mul(BN_MOMENTUM * factor));
    return [
      loss,
      [
        updated,
        moved,
        mapped(means, (old, name) => average(old, leaf(seen.means, name))),
        mapped(variances, (old, name) => average(old, leaf(seen.variances, name), places(name) / (places(name) - 1))),
      ],
    ];
  });
  const parameters = placed(start.parameters);
  const norms = [...start.parameters].filter(([name]) => /(^bn|\.bn\d|shortcut\.1)\.weight$/.test(name));
  const channels = Object.fromEntries(norms.map(([name, { shape }]) => [name.replace(/\.weight$/, ''), [...shape]]));
  const state: State = [
    parameters,
    mapped(parameters, ({ shape }) => np.zeros(shape)),
    mapped(channels, (shape) => np.zeros(shape)),
    mapped(channels, (shape) => np.ones(shape)),
  ];
  return running(start, state, step as never);
}

/** Over the features of each position, [positions, width]. */
const layerNorm = (x: np.Array, p: Tree, name: string): np.Array =>
  nn
    .standardize(x, -1, { epsilon: EPSILON })
    .mul(leaf(p, `${name}.weight`))
    .add(leaf(p, `${name}.bias`));

const linear = (x: np.Array, p: Tree, name: string): np.Array =>
  np.matmul(x, leaf(p, `${name}.weight`).transpose()).add(leaf(p, `${name}.bias`));

function gptLoss(p: Tree, x: np.Array, y: np.Array): np.Array {
  const { heads, width, layers } = GPT;
  const [n = 0, l = 0] = x.shape;
  const vocabulary = leaf(p, 'tokens.weight').shape[0] as number;
  let h = np
    .take(leaf(p, 'tokens.weight'), x, 0)
    .add(leaf(p, 'positions.weight'))
    .reshape([n * l, width]);
  for (let i = 0; i < layers; i++) {
    const block = `blocks.${i}`;
    const qkv = linear(layerNorm(h.ref, p, `${block}.norm1`), p, `${block}.attention.qkv`);
    const [q, k, v] = np.split(qkv.reshape([n, l, 3, heads, width / heads]), 3, 2) as [np.Array, np.Array, np.Array];
    const head = (part: np.Array): np.Array => part.reshape([n, l, heads, width / heads]);
    const attended = nn.dotProductAttention(head(q), head(k), head(v), { isCausal: true });
    h = h.add(linear(attended.reshape([n * l, width]), p, `${block}.attention.proj`));
    const up = nn.gelu(linear(layerNorm(h.ref, p, `${block}.norm2`), p, `${block}.up`), { approximate: false });
    h = h.add(linear(up, p, `${block}.down`));
  }
  const logits = np.matmul(layerNorm(h, p, 'norm'), leaf(p, 'head.weight').transpose());
  return crossEntropy(logits.reshape([n * l, vocabulary]), y.reshape([n * l]));
}

/** Gradients no longer than 1 together, as `clipGradNorm` leaves them. */
function clipped(grads: Tree): Tree {
  const squares = Object.values(grads).map((g) => np.square(g.ref).sum());
  const norm = np.sqrt(squares.reduce((a, b) => a.add(b)));
  const factor = np.minimum(np.reciprocal(norm.add(1e-6)), 1);
  const result = mapped(grads, (g) => g.mul(factor.ref));
  factor.dispose();
  return result;
}

function trainGpt(start: Start): Prepared {
  type State = [parameters: Tree, first: Tree, second: Tree, count: Tree];
  const step = jit((state: State, x: np.Array, y: np.Array): [np.Array, State] => {
    const [parameters, first, second, { count }] = state;
    const [loss, grads] = valueAndGrad(gptLoss)(kept(parameters), x, y) as [np.Array, Tree];
    const t = (count as np.Array).add(1);
    const [c1, c2] = [correction(t.ref, 0.9), correction(t.ref, 0.999)];
    const updated = Object.entries(clipped(grads)).map(([name, g]) => {
      const decayed = leaf(parameters, name).mul(1 - GPT.lr * WEIGHT_DECAY);
      return [name, adam(GPT.lr, decayed, leaf(first, name), leaf(second, name), g, c1.ref, c2.ref)] as const;
    });
    dispose([c1, c2]);
    const column = (index: number): Tree =>
      Object.fromEntries(updated.map(([name, one]) => [name, one[index] as np.Array]));
    return [loss, [column(0), column(1), column(2), { count: t }]];
  });
  const parameters = placed(start.parameters);
  const zeros = (): Tree => mapped(parameters, ({ shape }) => np.zeros(shape));
  const state: State = [parameters, zeros(), zeros(), { count: np.zeros([]) }];
  return running(start, state, step as never);
}

export const train = (network: Network, start: Start): Prepared =>
  network === 'resnet' ? trainResnet(start) : trainGpt(start);
