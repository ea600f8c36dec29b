/** Arithmetic that is written where it lies: on leaves, and never recorded. */
import { refuse } from '../gpu/errors.js';
import { checked, ofTensor, required, wantOperand } from '../gpu/options.js';
import { fillKernel } from '../kernels/copy.js';
import { bitsOf } from '../kernels/flat.js';
import { launchInto } from '../tensor/launch.js';
import { isGradEnabled, noGrad } from '../tensor/remember.js';
import { sameShape, show } from '../tensor/shape.js';
import { holds, Tensor } from '../tensor/tensor.js';
import { markLike } from '../tensor/unfit.js';
import { held } from './cast.js';
import { add, div, mul, sub } from './elementwise/arithmetic.js';
import type { Operand } from './elementwise/make.js';

export interface AlphaOptions {
  /** What y is multiplied by. Default: 1. */
  alpha?: number | undefined;
}

/** @throws KindlingError where x may not be written, or a gradient by y would not pass */
function wantWritable(op: string, x: Tensor, y?: Operand): void {
  if (!x.isLeaf)
    refuse(`${op}: only leaves are written in place, and this tensor was computed; use what is new instead`);
  if (!isGradEnabled()) return;
  if (x.requiresGrad)
    refuse(`${op}: a leaf that requires a gradient is written in place; write noGrad(() => …) around it`);
  if (y instanceof Tensor && y.requiresGrad) {
    refuse(`${op}: y requires a gradient, which does not pass what is written in place; detach() it`);
  }
}

/** Writes what `compute` makes into x. */
function written(
  op: string,
  x: Tensor,
  y: Operand,
  compute: (a: Operand, b: Operand) => Tensor,
  options?: AlphaOptions,
): Tensor {
  const { alpha = 1 } = options === undefined ? {} : checked(op, options, { alpha: 'number' });
  wantOperand(op, 'y', y);
  wantWritable(op, x, y);
  noGrad(() => {
    const by = alpha === 1 ? y : y instanceof Tensor ? mul(y, alpha) : y * alpha;
    const next = compute(x, by);
    if (!sameShape(next.shape, x.shape)) refuse(`${op}: ${show(next.shape)} does not fit into ${show(x.shape)}`);
    if (next.dtype !== x.dtype) refuse(`${op}: the result is ${next.dtype}, the tensor ${x.dtype}; cast y`);
    x.copy_(next);
  });
  return x;
}

/**
 * Adds alpha · y to x, in place; y broadcasts. x is a leaf: under `noGrad` any, elsewhere one that requires no gradient.
 *
 * @returns x
 * @example noGrad(() => weight.add_(gradient, { alpha: -0.1 }));
 * @throws KindlingError where the result is of another shape or type than x
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.add_.html
 */
export function add_(x: Tensor, y: Operand, options: AlphaOptions = {}): Tensor {
  ofTensor('add_', 3, arguments);
  return written('add_', x, y, add, options);
}

/**
 * Subtracts alpha · y from x, in place, as {@link add_} adds it.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.sub_.html
 */
export function sub_(x: Tensor, y: Operand, options: AlphaOptions = {}): Tensor {
  ofTensor('sub_', 3, arguments);
  return written('sub_', x, y, sub, options);
}

/**
 * Multiplies x by y, in place, where {@link add_} may add.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.mul_.html
 */
export function mul_(x: Tensor, y: Operand): Tensor {
  ofTensor('mul_', 2, arguments);
  return written('mul_', x, y, mul);
}

/**
 * Divides x by y, in place, where {@link add_} may add; x is f32.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.div_.html
 */
export function div_(x: Tensor, y: Operand): Tensor {
  ofTensor('div_', 2, arguments);
  return written('div_', x, y, div);
}

/**
 * Sets all elements to 0, in place, where {@link add_} may add.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.zero_.html
 */
export function zero_(x: Tensor): Tensor {
  ofTensor('zero_', 1, arguments);
  return filled('zero_', x, 0);
}

/**
 * Sets all elements to a number, in place, where {@link add_} may add.
 *
 * @throws KindlingError where the type of x does not have the number
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.fill_.html
 */
export function fill_(x: Tensor, value: number): Tensor {
  ofTensor('fill_', 2, arguments);
  required('fill_', { value }, { value: 'number' });
  return filled('fill_', x, value);
}

function filled(op: string, x: Tensor, value: number): Tensor {
  wantWritable(op, x);
  if (!holds(x.dtype, value)) refuse(`${op}: ${value} does not fit ${x.dtype}`);
  launchInto(fillKernel({ size: x.size, bits: bitsOf(value, held(x)) }), [], [x]);
  return markLike(x);
}
