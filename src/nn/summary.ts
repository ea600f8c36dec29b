/** What a model is made of and computes, layer by layer. */

import { atMost, wantTensor } from '../gpu/options.js';
import { zeros } from '../tensor/create.js';
import { randomState, setRandomState } from '../tensor/random.js';
import { noGrad } from '../tensor/remember.js';
import { checkShape, type Shape, show, sizeOf } from '../tensor/shape.js';
import { step } from '../tensor/step.js';
import { Tensor } from '../tensor/tensor.js';
import { tensorsIn } from '../tensor/tree.js';
import { around } from './around.js';
import { MultiheadAttention } from './attention.js';
import { Conv } from './conv.js';
import { Embedding } from './embedding.js';
import { Linear } from './linear.js';
import type { AnyModule } from './module.js';
import { wantModule } from './module.js';
import type { Parameter } from './parameter.js';

/** One call of a module. */
export interface SummaryRow {
  /** The module's name in the model, `features.0`; '' for the model itself. */
  readonly name: string;
  /** The name of its class. */
  readonly type: string;
  /** How many calls this one is inside of. */
  readonly depth: number;
  /** Of the first tensor returned. */
  outputShape: Shape;
  /** Elements of the module's own parameters that no row before has. */
  params: number;
  /** See {@link summary}. */
  multAdds: number;
}

export class Summary {
  /** In the order of the calls, each before those inside it. */
  readonly rows: readonly SummaryRow[];
  /** Elements of all parameters, of modules that were not called too. */
  readonly totalParams: number;
  /** Of those that require a gradient. */
  readonly trainableParams: number;
  readonly totalMultAdds: number;

  /** @internal */
  constructor(rows: readonly SummaryRow[], parameters: readonly Parameter[]) {
    const total = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0);
    this.rows = rows;
    this.totalParams = total(parameters.map(({ size }) => size));
    this.trainableParams = total(parameters.map(({ size, requiresGrad }) => (requiresGrad ? size : 0)));
    this.totalMultAdds = total(rows.map(({ multAdds }) => multAdds));
  }

  /** A table of the rows, and the totals. */
  toString(): string {
    const grouped = (n: number): string => n.toLocaleString('en-US');
    const table = [
      ['Layer (type)', 'Output shape', 'Params', 'Mult-adds'],
      ...this.rows.map(({ name, type, depth, outputShape, params, multAdds }) => [
        '  '.repeat(depth) + (name === '' ? type : `${name.split('.').at(-1)} (${type})`),
        show(outputShape),
        ...[params, multAdds].map((n) => (n === 0 ? '-' : grouped(n))),
      ]),
    ];
    const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
    const lines = table.map((cells) =>
      cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    );
    return [
      ...lines,
      `Total params: ${grouped(this.totalParams)}`,
      `Trainable params: ${grouped(this.trainableParams)}`,
      `Total mult-adds: ${grouped(this.totalMultAdds)}`,
    ].join('\n');
  }

  /** What Node's console shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/**
 * Runs a model once, in evaluation mode, and says what was called, what came out, how many parameters there are, and how
 * many multiply-adds it takes. The model, the generator and the tape stay as they were.
 *
 * Multiply-adds are counted as torchinfo counts them, bias included: a parameter of a convolution once per output pixel,
 * any other once per sample. Different from torchinfo, linear and attention layers count every position of a sequence, and an
 * embedding, which looks rows up, counts none. Products without parameters are not counted.
 *
 * @param input the shape of the input, batch included, filled with zeros; or a tensor; or a list of these for a model that takes several
 * @example console.log(String(summary(model, [1, 3, 32, 32])));
 * @example summary(gpt, zeros([1, 64], { dtype: 'i32' })).totalParams
 * @see https://github.com/TylerYep/torchinfo
 */
export function summary(model: AnyModule, input: Shape | Tensor | readonly (Shape | Tensor)[]): Summary {
  atMost('summary', 2, arguments);
  wantModule('summary', model);
  if (!Array.isArray(input)) wantTensor('summary', 'input', input);
  const isShape = (value: typeof input): value is Shape => Array.isArray(value) && typeof value[0] !== 'object';
  const inputs: readonly (Shape | Tensor)[] = input instanceof Tensor || isShape(input) ? [input] : input;
  const modules = model.namedModules().map(([name, module]) => ({ name, module, mode: module.training }));
  const random = randomState();
  const rows: SummaryRow[] = [];
  const seen = new Set<Parameter>();
  let depth = 0;
  const undo = modules.map(({ name, module }) =>
    around(module, (forward, given) => {
      const parameters = module.ownParameters().map(([, parameter]) => parameter);
      const fresh = parameters.filter((parameter) => !seen.has(parameter) && seen.add(parameter));
      const row: SummaryRow = { name, type: module.constructor.name, depth, outputShape: [], params: 0, multAdds: 0 };
      rows.push(row);
      depth++;
      const output = forward(given);
      const [tensor] = tensorsIn(output);
      row.outputShape = tensor?.shape ?? [];
      row.params = elements(fresh);
      row.multAdds = elements(parameters) * positions(module, row.outputShape);
      depth--;
      return output;
    }),
  );
  try {
    model.eval();
    const given = (): Tensor[] =>
      inputs.map((one) => (one instanceof Tensor ? one : zeros(checkShape('summary', one))));
    step(() => noGrad(() => void model(...(given() as never[]))));
  } finally {
    for (const restore of undo) restore();
    for (const { module, mode } of modules) module.training = mode;
    setRandomState(random);
  }
  return new Summary(rows, model.parameters());
}

const elements = (parameters: readonly Parameter[]): number => parameters.reduce((sum, { size }) => sum + size, 0);

/** How often each parameter of a module is multiplied and added for an output of this shape. */
function positions(module: AnyModule, shape: Shape): number {
  if (module instanceof Embedding) return 0;
  if (module instanceof Conv) return sizeOf(shape) / module.outChannels;
  if (module instanceof Linear) return sizeOf(shape) / module.outFeatures;
  if (module instanceof MultiheadAttention) return sizeOf(shape) / module.embedDim;
  return shape[0] ?? 1;
}
