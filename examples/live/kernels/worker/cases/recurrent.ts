/** A layer of long short-term memory over a sequence. */
import { tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { uniform } from '../../shared/exact.js';
import { at, type Floats, type Prepare } from '../case.js';

const [INPUT, HIDDEN, BATCH] = [32, 64, 16];

const sigma = (value: number): number => 1 / (1 + Math.exp(-value));

/** The hidden states of all steps: i, f, g, o = W x + b + U h + d, c ← σ(f) c + σ(i) tanh(g), h ← σ(o) tanh(c). */
export function lstm(
  [x, w, u, b, d]: readonly [Floats, Floats, Floats, Floats, Floats],
  { steps, batch, input, hidden }: { steps: number; batch: number; input: number; hidden: number },
): Float64Array {
  const out = new Float64Array(steps * batch * hidden);
  const cell = new Float64Array(batch * hidden);
  for (let t = 0; t < steps; t++) {
    for (let n = 0; n < batch; n++) {
      const gates = Array.from({ length: 4 * hidden }, (_, row) => {
        let sum = at(b, row) + at(d, row);
        for (let k = 0; k < input; k++) sum += at(w, row * input + k) * at(x, (t * batch + n) * input + k);
        const before = ((t - 1) * batch + n) * hidden;
        if (t > 0) for (let k = 0; k < hidden; k++) sum += at(u, row * hidden + k) * at(out, before + k);
        return sum;
      });
      for (let k = 0; k < hidden; k++) {
        const [i, f, g, o] = [0, 1, 2, 3].map((gate) => at(gates, gate * hidden + k)) as [
          number,
          number,
          number,
          number,
        ];
        const c = sigma(f) * at(cell, n * hidden + k) + sigma(i) * Math.tanh(g);
        cell[n * hidden + k] = c;
        out[(t * batch + n) * hidden + k] = sigma(o) * Math.tanh(c);
      }
    }
  }
  return out;
}

const layer: Prepare = (steps, seed) => {
  const shapes = [[steps, BATCH, INPUT], [4 * HIDDEN, INPUT], [4 * HIDDEN, HIDDEN], [4 * HIDDEN], [4 * HIDDEN]];
  // Weights as PyTorch begins with them: within 1/√hidden.
  const data = shapes.map((shape, k) =>
    uniform(
      shape.reduce((a, b) => a * b),
      seed + k,
    ).map((value) => (k === 0 ? value : value / Math.sqrt(HIDDEN))),
  ) as [Floats, Floats, Floats, Floats, Floats];
  const held = data.map((values, k) => tensor(values, { shape: shapes[k] ?? [] }));
  const [x, w, u, b, d] = held as [T, T, T, T, T];
  let known: Float64Array | null = null;
  return {
    shape: `[${steps}, ${BATCH}, ${INPUT}] to ${HIDDEN}`,
    flops: 2 * steps * BATCH * 4 * HIDDEN * (INPUT + HIDDEN),
    bytes: 4 * (data.reduce((sum, { length }) => sum + length, 0) + steps * BATCH * HIDDEN),
    run: () => F.lstm(x, null, { weight_ih_l0: w, weight_hh_l0: u, bias_ih_l0: b, bias_hh_l0: d })[0],
    expected: (i) => {
      known ??= lstm(data, { steps, batch: BATCH, input: INPUT, hidden: HIDDEN });
      // What saturates at ±1 is measured against 1.
      return { value: at(known, i), scale: 1 };
    },
    held,
  };
};
type T = ReturnType<typeof tensor>;

export const RECURRENT = { lstm: layer };
