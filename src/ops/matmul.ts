/** Matrix products. Gradients are products of the same kernel with factors read transposed; none is copied to be turned. */

import { productWay } from '../choose/productWay.js';
import { withProduct } from '../choose/variant.js';
import { refuse } from '../gpu/errors.js';
import { atMost, wantTensor } from '../gpu/options.js';
import type { Split } from '../kernels/gemm/split.js';
import type { Kernel } from '../kernels/kernel.js';
import { type MatmulSpec, matmul as matmulKernel } from '../kernels/matmul.js';
import { zeros } from '../tensor/create.js';
import { launch, launchMany } from '../tensor/launch.js';
import { differentiable, each } from '../tensor/remember.js';
import { at, type Shape, sameShape, show, sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { expand, reshape, sum, sumTo } from './broadcast.js';
import { matmulShape } from './matmulShape.js';

interface Turned {
  transA?: boolean | undefined;
  transB?: boolean | undefined;
}

/** @internal Runs a product in one launch or, where its sum was cut, in two; `like` has the outputs' shapes. */
export function launchProduct(
  made: Kernel | Split,
  factors: readonly Tensor[],
  rest: readonly Tensor[],
  like: readonly { shape: Shape }[],
): Tensor[] {
  if (!('partial' in made)) return launchMany(made, [...factors, ...rest], like);
  return launchMany(made.reduce, [launch(made.partial, factors, [made.partialSize]), ...rest], like);
}

/** The product of matrices that fit, not recorded. */
function product(a: Tensor, b: Tensor, turned: Turned, bias: Tensor | null = null): Tensor {
  const { spec, shape } = matmulShape(a.shape, b.shape, turned);
  if (sizeOf(shape) === 0) return new Tensor(shape);
  if (spec.k === 0) return bias ? expand(bias, shape) : zeros(shape);
  return tunedProduct({ ...spec, bias: bias !== null }, [a, b], bias ? [bias] : [], [{ shape }])[0] as Tensor;
}

/** Runs a product by what was found fastest. */
const tunedProduct = (
  spec: Omit<MatmulSpec, 'variant'>,
  factors: readonly Tensor[],
  rest: readonly Tensor[],
  like: readonly { shape: Shape }[],
): Tensor[] => {
  const size = { batches: sizeOf(spec.batch ?? []), rows: spec.m, columns: spec.n, outer: 1, inner: spec.k };
  const way = productWay;
  return withProduct(
    'matmul',
    spec,
    { ...size, splittable: true },
    (choice) =>
      launchProduct((choice.otherWay && way ? way.make : matmulKernel)({ ...spec, ...choice }), factors, rest, like),
    way?.defaults(spec),
  );
};

/** @internal */
export function checkFloat(name: string, ...tensors: Tensor[]): void {
  for (const { dtype } of tensors) {
    if (dtype !== 'f32') refuse(`${name}: wants f32 tensors, got ${dtype}; cast it`);
  }
}

/** @internal Arguments by name, that all are to be f32 tensors. */
export function wantFloats(name: string, tensors: Readonly<Record<string, Tensor>>): void {
  for (const [argument, tensor] of Object.entries(tensors)) checkFloat(name, wantTensor(name, argument, tensor));
}

/** @internal A product of shapes that are known to fit: within a gradient, which is not exported to ONNX, or `name`. */
export function times(a: Tensor, b: Tensor, { transA, transB }: Turned, name = 'matmul.grad'): Tensor {
  const by = [
    (g: Tensor) =>
      sumTo(transA ? times(b, g, { transA: transB, transB: true }) : times(g, b, { transB: !transB }), a.shape),
    (g: Tensor) =>
      sumTo(transB ? times(g, a, { transA: true, transB: transA }) : times(a, g, { transA: !transA }), b.shape),
  ];
  return differentiable(name, [a, b], product(a, b, { transA, transB }), { by }, { transA, transB });
}

/**
 * Matrix product as `torch.matmul`: of two vectors their dot product; a vector is a row on the left and a column on the
 * right; leading dimensions are batches and broadcast. Sums of k products are off by about √k · 6e-8 · Σ |a b|, and at worst
 * by k · 6e-8 · Σ |a b|.
 *
 * @throws KindlingError naming both shapes where they do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.matmul.html
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  atMost('matmul', 2, arguments);
  wantFloats('matmul', { a, b });
  const rows = a.ndim === 1 ? reshape(a, [1, a.size]) : a;
  const columns = b.ndim === 1 ? reshape(b, [b.size, 1]) : b;
  const [k, l] = [rows.shape.at(-1), columns.shape.at(-2)];
  if (k === undefined || k !== l) {
    const why = a.ndim * b.ndim === 0 ? 'use mul' : `${k} columns against ${l} rows`;
    refuse(`matmul: ${show(a.shape)} and ${show(b.shape)} do not multiply: ${why}`);
  }
  // One matrix on the right: all rows on the left are one tall matrix, and its gradient needs no sum over batches.
  const tall = columns.ndim === 2 && a.ndim > 2 && a.size > 0;
  const y = times(tall ? reshape(a, [-1, k]) : rows, columns, {}, 'matmul');
  // A vector has no dimension of its own in the product.
  const shape = [...(tall ? a : y).shape.slice(0, -2), ...a.shape.slice(-2, -1), ...b.shape.slice(1).slice(-1)];
  return sameShape(shape, y.shape) ? y : reshape(y, shape);
}

/**
 * x · weightᵀ + bias.
 *
 * @param x [..., in]
 * @param weight [out, in]
 * @param bias [out]
 * @returns [..., out]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  atMost('linear', 3, arguments);
  wantFloats('linear', { input: x, weight, ...(bias !== null && { bias }) });
  const [out = 0, width = 0] = weight.shape;
  if (weight.ndim !== 2) refuse(`linear: wants weight [out, in], got ${show(weight.shape)}`);
  const features = x.shape.at(-1) ?? 'no';
  if (features !== width) {
    refuse(`linear: input ${show(x.shape)} has ${features} features, weight ${show(weight.shape)} wants ${width}`);
  }
  if (bias && !sameShape(bias.shape, [out])) {
    refuse(`linear: weight ${show(weight.shape)} wants bias [${out}], got ${show(bias.shape)}`);
  }
  const lead = x.shape.slice(0, -1);
  const rows = x.ndim === 2 ? x : reshape(x, [sizeOf(lead), width]);
  const inputs = bias ? [rows, weight, bias] : [rows, weight];
  const value = product(rows, weight, { transB: true }, bias);
  const fused = (g: Tensor) => {
    const dx = rows.requiresGrad ? product(g, weight, {}) : null;
    if (!weight.requiresGrad || !bias?.requiresGrad || rows.size * weight.size === 0) {
      return [dx, ...each(by, inputs, g).slice(1)];
    }
    // The bias gradient is the sum of what the weight's reads of g.
    const spec = { m: out, n: width, k: at(rows.shape, 0), transA: true, rowSum: true };
    return [dx, ...tunedProduct(spec, [g, rows], [], [weight, bias])];
  };
  const by = [
    (g: Tensor) => times(g, weight, {}),
    (g: Tensor) => times(g, rows, { transA: true }),
    (g: Tensor) => sum(g, { dim: 0 }),
  ];
  const y = differentiable('linear', inputs, value, { by, fused });
  return x.ndim === 2 ? y : reshape(y, [...lead, out]);
}
