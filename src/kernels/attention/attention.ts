/**
 * Attention in tiles: for a batch's queries q [L, E], keys k [S, E] and values v [S, V]
 *
 *   s = scale · q kᵀ + mask,   p = e^s / Σ_j e^s,   y = (p ∘ drop) v
 *
 * without a matrix of scores. Forward walks the keys once. It keeps for each row the largest score m met so far, Σ e^(s − m) and
 * Σ e^(s − m) v; when m grows, both sums are scaled to the new one. Of each row it writes y, m and log Σ e^(s − m),
 * from which the way back makes p = e^((s − m) − log Σ e^(s − m)) again, as it makes dropout's mask again from its counter. The sum of
 * both would lose the logarithm where scores are large: where a mask of −10⁹ hides a whole row. With g the gradient by y:
 *
 *   r = Σ g ∘ y of each row,   ds = p ∘ ((g vᵀ) ∘ drop − r),   dq = scale · ds k,   dk = scale · dsᵀ q,   dv = (p ∘ drop)ᵀ g
 *
 * dq is one walk over the keys for each query, dk and dv are one over the queries for each key. Every sum has one owner and one
 * order: no atomics, the same bits each time. Rows that see no key are 0, and pass none back. Where a mask hides a key the weight
 * is 0, and what it is multiplied by is read all the same: a NaN there shows, as in a product. What lies behind the diagonal of a
 * causal attention is passed over in whole tiles.
 *
 * Layout: query, key and value are dense matrices, of which batches lie apart as `placeOf` says; all else is dense. `logs` has
 * m and log Σ e^(s − m) of each query side by side, `rows` these and r, and behind them what dropout drew. Sizes but E and V are data: other lengths and batches compile nothing.
 * How a part is computed is its variant: registers.ts, workgroup.ts.
 */
import { interned, type Kernel } from '../kernel.js';
import { rowKernel } from '../rows.js';
import { type RegisterTile, registerAttention, registerTile } from './registers.js';
import type { AttentionPart, AttentionSpec } from './spec.js';
import { workgroupAttention } from './workgroup.js';

/**
 * - forward: [query, key, value, mask?, draw?] → y, logs
 * - queryGrad: [query, key, value, g, rows, mask?] → dq
 * - keyGrad: the same → dk, dv
 */
export const attentionKernel = /* @__PURE__ */ interned(
  (spec: AttentionSpec & { readonly part: AttentionPart; readonly tile?: RegisterTile }): Kernel =>
    spec.variant === 'workgroup'
      ? workgroupAttention(spec.part, spec)
      : registerAttention(spec.part, spec, spec.tile ?? registerTile(spec)),
);

/** [g, y, logs, draw?] → rows, as bits. Launch: see rows.ts. */
export const attentionRowsKernel = /* @__PURE__ */ interned(
  ({ count, outputs, lanes, drops }: { count: number; outputs: number; lanes: number; drops: boolean }): Kernel =>
    rowKernel({
      name: 'attention.rows',
      read: { gs: 'f32', ys: 'f32', logs: 'f32', ...(drops && { draw: 'u32' as const }) },
      write: { rows: 'u32' },
      rows: count,
      count: '(arrayLength(&logs) / 2u)',
      lanes,
      body: `  var part = 0.0;
  for (var k = lane; k < ${outputs}u; k += lanes) { part += gs[row * ${outputs}u + k] * ys[row * ${outputs}u + k]; }
  let inner = rowSum(part);
  if (lane == 0u) {
    rows[3u * row] = bitcast<u32>(logs[2u * row]);
    rows[3u * row + 1u] = bitcast<u32>(logs[2u * row + 1u]);
    rows[3u * row + 2u] = bitcast<u32>(inner);
    ${drops ? 'if (row == 0u) { for (var n = 0u; n < 3u; n++) { rows[arrayLength(&logs) / 2u * 3u + n] = draw[n]; } }' : ''}
  }`,
    }),
);
