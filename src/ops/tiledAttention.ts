/** Attention in tiles: launches without a matrix of scores, forward and back. */
import { gemmVariant, withLanes } from '../choose/variant.js';
import { choicesChanged } from '../gpu/choices.js';
import { adapter } from '../gpu/device.js';
import { attentionKernel, attentionRowsKernel } from '../kernels/attention/attention.js';
import type { AttentionPart, AttentionSpec, BatchDim } from '../kernels/attention/spec.js';
import { dropoutKernel } from '../kernels/dropout.js';
import { launch, launchMany } from '../tensor/launch.js';
import { draw } from '../tensor/random.js';
import { differentiable, isGradEnabled, isInspected, wantsParts } from '../tensor/remember.js';
import { at, broadcast, broadcastStrides, type Shape, sameShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { sumTo } from './broadcast.js';

/** Attention whose arguments fit each other. */
export interface Attending {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly mask: Tensor | null;
  readonly causal: boolean;
  readonly scale: number;
  readonly dropoutP: number;
}

let always: boolean | null = null;

/** Whether attention is computed in tiles wherever it can be, or nowhere; null: where that is faster, as it is by default. */
export function useTiles(on: boolean | null): void {
  always = on;
  choicesChanged();
}

/**
 * Features to which the kernels are written out: on GPUs, and on software adapters, where a text as long as 128 of them makes took
 * lavapipe more than two minutes to compile.
 */
const WIDEST = 256;
const WIDEST_ON_SOFTWARE = 64;

/** Queries or keys on software adapters: lavapipe leaves loops after 65,535 turns, and these are walked in twos where features are many. */
const LONGEST = 100_000;

/** What the kernels are to know, and the shape of the scores; null for what they cannot do, or not as fast as the products. */
export function tilesFor({ query, key, value, mask, causal, scale, dropoutP }: Attending) {
  const [queries, width] = [at(query.shape, query.ndim - 2), at(query.shape, query.ndim - 1)];
  const [keys, outputs] = [at(value.shape, value.ndim - 2), at(value.shape, value.ndim - 1)];
  const name = 'scaledDotProductAttention';
  const pairs = [...broadcast(name, query.shape.slice(0, -2), key.shape.slice(0, -2)), queries, keys];
  const scores = mask ? broadcast(name, pairs, mask.shape) : pairs;
  const batch = scores.slice(0, -2);
  // A mask or values that repeat rows of scores or batches.
  const repeats =
    !sameShape(scores.slice(-2), [queries, keys]) ||
    !sameShape(broadcast(name, batch, value.shape.slice(0, -2)), batch);
  const isOut =
    repeats ||
    sizeOf(scores) === 0 ||
    width * outputs === 0 ||
    Math.max(width, outputs) > (adapter().isSoftware ? WIDEST_ON_SOFTWARE : WIDEST) ||
    dropoutP === 1 ||
    !Number.isFinite(scale) ||
    // Checkpoints run a function without gradients first, and have to be shown the mask.
    (mask?.requiresGrad && (isGradEnabled() || isInspected())) ||
    (adapter().isSoftware && Math.max(queries, keys) > LONGEST) ||
    wantsParts();
  if (isOut || !(always ?? pays(queries, keys, causal))) return null;
  const spec: AttentionSpec = {
    variant: gemmVariant(),
    ...{ queries, keys, width, outputs, causal, scale },
    batch: dimsOf(batch, [query, key, value], mask),
    mask: mask ? { type: mask.dtype === 'bool' ? 'u32' : 'f32', ...rowsOf(mask, scores) } : undefined,
  };
  return { spec, batch };
}

/**
 * Software adapters are faster by products where rows are few; on GPUs a workgroup walks the keys for 32 queries, which leaves most
 * of it idle where one decodes a text.
 */
const pays = (queries: number, keys: number, causal: boolean): boolean =>
  adapter().isSoftware ? queries >= 16 && keys >= (causal ? 16 : 64) : queries >= 8;

const rowsOf = (mask: Tensor, scores: Shape): { row: number; column: number } => {
  const [row = 0, column = 0] = broadcastStrides(mask.shape, scores).slice(-2);
  return { row, column };
};

/** The batch's dimensions, those that are walked alike by all as one. */
function dimsOf(batch: Shape, operands: readonly Tensor[], mask: Tensor | null): BatchDim[] {
  const strides = operands.map(({ shape }) =>
    broadcastStrides(shape.slice(0, -2), batch).map((stride) => stride * sizeOf(shape.slice(-2))),
  );
  const hides = mask ? broadcastStrides(mask.shape, [...batch, ...mask.shape.slice(-2)]) : [];
  const dims: number[][] = [];
  batch.forEach((length, d) => {
    if (length === 1) return;
    const own = [...strides.map((all) => all[d] ?? 0), hides[d] ?? 0];
    const outer = dims.at(-1);
    if (outer && own.every((stride, k) => outer[k + 1] === stride * length)) {
      dims[dims.length - 1] = [at(outer, 0) * length, ...own];
    } else dims.push([length, ...own]);
  });
  return (dims.length > 0 ? dims : [[1, 0, 0, 0, 0]]) as unknown as BatchDim[];
}

/**
 * @param composed the same in other functions, for gradients that are differentiated again; given what drops weights
 */
export function tiledAttention(
  { query, key, value, mask, dropoutP: p }: Attending,
  { spec: plain, batch }: NonNullable<ReturnType<typeof tilesFor>>,
  composed: (inputs: Pick<Attending, 'query' | 'key' | 'value'>, drop: (weights: Tensor) => Tensor) => Tensor,
): Tensor {
  const drawn = p > 0 ? draw() : null;
  const spec = drawn ? { ...plain, dropout: { p, stream: drawn.stream } } : plain;
  const { queries, outputs, keys, width } = spec;
  const [masks, draws] = [mask ? [mask] : [], drawn ? [drawn.tensor] : []];
  const kernel = (part: AttentionPart) => attentionKernel({ ...spec, part });
  const rows = [...batch, queries];
  const factors = [query, key, value];
  const [y, logs] = launchMany(
    kernel('forward'),
    [...factors, ...masks, ...draws],
    [{ shape: [...rows, outputs] }, { shape: [...rows, 2] }],
  );
  const fused = (g: Tensor): (Tensor | null)[] => {
    const count = sizeOf(rows);
    const spec = { count, outputs, drops: drawn !== null };
    const pairs = withLanes('attention.rows', { outer: count, length: outputs, inner: 1 }, (lanes) =>
      launch(attentionRowsKernel({ ...spec, lanes }), [g, y, logs, ...draws], [3 * count + (drawn ? 3 : 0)], 'u32'),
    );
    const inputs = [...factors, g, pairs, ...masks];
    const dq = query.requiresGrad ? launch(kernel('queryGrad'), inputs, [...rows, width]) : null;
    if (!key.requiresGrad && !value.requiresGrad) return [dq && sumTo(dq, query.shape), null, null];
    const like = [
      [...batch, keys, width],
      [...batch, keys, outputs],
    ].map((shape) => ({ shape }));
    const [dk, dv] = launchMany(kernel('keyGrad'), inputs, like) as [Tensor, Tensor];
    return [dq && sumTo(dq, query.shape), sumTo(dk, key.shape), sumTo(dv, value.shape)];
  };
  const drop = (weights: Tensor): Tensor => (drawn ? dropped(weights, p, drawn) : weights);
  const inOps = (q: Tensor, k: Tensor, v: Tensor): Tensor => composed({ query: q, key: k, value: v }, drop);
  return differentiable('scaledDotProductAttention', factors, y, { fused, inOps });
}

/** Dropout by numbers that were drawn before. */
function dropped(x: Tensor, p: number, { tensor, stream }: ReturnType<typeof draw>): Tensor {
  const kernel = dropoutKernel({ size: x.size, inner: 1, p, stream });
  const masked = (t: Tensor): Tensor =>
    differentiable('dropout', [t], launch(kernel, [t, tensor], t.shape), { by: [masked] });
  return masked(x);
}
