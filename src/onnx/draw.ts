/** A model's graph for inputs of given shapes, with its constants read back. */
import { refuse } from '../gpu/errors.js';
import type { AnyModule } from '../nn/module.js';
import { scoped } from '../stream/scope.js';
import type { Storage } from '../stream/storage.js';
import { zeros } from '../tensor/create.js';
import { Tensor, type TensorData } from '../tensor/tensor.js';
import { tensorsIn } from '../tensor/tree.js';
import { type Constant, Graph } from './graph.js';
import type { Initializer, Model, Port } from './model.js';
import { RULES } from './rules.js';
import { Trace } from './trace.js';

export interface Drawing extends Model {
  /** Initializers that are shapes for `Reshape`. */
  readonly shapes: ReadonlySet<string>;
}

export interface DrawOptions {
  readonly opset: number;
  readonly inputNames?: readonly string[] | undefined;
  readonly outputNames?: readonly string[] | undefined;
}

/** Contents that were read, so that two drawings of one model share them. */
export type Read = Map<Storage, Promise<TensorData>>;

/** Draws the model for inputs like the examples, with so many more rows. */
export async function draw(
  model: AnyModule,
  examples: readonly Tensor[],
  more: number,
  options: DrawOptions,
  read: Read,
): Promise<Drawing> {
  // In a scope nothing is computed but the constants that are read.
  const { constants, temporary, ...drawn } = scoped(
    () => {
      const inputs = examples.map(({ shape: [n, ...rest], dtype }) =>
        zeros(n === undefined ? [] : [n + more, ...rest], { dtype }),
      );
      const found = inEvaluation(model, () => graphOf(model, inputs, options));
      const made = found.constants.flatMap(({ value }) => (value instanceof Tensor ? [value] : []));
      return { ...found, temporary: made.filter(({ storage }) => storage.isTemporary) };
    },
    (found) => found.temporary.map(({ storage }) => storage),
  );
  const initializers = await Promise.all(constants.map((constant) => elementsOf(constant, read)));
  for (const tensor of temporary) tensor.dispose();
  const shapes = new Set(constants.flatMap(({ name, isShape }) => (isShape ? [name] : [])));
  return { ...drawn, initializers, shapes };
}

function inEvaluation<T>(model: AnyModule, body: () => T): T {
  const modes = model.modules().map((module) => [module, module.training] as const);
  try {
    model.eval();
    return body();
  } finally {
    for (const [module, training] of modes) module.training = training;
  }
}

function graphOf(
  model: AnyModule,
  inputs: readonly Tensor[],
  { opset, inputNames, outputNames }: DrawOptions,
): Omit<Model, 'initializers'> & { constants: Constant[] } {
  const state = [...Object.entries(model.stateDict()), ...model.namedBuffers()];
  const names = namesFor('input', inputs.length, inputNames);
  const trace = new Trace(inputs);
  const outputs = [...tensorsIn(trace.run(() => model(...(inputs as never[]))))];
  const results = namesFor('output', outputs.length, outputNames);
  const ports = [...names, ...results];
  const twice = ports.find((name, i) => ports.includes(name, i + 1) || state.some(([other]) => other === name));
  if (twice !== undefined) refuse(`exportOnnx: '${twice}' would name two things; give other inputNames or outputNames`);
  const named = new Map(inputs.map((input, i) => [input, names[i] as string]));
  const graph = new Graph({ trace, inputs: named, state, rules: RULES, opset });
  for (const [i, output] of outputs.entries()) graph.end(output, results[i] as string);
  const port = (name: string, { dtype, shape }: Tensor): Port => ({ name, dtype, shape });
  return {
    nodes: graph.nodes,
    constants: graph.constants,
    inputs: inputs.map((input, i) => port(names[i] as string, input)),
    outputs: outputs.map((output, i) => port(results[i] as string, output)),
  };
}

/** The names asked for, or the usual ones. */
function namesFor(what: string, count: number, names: readonly string[] | undefined): readonly string[] {
  if (names && names.length !== count) {
    refuse(`exportOnnx: wants as many names as ${what}s, ${count}; got [${names.join(', ')}]`);
  }
  return names ?? Array.from({ length: count }, (_, i) => (count === 1 ? what : `${what}${i}`));
}

async function elementsOf({ name, value }: Constant, read: Read): Promise<Initializer> {
  if (!(value instanceof Tensor)) return { name, ...value };
  const { dtype, shape, storage } = value;
  const data = read.get(storage) ?? value.data();
  read.set(storage, data);
  return { name, dtype, shape, data: await data };
}
