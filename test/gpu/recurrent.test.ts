/** Recurrent layers and cells against PyTorch (`test/fixtures/recurrent_cases.py`). */
import { cos, grad, type Nested, randn, type Tensor, tensor, zeros } from 'kindling';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { describe, expect, it } from 'vitest';
import { recurrentFits } from '../../src/kernels/recurrent.js';
import { GATES, type States } from '../../src/ops/recurrentCell.js';
import { sequence, stepByStep } from '../../src/ops/recurrentSequence.js';
import { watching } from '../../src/tensor/launch.js';
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

describe.each(['tanh', 'relu', 'gru', 'lstm'] as const)('%s in one dispatch', (kind) => {
  it.each([
    [5, false],
    [8, true],
    [300, true],
  ])('has the values and gradients of step by step: %d hidden, reversed %s', async (hidden, reverse) => {
    const rows = GATES[kind] * hidden;
    const drawn = (...shape: number[]): Tensor => randn(shape).div(Math.sqrt(hidden)).requiresGrad_();
    const [a, weight, bias, h] = [drawn(3, 2, rows), drawn(rows, hidden), drawn(rows), drawn(2, hidden)] as const;
    const states: States = kind === 'lstm' ? [h, drawn(2, hidden)] : [h];
    const inputs = [a, weight, bias, ...(states as unknown as Tensor[])];
    const results = (run: typeof sequence): Tensor[] => {
      const { output, last } = run(kind, a, states, weight, bias, reverse);
      const made = [output, ...(last as unknown as Tensor[])];
      const sum = made.map((y, i) => y.mul(y.add(i)).sum()).reduce((x, y) => x.add(y));
      return [...made, ...grad(sum, inputs)] as Tensor[];
    };
    const [got, want] = [results(sequence), results(stepByStep)];
    for (const [i, one] of want.entries()) {
      const values = [...(await one.data())];
      await close(`${i}`, got[i] as Tensor, plain(one.shape, values), { rtol: 2e-5, atol: 4e-6 });
    }
  });
});

it('a layer is one product and one dispatch, and back one besides the products', () => {
  const layer = new nn.GRU(6, 8, { bidirectional: true });
  const names = (body: () => unknown): string[] => {
    const seen: string[] = [];
    watching(({ name }) => void seen.push(name), body);
    return seen.filter((name) => name.startsWith('recurrent'));
  };
  const x = randn([7, 2, 6]);
  const loss = (): Tensor => layer.forward(x)[0].sum();
  expect(names(loss)).toEqual(['recurrent.gru', 'recurrent.gru']);
  expect(names(() => loss().backward()).slice(2)).toEqual(['recurrent.gru.grad', 'recurrent.gru.grad']);
  expect([recurrentFits('lstm', 682), recurrentFits('lstm', 683)]).toEqual([true, false]);
});

describe('arguments', () => {
  const made = () => ({ layer: new nn.GRU(2, 3, { numLayers: 2, dropout: 0.5 }), x: zeros([4, 1, 2]) });

  it('are refused by name', () => {
    const { layer, x } = made();
    const { weight_ih_l1: _, ...weights } = layer.stateDict();
    expect(() => F.gru(x, null, weights, { numLayers: 2 })).toThrow('gru: weight_ih_l1 is undefined, wants a tensor');
    expect(() => F.gru(x, null, layer.stateDict())).toThrow('gru: no weight of 1 layer is called weight_ih_l1');
    expect(() => layer.forward(x, zeros([1, 1, 3]))).toThrow('gru: wants a state [2, 1, 3], got [1, 1, 3]');
    expect(() => layer.forward(zeros([0, 1, 2]))).toThrow('gru: input [0, 1, 2] is a sequence of no steps');
    expect(() => F.lstm(x, zeros([2, 1, 3]) as never, weights)).toThrow('lstm: hx is a tensor, wants [h, c] or null');
    expect(() => new nn.LSTMCell(2, 3).forward(zeros([1, 3]))).toThrow(
      'LSTMCell: wants input [N, 2] or [2], got [1, 3]',
    );
  });

  it('dropout lies between layers, in training alone', async () => {
    const { layer, x } = made();
    const both = () => [layer.forward(x.add(1))[0].array(), layer.forward(x.add(1))[0].array()];
    const [a, b] = await Promise.all(both());
    expect(a).not.toEqual(b);
    layer.eval();
    const [c, d] = await Promise.all(both());
    expect(c).toEqual(d);
  });
});
