/** What attention's kernels are made from, and what their variants share: where operands lie, what is hidden, what is dropped. */
import { dropoutThreshold } from '../dropout.js';
import { FLOATS } from '../floats.js';
import type { GemmVariant } from '../gemm/spec.js';
import { type Element, f32, numbers } from '../kernel.js';
import { PHILOX } from '../philox.js';

/** The value, with each row's logarithm; the gradient by the query; those by key and value. */
export type AttentionPart = 'forward' | 'queryGrad' | 'keyGrad';

/** A dimension of the batch: its length, and how far apart its entries are in query, key, value and mask; 0 where one broadcasts. */
export type BatchDim = readonly [length: number, query: number, key: number, value: number, mask: number];

export interface AttentionSpec {
  /** `registers` and `subgroups` for software adapters, `workgroup` for GPUs. */
  readonly variant: GemmVariant;
  /** L, S, E and V. */
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
  readonly outputs: number;
  readonly batch: readonly BatchDim[];
  /** Of the scores. */
  readonly scale: number;
  readonly causal: boolean;
  /** u32: 1 where a query may see a key; f32: added to the scores. Distances between its rows and between its columns. */
  readonly mask?: { readonly type: 'u32' | 'f32'; readonly row: number; readonly column: number } | undefined;
  /** Probability, and which of the masks that start at the drawn count. */
  readonly dropout?: { readonly p: number; readonly stream: number } | undefined;
}

export const batchesOf = ({ batch }: AttentionSpec): number => batch.reduce((product, [length]) => product * length, 1);

const bitsOf = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0] as number;

/** Numbers that the shaders read; they decide no text. */
export function paramsOf(spec: AttentionSpec): Record<string, number> {
  const { queries, keys, batch, scale, mask, dropout } = spec;
  const dims = batch.flatMap(([length, query, key, value, hides], d) =>
    Object.entries({ length, query, key, value, hides }).map(([name, n]) => [name.concat(String(d)), n] as const),
  );
  return {
    queries,
    keys,
    batches: batchesOf(spec),
    scale: bitsOf(scale),
    nothing: 0xff800000,
    ...Object.fromEntries(dims),
    ...(mask && { maskRow: mask.row, maskColumn: mask.column }),
    ...(dropout && {
      stream: dropout.stream,
      threshold: dropoutThreshold(dropout.p),
      kept: bitsOf(1 / (1 - dropout.p)),
    }),
  };
}

export const NAMES: Readonly<Record<AttentionPart, string>> = {
  forward: 'attention',
  queryGrad: 'attention.queryGrad',
  keyGrad: 'attention.keyGrad',
};

/** What a part reads behind query, key, value and, for the gradients, those that come in: with what it writes, 8 buffers at most. */
export const readsOf = (part: AttentionPart, { mask, dropout }: AttentionSpec): Record<string, Element> => ({
  ...(part !== 'forward' && { rows: 'u32' }),
  ...(mask && { hides: mask.type }),
  ...(part === 'forward' && dropout && { draw: 'u32' }),
});

export const writesOf = (part: AttentionPart): Record<string, Element> =>
  ({
    forward: { output: 'f32', logs: 'f32' } as const,
    queryGrad: { queryGrad: 'f32' } as const,
    keyGrad: { keyGrad: 'f32', valueGrad: 'f32' } as const,
  })[part];

/** As many as all pairs of a query and a key make, also where some are passed over. */
export const flopsOf = (part: AttentionPart, spec: AttentionSpec): number => {
  const { queries, keys, width, outputs } = spec;
  const each = { forward: width + outputs, queryGrad: 2 * width + outputs, keyGrad: 2 * (width + outputs) }[part];
  return 2 * batchesOf(spec) * queries * keys * each;
};

/** WGSL of a slope by a score, which a mask that hides it keeps from passing anything back, a row of NaN either. */
export const shown = ({ causal, mask }: AttentionSpec, slope: string, score: string): string =>
  causal || mask?.type === 'u32' ? `select(${slope}, 0.0, bitcast<u32>(${score}) == params.nothing)` : slope;

/** −∞, in bits that no compiler knows. */
export const NOTHING = 'bitcast<f32>(params.nothing)';

/**
 * WGSL that all variants call.
 * - `placeOf(batch)`: where query, key, value and mask of a batch begin; outputs, gradients and rows' numbers lie densely.
 * - `seen(score, batch, at, i, j)`: the score as the mask leaves it, −∞ where it hides. `at` is where the mask begins.
 * - `kept(batch, i, j)`: what the weight is multiplied by. Word e of the same random ones that dropout takes for element e of
 *   [batch, L, S], so that a weight is dropped here where it is dropped there (dropout.ts).
 * - `rowAt(row)`: m, log Σ e^(s − m) and r of a query, counted over all batches.
 * - `power(d)`: e^d, and NaN of NaN.
 * - `logOf(sum)`: the logarithm of the sum of a row's powers; of a row that sees nothing 0, so that its weights stay 0.
 */
export function moduleOf(part: AttentionPart, spec: AttentionSpec): string {
  const { batch, causal, mask, dropout } = spec;
  const u = numbers(paramsOf(spec));
  const steps = batch
    .map((_, d) => {
      const of = (name: string): string => u[name.concat(String(d))] as string;
      const own = `vec4(${of('query')}, ${of('key')}, ${of('value')}, ${of('hides')})`;
      return d === 0 ? `place += rest * ${own};` : `place += rest % ${of('length')} * ${own}; rest /= ${of('length')};`;
    })
    .reverse();
  const value = `hides[at + i * ${u.maskRow} + j * ${u.maskColumn}]`;
  const masked = !mask
    ? 'score'
    : mask.type === 'f32'
      ? `score + ${value}`
      : `select(${NOTHING}, score, ${value} != 0u)`;
  const drawn = (n: number): string =>
    part === 'forward' ? `draw[${n}]` : `rows[3u * ${u.batches} * ${u.queries} + ${n}u]`;
  return `${dropout ? PHILOX : ''}
${FLOATS}
fn placeOf(batch: u32) -> vec4<u32> {
  var place = vec4<u32>();
  var rest = batch;
  ${steps.join('\n  ')}
  return place;
}
fn seen(score: f32, at: u32, i: u32, j: u32) -> f32 {
  return ${causal ? `select(${masked}, ${NOTHING}, j > i)` : masked};
}
${
  dropout
    ? `fn kept(batch: u32, i: u32, j: u32) -> f32 {
  let element = (batch * ${u.queries} + i) * ${u.keys} + j;
  let words = philox(vec2(${drawn(0)}, ${drawn(1)}), vec4(element / 4u, ${drawn(2)} + ${u.stream}, 0u, 0u));
  return select(0.0, bitcast<f32>(${u.kept}), words[element % 4u] < ${u.threshold});
}`
    : ''
}
${
  part === 'forward'
    ? ''
    : `fn rowAt(row: u32) -> vec3<f32> {
  return bitcast<vec3<f32>>(vec3(rows[3u * row], rows[3u * row + 1u], rows[3u * row + 2u]));
}`
}
fn power(d: f32) -> f32 { return or_nan(exp(d), d); }
fn logOf(sum: f32) -> f32 { return or_nan(select(log(sum), 0.0, sum == 0.0), sum); }`;
}

/** A row's largest score so far grows by more than this before what was added up is scaled anew. */
export const SLACK = /* @__PURE__ */ f32(8);
