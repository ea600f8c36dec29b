/**
 * ONNX's messages, by the field numbers of onnx.proto.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import { type Field, message } from '../io/wire.js';
import type { Attribute, Elements } from '../ops/onnx.js';
import type { DType } from '../tensor/tensor.js';

/** kindling's element types and the int64 of shapes, as ONNX numbers them. */
export const ELEMENT: Readonly<Record<DType | 'i64', number>> = { f32: 1, i32: 6, i64: 7, bool: 9, u32: 12 };

export interface Node {
  readonly op: string;
  /** Names of values; '' is an input left out. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface Initializer extends Elements {
  readonly name: string;
}

/** An input or output. A dimension is a length, or a name where it varies. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
}

export interface Model {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

function attribute(name: string, value: Attribute): Uint8Array {
  const of = (type: number, fields: readonly Field[]) => message([[1, name], ...fields, [20, type]]);
  if (typeof value === 'number') return of(2, [[3, value]]);
  if (typeof value === 'string') return of(3, [[4, value]]);
  if ('float' in value) return of(1, [[2, value]]);
  const numbers = value.map((one): Field => [8, one]);
  return of(7, numbers);
}

const node = ({ op, inputs, output, attributes }: Node): Uint8Array =>
  message([
    ...inputs.map((name): Field => [1, name]),
    [2, output],
    [3, output],
    [4, op],
    ...Object.entries(attributes).map(([name, value]): Field => [5, attribute(name, value)]),
  ]);

function initializer({ name, dtype, shape, data }: Initializer): Uint8Array {
  const dims = shape.map((n): Field => [1, n]);
  return message([...dims, [2, ELEMENT[dtype]], [8, name], [9, rawBytes({ dtype, data })]]);
}

/** Elements as they lie in a file: little-endian, a bool in one byte. */
function rawBytes({ dtype, data }: Omit<Elements, 'shape'>): Uint8Array {
  if (dtype === 'bool') return Uint8Array.from(data);
  const list = Array.from(data);
  if (dtype === 'i64') return new Uint8Array(BigInt64Array.from(list, BigInt).buffer);
  const typed = { f32: Float32Array, i32: Int32Array, u32: Uint32Array }[dtype];
  return new Uint8Array((data instanceof typed ? data.slice() : typed.from(list)).buffer);
}

function port({ name, dtype, shape }: Port): Uint8Array {
  const dims = shape.map((n): Field => [1, message([typeof n === 'number' ? [1, n] : [2, n]])]);
  const tensor = message([
    [1, ELEMENT[dtype]],
    [2, message(dims)],
  ]);
  return message([
    [1, name],
    [2, message([[1, tensor]])],
  ]);
}

/** The bytes of a ModelProto. IR version 8 is that of opset 17; readers of later ones take it. */
export function modelProto({ nodes, initializers, inputs, outputs }: Model, name: string, opset: number) {
  const all = <T>(field: number, items: readonly T[], write: (item: T) => Uint8Array) =>
    items.map((item): Field => [field, write(item)]);
  const graph = message([
    ...all(1, nodes, node),
    [2, name],
    ...all(5, initializers, initializer),
    ...all(11, inputs, port),
    ...all(12, outputs, port),
  ]);
  return message([
    [1, 8],
    [2, 'kindling'],
    [7, graph],
    [8, message([[2, opset]])],
  ]);
}
