/** A model of any number of rows, from two that differ in it by one. */
import { refuse } from '../gpu/errors.js';
import { show } from '../tensor/shape.js';
import type { Drawing } from './draw.js';
import type { Initializer, Model, Port } from './model.js';

const fail = (why: string): never => {
  refuse(`exportOnnx: ${why}; pass dynamicBatch: false for a model of this number of rows`);
};

/** `two` is `one` with one more row in its inputs. One length of a `Reshape` may differ: ONNX finds it by itself. */
export function anyRows(one: Drawing, two: Drawing): Model {
  if (JSON.stringify(one.nodes) !== JSON.stringify(two.nodes)) {
    fail('what the model computes depends on the number of rows');
  }
  const initializers = one.initializers.map((a, i) => {
    const b = two.initializers[i] as Initializer;
    if (a.data === b.data) return a;
    const open = differing(a.data, b.data);
    if (open.length === 0 && differing(a.shape, b.shape).length === 0) return a;
    if (one.shapes.has(a.name) && open.length === 1) {
      return { ...a, data: Array.from(a.data, (n, d) => (open.includes(d) ? -1 : n)) };
    }
    const op = one.nodes.find(({ inputs }) => inputs.includes(a.name))?.op;
    const shown = ({ dtype, data, shape }: Initializer): string => show(dtype === 'i64' ? Array.from(data) : shape);
    return fail(`an input of ${op} depends on the number of rows: ${shown(a)}, then ${shown(b)}`);
  });
  const rows = one.inputs[0]?.shape[0];
  const ports = (from: readonly Port[], to: readonly Port[]): Port[] =>
    from.map((port, i) => {
      const open = differing(port.shape, to[i]?.shape ?? []);
      const named = (n: number | string, d: number) => (n === rows ? 'batch' : `${port.name}_${d}`);
      return { ...port, shape: port.shape.map((n, d) => (open.includes(d) ? named(n, d) : n)) };
    });
  return {
    nodes: one.nodes,
    initializers,
    inputs: ports(one.inputs, two.inputs),
    outputs: ports(one.outputs, two.outputs),
  };
}

/** Places where two lists differ. */
function differing<T>(a: ArrayLike<T>, b: ArrayLike<T>): number[] {
  const longer = a.length > b.length ? a : b;
  return Array.from(longer, (_, i) => (Object.is(a[i], b[i]) ? -1 : i)).filter((i) => i >= 0);
}
