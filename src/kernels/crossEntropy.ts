/**
 * Log-softmax and negative log-likelihood in one launch, for batches that one workgroup finishes at once:
 *
 *   y[p, c] = x[p, c] − m − log Σ_c e^(x[p, c] − m),   loss as in nll.ts, over y
 *
 * Layout: x and y are [n, classes], targets [n]. Launch: one workgroup of 64 for the whole batch (see
 * rows.ts, of which the batch is one row); a lane walks every 64th row three times. Larger batches, longer rows and
 * positions beyond the batch take logSoftmax and nll in turn.
 */
import { blocked } from './blocked.js';
import { nanNotes, nanOf } from './floats.js';
import { f32, interned, type Kernel, LINEAR_WORKGROUP } from './kernel.js';
import { inputs, type NllSpec } from './nll.js';
import { LOWEST, rowKernel } from './rows.js';
import { LOG_OF_SUM } from './softmax.js';

/** Whether the launch is worth it: a lane has at most 16 short rows. */
export const isSmall = ({ n, classes, inner, reduction }: NllSpec): boolean =>
  inner === 1 && n <= 1024 && classes <= 64 && reduction !== 'none';

/** [x, targets, weights?] → y, the loss, and the sum of the targets' weights. */
export const crossEntropyKernel = /* @__PURE__ */ interned((spec: NllSpec): Kernel => {
  const { n, classes, weighted, smoothing, ignoreIndex, reduction } = spec;
  const walk = `for (var k = 0u; k < ${classes}u; k++)`;
  const soft = smoothing !== 0;
  const { start: noteNone, note, met } = nanNotes();
  const summed = blocked({
    state: { sum: '0.0' },
    turns: classes,
    turn: (inner) => `let x = xs[base + k]; ${inner('sum')} += exp(x - top); ${note('x')}`,
  });
  return rowKernel({
    name: 'crossEntropy',
    read: inputs(spec, { xs: 'f32' }),
    write: { ys: 'f32', losses: 'f32', totals: 'f32' },
    params: { n },
    rows: 1,
    length: n,
    lanes: LINEAR_WORKGROUP,
    body: `  var lossPart = 0.0;
  var weightPart = 0.0;
  for (var p = lane; p < params.n; p += lanes) {
    let base = p * ${classes}u;
    var top = ${LOWEST};
    ${walk} { top = max(top, xs[base + k]); }
    ${noteNone}
    var k = 0u;
    ${summed}
    if (${met} || bitcast<u32>(top) == 0x7f800000u) { sum = ${nanOf('top')}; }
    let logSum = ${LOG_OF_SUM};
    let t = targets[p];
    var nan = 0x7fc00000u;
    var hard = bitcast<f32>(nan);${soft ? '\n    var soft = 0.0;' : ''}
    ${walk} {
      let y = min(xs[base + k] - top, 0.0) - logSum;
      ys[base + k] = y;
      if (k == u32(t)) { hard = -y; }${soft ? `\n      soft -= ${weighted ? 'weights[k] * y' : 'y'};` : ''}
    }
    if (t != ${ignoreIndex}i) {
      let w = ${weighted ? `select(0.0, weights[min(u32(t), ${classes - 1}u)], u32(t) < ${classes}u)` : '1.0'};
      lossPart += ${soft ? `${f32(1 - smoothing)} * w * hard + ${f32(smoothing / classes)} * soft` : 'w * hard'};
      weightPart += w;
    }
  }
  let loss = rowSum(lossPart);
  let weight = rowSum(weightPart);
  if (lane == 0u) {
    losses[0] = ${reduction === 'mean' ? 'loss / weight' : 'loss'};
    totals[0] = weight;
  }`,
  });
});
