/**
 * Modules and losses against PyTorch (`test/fixtures/module_cases.py`, `spatial_cases.py`, `arranged_cases.py`): print, keys, outputs, gradients by inputs and
 * parameters, buffers after a step of training, and outputs in evaluation.
 */
import { adapter, type DType, type Tensor, tensor } from 'kindling';
import * as nn from 'kindling/nn';
import { expect, it } from 'vitest';
import { camelCased } from '../parity/ops.js';
import { close, plain } from '../support/agree.js';
import { loadJson } from '../support/fixtures.js';

interface Value {
  data: number | number[];
  dtype: DType;
}

type Named = Record<string, Value>;

interface Case {
  module: string;
  repr: string;
  args: unknown[];
  options: Record<string, unknown>;
  inputs: Value[];
  /** For every input the first that is the same tensor. */
  first: number[];
  call: Record<string, unknown>;
  state: Named;
  outputs: Value[];
  /** Gradient by the first output. */
  seed: Value;
  gradients: (Value | null)[];
  parameters: Named;
  after: Named;
  evaluated: Value;
}

const made = ({ data, dtype }: Value): Tensor => tensor(data as number[], { dtype });
const isValue = (value: unknown): value is Value => typeof value === 'object' && value !== null && 'dtype' in value;

/** Options in camelCase, with tensors for values. */
const optionsOf = (options: Record<string, unknown>): Record<string, unknown> =>
  camelCased(Object.fromEntries(Object.entries(options).map(([key, v]) => [key, isValue(v) ? made(v) : v])));

function shapeOf(data: unknown): number[] {
  return Array.isArray(data) ? [data.length, ...shapeOf(data[0])] : [];
}

/** On GPUs what cancels is known to the last places of what it is made of: beside gradients of 32, a small one to 6e-5. */
function agrees(what: string, got: Tensor, { data }: Value): Promise<void> {
  const wanted = [data].flat(9) as number[];
  const values = adapter().isSoftware ? [] : wanted;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 2);
  return close(what, got, plain(shapeOf(data), wanted), { rtol: 2e-5, atol: 2e-6 * largest });
}

type AnyCall = { forward(...inputs: unknown[]): Tensor | [Tensor, Tensor | null] };

/** Runs one case. */
async function check(given: Case): Promise<void> {
  const Kind = Reflect.get(nn, given.module) as new (...args: unknown[]) => nn.AnyModule & AnyCall;
  const options = Object.keys(given.options).length > 0 ? [optionsOf(given.options)] : [];
  const module = new Kind(...given.args, ...options);
  expect(Object.keys(module.stateDict())).toEqual(Object.keys(given.state));
  if (given.module !== 'MultiheadAttention') expect(String(module)).toBe(given.repr);
  module.loadStateDict(Object.fromEntries(Object.entries(given.state).map(([key, value]) => [key, made(value)])));
  const own = given.inputs.map(made);
  const inputs = given.first.map((i) => own[i] as Tensor);
  for (const [i, gradient] of given.gradients.entries()) if (gradient) inputs[i]?.requiresGrad_();
  const call = Object.keys(given.call).length > 0 ? [optionsOf(given.call)] : [];
  const run = (): (Tensor | null)[] => [module.forward(...inputs, ...call)].flat();
  const outputs = run();
  for (const [i, want] of given.outputs.entries()) {
    const got = outputs[i] ?? null;
    if (want === null) expect(got).toBeNull();
    else await agrees(`output ${i}`, got as Tensor, want);
  }
  outputs[0]?.backward(made(given.seed));
  for (const [i, want] of given.gradients.entries()) {
    if (want) await agrees(`gradient by input ${i}`, inputs[i]?.grad as Tensor, want);
  }
  const parameters = new Map(module.namedParameters());
  expect([...parameters.keys()]).toEqual(Object.keys(given.parameters));
  for (const [name, want] of Object.entries(given.parameters)) {
    await agrees(`gradient by ${name}`, parameters.get(name)?.grad as Tensor, want);
  }
  const buffers = new Map(module.namedBuffers());
  for (const [name, want] of Object.entries(given.after)) await agrees(name, buffers.get(name) as Tensor, want);
  module.eval();
  await agrees('in evaluation', run()[0] as Tensor, given.evaluated);
}

const files = ['moduleCases.json', 'spatialCases.json', 'arrangedCases.json'];
const cases = (await Promise.all(files.map((name) => loadJson<Case[]>(name)))).flat();
const kinds = [...new Set(cases.map(({ module }) => module))];

it.each(kinds)("%s agrees with PyTorch's", async (kind) => {
  for (const given of cases.filter(({ module }) => module === kind)) {
    try {
      await check(given);
    } catch (error) {
      const { args, options, call, inputs } = given;
      const shapes = inputs.map(({ data }) => shapeOf(data));
      throw new Error(`${kind} ${JSON.stringify({ args, options, call, shapes })}`, { cause: error });
    }
  }
});
