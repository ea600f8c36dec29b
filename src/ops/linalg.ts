/** Square matrices: determinants, inverses, systems of equations. */
import { adapter } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import { atMost, ofTensor, wantTensor } from '../gpu/options.js';
import { type EliminationSpec, eliminationKernel, eliminationParts, MOST_ROWS } from '../kernels/elimination.js';
import { ones } from '../tensor/create.js';
import { launchMany } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import { at, broadcast, type Shape, sameShape, show, sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { expand, reshape, sum } from './broadcast.js';
import { mul, neg, sub } from './elementwise/arithmetic.js';
import { matmul } from './matmul.js';
import { squeeze, transpose, unsqueeze } from './shape.js';

/** The length of a matrix's rows. @throws KindlingError where it is not square, or too large */
function square(name: string, a: Tensor): number {
  const n = a.shape.at(-1) ?? 0;
  if (a.dtype !== 'f32' || a.ndim < 2 || a.shape.at(-2) !== n) {
    refuse(`${name}: wants square f32 matrices [..., N, N], got ${a.dtype} ${show(a.shape)}`);
  }
  if (n > MOST_ROWS) refuse(`${name}: ${show(a.shape)} has ${n} rows, of which it takes ${MOST_ROWS} at most`);
  return n;
}

/** What elimination makes of a batch of matrices, not recorded. */
function eliminated(
  kind: EliminationSpec['kind'],
  a: Tensor,
  k: number,
  shape: Shape,
  b: readonly Tensor[] = [],
): Tensor {
  if (sizeOf(shape) === 0) return new Tensor(shape);
  const n = at(a.shape, a.ndim - 1);
  const lanes = adapter().isSoftware && n <= 32 ? (n <= 8 ? 4 : 16) : 64;
  const spec = { kind, batch: a.size / (n * n), n, k, lanes };
  const [result] = launchMany(
    eliminationKernel(spec),
    [a, ...b],
    [{ shape }, { shape: [eliminationParts(spec).size] }],
  );
  return result;
}

const turned = (a: Tensor): Tensor => transpose(a, -2, -1);

/**
 * The determinants of matrices. The gradient is that of the cofactors, which a singular matrix has too; the second derivative
 * needs an inverse, and there is NaN.
 *
 * @param a [..., N, N], N ≤ 128
 * @returns [...]
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.det.html
 */
export function det(a: Tensor): Tensor {
  ofTensor('det', 1, arguments);
  const n = square('det', a);
  const shape = a.shape.slice(0, -2);
  if (n === 0) return ones(shape);
  return differentiable('det', [a], eliminated('det', a, 0, shape), {
    by: [(g) => mul(reshape(g, [...shape, 1, 1]), cofactors(a))],
  });
}

/** det(A) A⁻ᵀ. */
function cofactors(a: Tensor): Tensor {
  const value = eliminated('cofactors', a, at(a.shape, a.ndim - 1), a.shape);
  const back = (h: Tensor): Tensor => {
    const y = turned(inv(a));
    const along = sum(mul(h, value), { dim: [-2, -1], keepdim: true });
    return sub(mul(along, y), matmul(matmul(value, turned(h)), y));
  };
  return differentiable('det.grad', [a], value, { by: [back] });
}

/**
 * The inverses of matrices. PyTorch throws where one is singular; here that one is NaN.
 *
 * @param a [..., N, N], N ≤ 128
 * @returns [..., N, N]
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.inv.html
 */
export function inv(a: Tensor): Tensor {
  ofTensor('inv', 1, arguments);
  const value = eliminated('inverse', a, square('inv', a), a.shape);
  return differentiable('inv', [a], value, {
    by: [(g) => neg(matmul(matmul(turned(value), g), turned(value)))],
  });
}

/**
 * X of AX = B, without an inverse. Dimensions before the last two broadcast. PyTorch throws where A is singular; here its X is NaN.
 *
 * @param a [..., N, N], N ≤ 128
 * @param b [..., N, K]; a vector [N], or vectors [..., N] of A's shape without its last dimension
 * @returns the shape of b, broadcast
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.solve.html
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  atMost('solve', 2, arguments);
  wantTensor('solve', 'a', a);
  wantTensor('solve', 'b', b);
  const n = square('solve', a);
  if (b.ndim === 1 || sameShape(b.shape, a.shape.slice(0, -1))) {
    if (b.shape.at(-1) === n) return squeeze(solve(a, unsqueeze(b, -1)), -1);
  }
  if (b.dtype !== 'f32' || b.ndim < 2 || b.shape.at(-2) !== n) {
    refuse(
      `solve: wants f32 [..., ${n}, K] beside ${show(a.shape)}, or vectors [..., ${n}], got ${b.dtype} ${show(b.shape)}`,
    );
  }
  const batch = broadcast('solve', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const k = at(b.shape, b.ndim - 1);
  return solved(expand(a, [...batch, n, n]), expand(b, [...batch, n, k]));
}

/** Of as many matrices as right-hand sides. */
function solved(a: Tensor, b: Tensor): Tensor {
  const value = eliminated('solve', a, at(b.shape, b.ndim - 1), b.shape, [b]);
  return differentiable('solve', [a, b], value, {
    all: (g) => {
      const back = solved(turned(a), g);
      return [a.requiresGrad ? neg(matmul(back, turned(value))) : null, back];
    },
  });
}
