/** Singular values of matrices, A = Σ σᵢ uᵢ vᵢᵀ, with first and second derivatives. */
import { adapter } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import { ofTensor, wantTensor } from '../gpu/options.js';
import { MOST_COLUMNS, MOST_ELEMENTS, singularKernels, singularParts } from '../kernels/singular.js';
import { eye } from '../tensor/create.js';
import { launchInto } from '../tensor/launch.js';
import { differentiable, isGradEnabled, noGrad } from '../tensor/remember.js';
import { at, show, sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { sum } from './broadcast.js';
import { abs, add, div, mul, sub } from './elementwise/arithmetic.js';
import { eq } from './elementwise/comparison.js';
import { matmul } from './matmul.js';
import { transpose, unsqueeze, where } from './shape.js';

/**
 * What is made of the values: anything, their sum, or their extremes. Where two values are equal, or 0, second derivatives are 0 / 0
 * of any function of them; of these it is known which are 0.
 */
type Use = 'any' | 'sum' | 'extreme';

/** Vectors are rows: u [..., K, M], v [..., K, N]. */
interface Factors {
  readonly values: Tensor;
  readonly u: Tensor;
  readonly v: Tensor;
}

const turned = (a: Tensor): Tensor => transpose(a, -2, -1);

/**
 * The singular values of matrices, in descending order. Each is off by some 1e-7 of the largest. A matrix with NaN or infinities,
 * where PyTorch throws, has NaN. The second derivative where two values are equal is NaN; there is no third.
 *
 * @param a [..., M, N], M or N ≤ 128, and of 131,072 elements at most
 * @returns [..., min(M, N)]
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.svdvals.html
 */
export function svdvals(a: Tensor): Tensor {
  ofTensor('svdvals', 1, arguments);
  return singularValues('svdvals', a, 'any');
}

/** @throws KindlingError naming `op` */
export function singularValues(op: string, a: Tensor, use: Use): Tensor {
  wantTensor(op, 'a', a);
  if (a.dtype !== 'f32' || a.ndim < 2) refuse(`${op}: wants f32 matrices [..., M, N], got ${a.dtype} ${show(a.shape)}`);
  const [m, n] = [at(a.shape, a.ndim - 2), at(a.shape, a.ndim - 1)];
  const p = Math.min(m, n);
  if (p > MOST_COLUMNS || m * n > MOST_ELEMENTS) {
    refuse(
      `${op}: matrices of ${show([m, n])} are too large; it takes ${MOST_ELEMENTS} elements at most, and ${MOST_COLUMNS} rows or columns`,
    );
  }
  const factors = factored(a, isGradEnabled() && a.requiresGrad);
  return differentiable('svdvals', [a], factors.values, { by: [(g) => slope(a, factors, g, use)] });
}

/** Not recorded. Vectors are made where they are wanted. */
function factored(a: Tensor, vectors: boolean): Factors {
  const [m, n] = [at(a.shape, a.ndim - 2), at(a.shape, a.ndim - 1)];
  const [p, q] = [Math.min(m, n), Math.max(m, n)];
  const before = a.shape.slice(0, -2);
  const made = (...own: number[]) => new Tensor([...before, ...own]);
  const values = made(p);
  const [u, v] = [made(p, vectors ? m : 0), made(p, vectors ? n : 0)];
  if (values.size > 0) {
    const spec = { batch: sizeOf(before), p, q, wide: m < n, vectors, isSoftware: adapter().isSoftware };
    const work = new Tensor([spec.batch * singularParts(spec).stride * 4]);
    const outputs = [values, work, ...(vectors ? (m < n ? [v, u] : [u, v]) : [])];
    for (const kernel of singularKernels(spec)) launchInto(kernel, [a], outputs);
  }
  return { values, u, v };
}

/** Σ gᵢ uᵢ vᵢᵀ. */
function slope(a: Tensor, factors: Factors, g: Tensor, use: Use): Tensor {
  const { u, v } = factors;
  const value = noGrad(() => matmul(turned(u), mul(unsqueeze(g, -1), v)));
  return differentiable('svdvals.grad', [a, g], value, {
    all: (h) =>
      noGrad(() => bent(factors, g, h, use)).map((part) =>
        differentiable('svdvals.grad.grad', [a, g, h], part, {
          all: () => refuse('svdvals: has first and second derivatives, and no third'),
        }),
      ),
  });
}

/**
 * The gradients of ⟨h, Σ gᵢ uᵢ vᵢᵀ⟩ by A and by g. As functions of a matrix go, with P = Uᵀ h V, its symmetric part S and the rest, K,
 *
 *   Mᵢⱼ = Sᵢⱼ (gᵢ − gⱼ) / (σᵢ − σⱼ) + Kᵢⱼ (gᵢ + gⱼ) / (σᵢ + σⱼ),  0 for i = j
 *
 * is that by A in the bases U and V; on the longer side what of h is in neither basis has g / σ besides.
 */
function bent({ values, u, v }: Factors, g: Tensor, h: Tensor, use: Use): [Tensor, Tensor] {
  const [ut, vt] = [turned(u), turned(v)];
  const [uh, hv] = [matmul(u, h), matmul(h, vt)];
  const p = matmul(uh, vt);
  const pairs = (f: (a: Tensor, b: Tensor) => Tensor, x: Tensor) => f(unsqueeze(x, -1), unsqueeze(x, -2));
  /** Of extremes: nothing depends on values that are none. */
  const ratio = (a: Tensor, b: Tensor, none: Tensor) => (use === 'extreme' ? where(none, 0, div(a, b)) : div(a, b));
  const none = eq(pairs(add, abs(g)), 0);
  let m = mul(sub(p, turned(p)), ratio(pairs(add, g), pairs(add, values), none));
  if (use !== 'sum') {
    m = add(m, mul(add(p, turned(p)), ratio(pairs(sub, g), pairs(sub, values), none)));
  }
  const inside = where(eq(eye(at(values.shape, values.ndim - 1)), 1), 0, mul(m, 0.5));
  let value = matmul(matmul(ut, inside), v);
  const [rows, columns] = [at(u.shape, u.ndim - 1), at(v.shape, v.ndim - 1)];
  const share = ratio(g, values, eq(g, 0));
  if (rows > columns) value = add(value, matmul(mul(sub(hv, matmul(ut, p)), unsqueeze(share, -2)), v));
  if (rows < columns) value = add(value, matmul(ut, mul(sub(uh, matmul(p, v)), unsqueeze(share, -1))));
  return [value, sum(mul(uh, v), { dim: -1 })];
}
