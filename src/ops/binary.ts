/** Arithmetic and comparison of two tensors, with broadcasting. */

import { launchFlat } from '../choose/variant.js';
import { perDevice } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import { atMost, wantOperand } from '../gpu/options.js';
import * as lines from '../kernels/elementwise/binary.js';
import { type BinarySpec, binaryKernel, names } from '../kernels/elementwise.js';
import { constantOf } from '../tensor/create.js';
import { differentiable } from '../tensor/remember.js';
import { broadcast, broadcastStrides } from '../tensor/shape.js';
import { keep } from '../tensor/step.js';
import { type DType, holds, Tensor } from '../tensor/tensor.js';
import { markLike, noneOf } from '../tensor/unfit.js';
import { sumTo } from './broadcast.js';
import { cast } from './cast.js';

/** A tensor, or a number that stands for one. */
export type Operand = Tensor | number;

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
  if (!(a instanceof Tensor)) {
    if (!(b instanceof Tensor)) {
      const dtype = holds('i32', a) && holds('i32', b) ? 'i32' : 'f32';
      return [scalar(a, dtype), scalar(b, dtype)];
    }
    const [other, made] = promote(b, a);
    return [made, other];
  }
  if (!(b instanceof Tensor)) {
    const whole = a.dtype === 'bool' ? 'i32' : a.dtype;
    return promote(a, scalar(b, holds(whole, b) ? whole : 'f32'));
  }
  if (a.dtype === b.dtype) return [a, b];
  const dtype = RANK[a.dtype] > RANK[b.dtype] ? a.dtype : b.dtype;
  return [cast(a, dtype), cast(b, dtype)];
}

function binary(line: lines.Binary, left: Operand, right: Operand): Tensor {
  const { name, gradients, makes } = line;
  wantOperand(name, 'a', left);
  wantOperand(name, 'b', right);
  if (!(left instanceof Tensor) && !(right instanceof Tensor)) refuse(`${name}: wants a tensor`);
  let [a, b] = promote(left, right);
  if (a.dtype === 'bool' && !makes) [a, b] = [cast(a, 'i32'), cast(b, 'i32')];
  if (name === 'div' && a.dtype !== 'f32') [a, b] = [cast(a, 'f32'), cast(b, 'f32')];
  const shape = broadcast(name, a.shape, b.shape);
  const spec = {
    name,
    type: a.dtype === 'bool' ? ('u32' as const) : a.dtype,
    shape,
    stridesA: broadcastStrides(a.shape, shape),
    stridesB: broadcastStrides(b.shape, shape),
    ...(makes ? {} : { none: { a: noneOf(a).none, b: noneOf(b).none } }),
  };
  const run = (part: BinarySpec['part'], inputs: Tensor[], dtype?: DType): Tensor =>
    launchFlat('binary', (cut) => binaryKernel(line, cut), { ...spec, part }, inputs, shape, dtype);
  const value = run('value', [a, b], makes ?? a.dtype);
  if (!gradients) return value;
  if (a.dtype !== 'f32') markLike(value, a, b);
  return differentiable(name, [a, b], value, (g) => {
    const part = (which: 0 | 1, operand: Tensor): Tensor | null => {
      if (!operand.requiresGrad) return null;
      const slope = gradients[which];
      if (slope === 'g') return sumTo(g, operand.shape);
      // What it does not depend on is not read: it may have been overwritten, or be freed.
      const reads = [names(slope, 'a') ? a : g, names(slope, 'b') ? b : g, g];
      return sumTo(run(which === 0 ? 'gradA' : 'gradB', reads), operand.shape);
    };
    return [part(0, a), part(1, b)];
  });
}

/** The function that a line makes of two operands. */
const ofTwo = (line: lines.Binary) =>
  function (a: Operand, b: Operand): Tensor {
    atMost(line.name, 2, arguments);
    return binary(line, a, b);
  };

/** a + b, elementwise with broadcasting. */
export const add = /* @__PURE__ */ ofTwo(lines.add);
/** a − b. */
export const sub = /* @__PURE__ */ ofTwo(lines.sub);
/** a · b. */
export const mul = /* @__PURE__ */ ofTwo(lines.mul);
/** a / b, in f32. */
export const div = /* @__PURE__ */ ofTwo(lines.div);
/** The larger of each pair; where they are equal both get half the gradient. */
export const maximum = /* @__PURE__ */ ofTwo(lines.maximum);
/** The smaller of each pair; where they are equal both get half the gradient. */
export const minimum = /* @__PURE__ */ ofTwo(lines.minimum);
/** a == b, a bool tensor. */
export const eq = /* @__PURE__ */ ofTwo(lines.eq);
/** a != b, a bool tensor. */
export const ne = /* @__PURE__ */ ofTwo(lines.ne);
/** a < b, a bool tensor. */
export const lt = /* @__PURE__ */ ofTwo(lines.lt);
/** a ≤ b, a bool tensor. */
export const le = /* @__PURE__ */ ofTwo(lines.le);
/** a > b, a bool tensor. */
export const gt = /* @__PURE__ */ ofTwo(lines.gt);
/** a ≥ b, a bool tensor. */
export const ge = /* @__PURE__ */ ofTwo(lines.ge);
/** a raised to b; integers stay integers. For other constant exponents `pow` of `unary.ts` is called. @internal */
export const powTensor = /* @__PURE__ */ ofTwo(lines.pow);
/** @internal Cross-entropy of logits a and targets b: −b · log σ(a) − (1 − b) · log(1 − σ(a)). */
export const bce = /* @__PURE__ */ ofTwo(lines.bce);
/** @internal b · log(1 + e^a), and 0 where b is, even if a is infinite. */
export const weightedSoftplus = /* @__PURE__ */ ofTwo(lines.weightedSoftplus);
