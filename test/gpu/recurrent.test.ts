/** Recurrent layers and cells against PyTorch (`test/fixtures/recurrent_cases.py`). */
import { cos, type Nested, type Tensor, tensor, zeros } from 'kindling';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { describe, expect, it } from 'vitest';
import { camelCased } from '../parity/ops.js';
import { close, plain } from '../support/agree.js';
import { loadJson } from '../support/fixtures.js';

type Named = Record<string, Nested>;

interface Case {
  module: string;
  args: number[];
  options: Record<string, unknown>;
  repr: string;
  state: Named;
  inputs: Nested[];
  outputs: Nested[];
  gradients: Nested[];
  parameters: Named;
}

const agrees = (what: string, got: Tensor | null | undefined, data: Nested): Promise<void> => {
  const { shape } = tensor(data);
  return close(what, got as Tensor, plain(shape, [data].flat(9) as number[]), { rtol: 2e-5, atol: 4e-6 });
};

type AnyCall = { forward(...inputs: unknown[]): Tensor | unknown[] };

/** The gradient of results as the fixture takes it. */
function passBack(results: readonly Tensor[]): void {
  const weighed = results.map((y) => y.mul(cos(tensor(Array.from({ length: y.size }, (_, i) => i))).reshape(y.shape)));
  weighed
    .map((y) => y.sum())
    .reduce((a, b) => a.add(b))
    .backward();
}

async function check(given: Case): Promise<void> {
  const Kind = Reflect.get(nn, given.module) as new (...args: unknown[]) => nn.AnyModule & AnyCall;
  const module = new Kind(...given.args, camelCased(given.options));
  expect(String(module)).toBe(given.repr);
  expect(Object.keys(module.stateDict())).toEqual(Object.keys(given.state));
  module.loadStateDict(Object.fromEntries(Object.entries(given.state).map(([key, value]) => [key, tensor(value)])));
  const [x, ...states] = given.inputs.map((value) => tensor(value).requiresGrad_());
  const hx = states.length === 2 ? [states] : states;
  const results = [module.forward(x, ...hx)].flat(2) as Tensor[];
  expect(results.length).toBe(given.outputs.length);
  for (const [i, want] of given.outputs.entries()) await agrees(`output ${i}`, results[i], want);
  passBack(results);
  for (const [i, want] of given.gradients.entries()) await agrees(`gradient ${i}`, [x, ...states][i]?.grad, want);
  const parameters = new Map(module.namedParameters());
  for (const [name, want] of Object.entries(given.parameters)) {
    await agrees(`gradient by ${name}`, parameters.get(name)?.grad, want);
  }
}

const cases = await loadJson<Case[]>('recurrentCases.json');

it.each(cases.map((given) => [given.repr, given] as const))("%s agrees with PyTorch's", (_, given) => check(given));

describe('arguments', () => {
  const layer = new nn.GRU(2, 3, { numLayers: 2, dropout: 0.5 });
  const x = zeros([4, 1, 2]);

  it('are refused by name', () => {
    const { weight_ih_l1: _, ...weights } = layer.stateDict();
    expect(() => F.gru(x, null, weights, { numLayers: 2 })).toThrow('gru: weight_ih_l1 is undefined, wants a tensor');
    expect(() => layer.forward(x, zeros([1, 1, 3]))).toThrow('gru: wants a state [2, 1, 3], got [1, 1, 3]');
    expect(() => layer.forward(zeros([0, 1, 2]))).toThrow('gru: input [0, 1, 2] is a sequence of no steps');
    expect(() => F.lstm(x, zeros([2, 1, 3]) as never, weights)).toThrow('lstm: hx is a tensor, wants [h, c] or null');
    expect(() => new nn.LSTMCell(2, 3).forward(zeros([1, 3]))).toThrow(
      'LSTMCell: wants input [N, 2] or [2], got [1, 3]',
    );
  });

  it('dropout lies between layers, in training alone', async () => {
    const both = () => [layer.forward(x.add(1))[0].array(), layer.forward(x.add(1))[0].array()];
    const [a, b] = await Promise.all(both());
    expect(a).not.toEqual(b);
    layer.eval();
    const [c, d] = await Promise.all(both());
    expect(c).toEqual(d);
  });
});
