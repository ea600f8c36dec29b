/**
 * Functions made of records. A record says all there is of an elementwise op: its name, how it is computed, a line of WGSL, and
 * its gradients twice, in functions that can be differentiated themselves, and in a line of WGSL for when nobody will.
 */
import { launchMap } from '../../choose/variant.js';
import { perDevice } from '../../gpu/device.js';
import { refuse } from '../../gpu/errors.js';
import { atMost, wantOperand, wantTensor } from '../../gpu/options.js';
import {
  type BinaryLine,
  type BinarySpec,
  binaryKernel,
  type UnaryLine,
  unaryGradKernel,
  unaryKernel,
} from '../../kernels/elementwise.js';
import { bitsOf } from '../../kernels/flat.js';
import { constantOf } from '../../tensor/create.js';
import { differentiable, each, stepwise } from '../../tensor/remember.js';
import { broadcast, broadcastStrides } from '../../tensor/shape.js';
import { keep } from '../../tensor/step.js';
import { type DType, holds, Tensor } from '../../tensor/tensor.js';
import { markLike, noneOf } from '../../tensor/unfit.js';
import { sumTo } from '../broadcast.js';
import { cast } from '../cast.js';

/** A tensor, or a number that stands for one. */
export type Operand = Tensor | number;

/** A function of one tensor: y = f(x), and p, a number. */
export interface UnaryRecord extends UnaryLine {
  /** Of one without `grad`: whether PyTorch takes the slope for a function of x, which gives x zeros for a second gradient. */
  readonly bends?: boolean;
  /**
   * Its gradient by x, from that by y, in functions. Without it the slope changes with x in steps alone, so that the kernel of the
   * gradient is linear in g, and the gradient of itself.
   */
  readonly grad?: (at: { readonly g: Tensor; readonly x: Tensor; readonly y: Tensor; readonly p: number }) => Tensor;
}

/** A function of two tensors that broadcast: y = f(a, b). */
export interface BinaryRecord extends BinaryLine {
  /** Integers are cast to f32 first. */
  readonly inFloats?: boolean;
  /** Its gradients by a and by b, from that by y; what was broadcast is summed back. Absent for comparisons. */
  readonly grad?: { readonly a: PairGrad; readonly b: PairGrad };
}

type PairGrad = (at: { readonly g: Tensor; readonly a: Tensor; readonly b: Tensor; readonly y: Tensor }) => Tensor;

type Records = readonly (UnaryRecord | BinaryRecord)[];

const records = new WeakMap<object, Records>();

/** @internal The records that a function was made of. */
export const recordsOf = (made: object): Records => records.get(made) ?? [];

/** The function itself, known to be made of records. */
export function madeOf<F extends object>(of: Records, made: F): F {
  records.set(made, of);
  return made;
}

/** The function that a record makes of a tensor. */
export const unary = (record: UnaryRecord): ((x: Tensor) => Tensor) =>
  madeOf([record], function (x: Tensor): Tensor {
    atMost(record.name, 1, arguments);
    return applied(record, x);
  });

/** As {@link unary}, of a function that leaves integers what they are. */
export const rounding = (record: UnaryRecord): ((x: Tensor) => Tensor) =>
  madeOf([record], function (x: Tensor): Tensor {
    atMost(record.name, 1, arguments);
    return wantTensor(record.name, 'x', x).dtype === 'f32' ? applied(record, x) : x;
  });

/** The function that a record makes of two operands. */
export const binary = (record: BinaryRecord): ((a: Operand, b: Operand) => Tensor) =>
  madeOf([record], function (a: Operand, b: Operand): Tensor {
    atMost(record.name, 2, arguments);
    return paired(record, a, b);
  });

/**
 * What a record makes of x and the number p.
 *
 * @param known the gradient by x, where something has made it already
 */
export function applied(record: UnaryRecord, x: Tensor, p?: number, known?: (g: Tensor) => Tensor | false): Tensor {
  const { name, whole, makes } = record;
  wantTensor(name, 'x', x);
  if (x.dtype !== 'f32' && whole && (x.dtype !== 'u32' || !whole.includes('-'))) {
    const type = x.dtype === 'u32' ? 'u32' : 'i32';
    const spec = { name, size: x.size, type, ...noneOf(x) } as const;
    const integers = launchMap('unary', (cut) => unaryKernel(record, cut), spec, { x: cast(x, type) }, x.shape, type);
    return markLike(integers, x);
  }
  if (x.dtype !== 'f32') return applied(record, cast(x, 'f32'), p);
  if (Number.isNaN(p)) refuse(`${name}: the parameter is NaN`);
  const spec = { name, size: x.size, ...(p === undefined ? {} : { parameter: bitsOf(p, 'f32') }) };
  const y = launchMap('unary', (cut) => unaryKernel(record, cut), spec, { x }, x.shape, makes);
  if (makes) return y;
  // What the gradient does not depend on is not read: it may have been overwritten, or be freed.
  const plain = (g: Tensor): Tensor =>
    launchMap('unary.grad', (cut) => unaryGradKernel(record, cut), spec, { x, y, g }, x.shape);
  const linear = (g: Tensor): Tensor => differentiable(`${name}.grad`, [g], plain(g), { by: [linear] });
  const by = (g: Tensor) =>
    record.grad?.({ g, x, y, p: p ?? 0 }) ?? (record.bends ? stepwise(linear(g), x) : linear(g));
  return differentiable(name, [x], y, { by: [by], fused: (g) => [known?.(g) || plain(g)] }, { parameter: p });
}

function paired(record: BinaryRecord, left: Operand, right: Operand): Tensor {
  const { name, slopes, grad, makes, inFloats } = record;
  wantOperand(name, 'a', left);
  wantOperand(name, 'b', right);
  if (!(left instanceof Tensor) && !(right instanceof Tensor)) refuse(`${name}: wants a tensor`);
  // Before the two are brought to one type: -0 is no integer, and a u32 may be no i32.
  const given = (x: Operand): Operand => (inFloats && x instanceof Tensor && x.dtype !== 'f32' ? cast(x, 'f32') : x);
  let [a, b] = promote(given(left), given(right));
  if (a.dtype === 'bool' && !makes) [a, b] = [cast(a, 'i32'), cast(b, 'i32')];
  const shape = broadcast(name, a.shape, b.shape);
  const spec = {
    name,
    type: a.dtype === 'bool' ? ('u32' as const) : a.dtype,
    shape,
    stridesA: broadcastStrides(a.shape, shape),
    stridesB: broadcastStrides(b.shape, shape),
    ...(makes ? {} : { none: { a: noneOf(a).none, b: noneOf(b).none } }),
  };
  const run = (part: BinarySpec['part'], inputs: Readonly<Record<string, Tensor>>, dtype?: DType): Tensor =>
    launchMap('binary', (cut) => binaryKernel(record, cut), { ...spec, part }, inputs, shape, dtype);
  const y = run('value', { a, b }, makes ?? a.dtype);
  if (!grad) return y;
  if (a.dtype !== 'f32') markLike(y, a, b);
  const operands = [a, b];
  const back = (ofOne: (i: number) => (g: Tensor) => Tensor) =>
    operands.map(
      ({ shape }, i) =>
        (g: Tensor) =>
          sumTo(ofOne(i)(g), shape),
    );
  const by = back((i) => (g) => (i === 0 ? grad.a : grad.b)({ g, a, b, y }));
  if (!slopes) return differentiable(name, operands, y, { by });
  // What they do not depend on is not read: it may have been overwritten, or be freed.
  const short = back((i) => (g) => run(i === 0 ? 'gradA' : 'gradB', { a, b, g }));
  return differentiable(name, operands, y, { by, fused: (g) => each(short, operands, g) });
}

const RANK: Record<DType, number> = { bool: 0, u32: 1, i32: 2, f32: 3 };

/** Numbers used as operands, uploaded once; a training loop uses the same few again and again. */
const scalars = /* @__PURE__ */ perDevice(() => new Map<string, Tensor>());

/** @internal A number as a tensor that is made once. */
export function scalar(value: number, dtype: DType): Tensor {
  const key = `${dtype}${Object.is(value, -0) ? '-0' : value}`;
  const known = scalars();
  let found = known.get(key);
  if (!found || found.storage.isFreed) {
    if (known.size >= 256) known.clear();
    found = keep(constantOf([], value, dtype));
    known.set(key, found);
  }
  return found;
}

/**
 * Both operands as tensors of one type: f32 over i32 over u32 over bool. A whole number takes the tensor's type where that holds
 * it, and f32 elsewhere.
 */
export function promote(a: Operand, b: Operand): [Tensor, Tensor] {
  const beside = [a, b].find((one) => one instanceof Tensor)?.dtype ?? 'i32';
  const whole = beside === 'bool' ? 'i32' : beside;
  const [x, y] = [a, b].map((one) =>
    one instanceof Tensor ? one : scalar(one, holds(whole, one) ? whole : 'f32'),
  ) as [Tensor, Tensor];
  const dtype = RANK[x.dtype] > RANK[y.dtype] ? x.dtype : y.dtype;
  return [cast(x, dtype), cast(y, dtype)];
}
