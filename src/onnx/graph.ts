/** Nodes and constants for what a trace saw, made as they are asked for: what no output needs is left out. */
import { refuse } from '../gpu/errors.js';
import type { Attribute, Call, Elements, OnnxGraph, OnnxOperand as Operand, OnnxRule as Rule } from '../ops/onnx.js';
import { type Shape, sameShape, show } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { Node } from './model.js';
import type { Trace } from './trace.js';

/** Elements that are known, or a tensor to be read. `isShape`: lengths, of which one may be left open. */
export interface Constant {
  readonly name: string;
  readonly value: Tensor | Elements;
  readonly isShape?: boolean;
}

/** What a graph is made from. */
export interface GraphSource {
  readonly trace: Trace;
  readonly inputs: ReadonlyMap<Tensor, string>;
  /** Parameters and buffers by name. */
  readonly state: readonly (readonly [string, Tensor])[];
  readonly rules: Readonly<Record<string, Rule>>;
  /** For rules that differ from version to version. */
  readonly opset: number;
}

export class Graph implements OnnxGraph {
  readonly nodes: Node[] = [];
  readonly constants: Constant[] = [];
  readonly #names = new Map<Tensor, string>();
  readonly #source: GraphSource;

  constructor(source: GraphSource) {
    this.#source = source;
    for (const [tensor, name] of source.inputs) this.#names.set(tensor, name);
  }

  get opset(): number {
    return this.#source.opset;
  }

  /** The name of a tensor's value, computed by nodes from the inputs or constant. */
  nameOf(tensor: Tensor): string {
    const name = this.#names.get(tensor) ?? this.#make(tensor);
    this.#names.set(tensor, name);
    return name;
  }

  /** Adds a node. Returns the name of its output. */
  node(op: string, operands: readonly Operand[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const inputs = operands.map((operand) => this.#operand(operand));
    const output = `/${op}_${this.nodes.length}`;
    this.nodes.push({ op, inputs, output, attributes });
    return output;
  }

  /** Makes a tensor an output of the model. */
  end(tensor: Tensor, name: string): void {
    this.nodes.push({ op: 'Identity', inputs: [this.nameOf(tensor)], output: name, attributes: {} });
  }

  /** `x` in another shape. */
  reshape(x: Operand, shape: Shape): string {
    const value = { dtype: 'i64', shape: [shape.length], data: shape } as const;
    return this.node('Reshape', [x, this.#constant(value, true)]);
  }

  #operand(operand: Operand): string {
    if (typeof operand === 'string') return operand;
    if (operand instanceof Tensor) return this.nameOf(operand);
    if (typeof operand === 'number') return this.#constant({ dtype: 'f32', shape: [], data: [operand] });
    return this.#constant('dtype' in operand ? operand : { dtype: 'i64', shape: [operand.length], data: operand });
  }

  #constant(value: Constant['value'], isShape = false): string {
    const name = `/constant_${this.constants.length}`;
    this.constants.push({ name, value, isShape });
    return name;
  }

  #make(tensor: Tensor): string {
    const { trace } = this.#source;
    if (!trace.dependsOnInput(tensor)) return this.#stored(tensor);
    const call = trace.callOf(tensor);
    if (call) return this.#ruleOf(call)(this, call, call.attributes as never);
    const original = trace.originalOf(tensor) as Tensor;
    const name = this.nameOf(original);
    return sameShape(original.shape, tensor.shape) ? name : this.reshape(name, tensor.shape);
  }

  #ruleOf({ name, inputs, value, attributes }: Call): Rule {
    const { rules } = this.#source;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule && (attributes || rule.length < 3)) return rule;
    refuse(
      `exportOnnx: '${name}' of ${inputs.map(({ shape }) => show(shape)).join(', ')} to ${show(value.shape)} has no form ` +
        `in ONNX here; supported are ${Object.keys(rules).sort().join(', ')}`,
    );
  }

  /** A parameter or buffer under its own name, or a constant of the model's. */
  #stored(tensor: Tensor): string {
    const found = this.#source.state.find(([, t]) => t.storage === tensor.storage && sameShape(t.shape, tensor.shape));
    if (!found) return this.#constant(tensor);
    const [name] = found;
    if (!this.constants.some((constant) => constant.name === name)) this.constants.push({ name, value: tensor });
    return name;
  }
}
