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
import { interned, type Kernel } from './kernel.js';
import { inputs, lossAt, type NllSpec } from './nll.js';
import { LOWEST, rowKernel } from './rows.js';
import { LOG_OF_SUM } from './softmax.js';

/** Whether the launch is worth it: a lane has at most 256 elements, in short rows. */
export const isSmall = ({ n, classes, inner, reduction }: NllSpec): boolean =>
  inner === 1 && classes <= 64 && n * classes <= 16384 && reduction !== 'none';

/** [x, targets, weights?] → y, the loss, and the sum of the targets' weights. */
export const crossEntropyKernel = /* @__PURE__ */ interned((spec: NllSpec): Kernel => {
  const { n, classes, reduction } = spec;
  const walk = `for (var k = 0u; k < ${classes}u; k++)`;
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
    module: lossAt(spec),
    body: `  var lossPart = 0.0;
  var weightPart = 0.0;
  for (var p = lane; p < params.n; p += lanes) {
    let base = p * ${classes}u;
    var top = ${LOWEST};
    ${walk} { top = max(top, xs[base + k]); }
    ${noteNone}
    var k = 0u;
    ${summed}
    if ((${met}) | (bitcast<u32>(top) == 0x7f800000u)) { sum = ${nanOf('top')}; }
    let logSum = ${LOG_OF_SUM};
    ${walk} { ys[base + k] = min(xs[base + k] - top, 0.0) - logSum; }
    let own = lossAt(p);
    lossPart += own.x;
    weightPart += own.y;
  }
  let loss = rowSum(lossPart);
  let weight = rowSum(weightPart);
  if (lane == 0u) {
    losses[0] = ${reduction === 'mean' ? 'loss / weight' : 'loss'};
    totals[0] = weight;
  }`,
  });
});
