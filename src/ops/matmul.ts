/** Matrix products. Gradients are products of the same kernel with factors read transposed; none is copied to be turned. */

import { withProduct } from '../choose/variant.js';
import { refuse } from '../gpu/errors.js';
import { atMost, wantTensor } from '../gpu/options.js';
import type { Split } from '../kernels/gemm/split.js';
import type { Kernel } from '../kernels/kernel.js';
import { type MatmulSpec, matmul as matmulKernel, matmulShape } from '../kernels/matmul.js';
import { zeros } from '../tensor/create.js';
import { launch, launchMany } from '../tensor/launch.js';
import { differentiable, each } from '../tensor/remember.js';
import { at, type Shape, sameShape, show, sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { expand, reshape, sum, sumTo } from './broadcast.js';
import { offering } from './fusion.js';

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

interface Epilogue {
  bias?: Tensor | null;
  relu?: boolean;
  /** Where this, a ReLU's, is 0, the product becomes 0. */
  mask?: Tensor;
}

/** The product of matrices, not recorded; null where the shapes do not fit. */
function product(
  a: Tensor,
  b: Tensor,
  { transA = false, transB = false }: Turned,
  { bias = null, relu = false, mask }: Epilogue,
): Tensor | null {
  const found = matmulShape(a.shape, b.shape, { transA, transB });
  if (!found) return null;
  const { spec, shape } = found;
  if (sizeOf(shape) === 0) return new Tensor(shape);
  if (spec.k === 0) return bias ? expand(bias, shape) : zeros(shape);
  const rest = [...(bias ? [bias] : []), ...(mask ? [mask] : [])];
  const whole = { ...spec, bias: bias !== null, relu, mask: mask !== undefined };
  return tunedProduct(whole, [a, b], rest, [{ shape }])[0] ?? null;
}

/** Runs a product by what was found fastest. */
const tunedProduct = (
  spec: Omit<MatmulSpec, 'variant'>,
  factors: readonly Tensor[],
  rest: readonly Tensor[],
  like: readonly { shape: Shape }[],
): Tensor[] => {
  const size = { batches: sizeOf(spec.batch ?? []), rows: spec.m, columns: spec.n, outer: 1, inner: spec.k };
  return withProduct('matmul', spec, { ...size, splittable: true }, (choice) =>
    launchProduct(matmulKernel({ ...spec, ...choice }), factors, rest, like),
  );
};

/** `product` of shapes that are known to fit. */
const fitting = (a: Tensor, b: Tensor, turned: Turned, epilogue: Epilogue = {}): Tensor =>
  product(a, b, turned, epilogue) as Tensor;

/** @internal */
export function checkFloat(name: string, ...tensors: Tensor[]): void {
  for (const { dtype } of tensors) {
    if (dtype !== 'f32') refuse(`${name}: wants f32 tensors, got ${dtype}; cast it`);
  }
}

/** Remembers the product of a and b, each transposed where `turned` says so: its gradients are such products. */
function multiplied(name: string, a: Tensor, b: Tensor, { transA, transB }: Turned, value: Tensor): Tensor {
  const by = [
    (g: Tensor) =>
      sumTo(transA ? times(b, g, { transA: transB, transB: true }) : times(g, b, { transB: !transB }), a.shape),
    (g: Tensor) =>
      sumTo(transB ? times(g, a, { transA: true, transB: transA }) : times(a, g, { transA: !transA }), b.shape),
  ];
  return differentiable(name, [a, b], value, { by }, { transA, transB });
}

/** @internal A product of shapes that are known to fit: within a gradient, which is not exported to ONNX, or `name`. */
export const times = (a: Tensor, b: Tensor, turned: Turned, name = 'matmul.grad'): Tensor =>
  multiplied(name, a, b, turned, fitting(a, b, turned));

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
  wantTensor('matmul', 'a', a);
  wantTensor('matmul', 'b', b);
  checkFloat('matmul', a, b);
  if (a.ndim === 0 || b.ndim === 0) {
    refuse(`matmul: wants one dimension or more, got ${show(a.shape)} and ${show(b.shape)}; use mul`);
  }
  const rows = a.ndim === 1 ? reshape(a, [1, a.size]) : a;
  const columns = b.ndim === 1 ? reshape(b, [b.size, 1]) : b;
  // One matrix on the right: all rows on the left are one tall matrix, and its gradient needs no sum over batches.
  const tall = columns.ndim === 2 && rows.ndim > 2 && rows.size > 0;
  const left = tall ? reshape(rows, [-1, at(rows.shape, rows.ndim - 1)]) : rows;
  const value = product(left, columns, {}, {});
  if (!value) {
    const [k, l] = [at(rows.shape, rows.ndim - 1), at(columns.shape, columns.ndim - 2)];
    const why = k === l ? 'their batches do not broadcast' : `${k} columns against ${l} rows`;
    refuse(`matmul: ${show(a.shape)} and ${show(b.shape)} do not multiply: ${why}`);
  }
  const y = multiplied('matmul', left, columns, {}, value);
  const lead = tall ? rows.shape.slice(0, -2) : value.shape.slice(0, -2);
  const shape = [
    ...lead,
    ...(a.ndim === 1 ? [] : [at(rows.shape, rows.ndim - 2)]),
    ...(b.ndim === 1 ? [] : [at(columns.shape, columns.ndim - 1)]),
  ];
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
  wantTensor('linear', 'input', x);
  wantTensor('linear', 'weight', weight);
  if (bias !== null) wantTensor('linear', 'bias', bias);
  checkFloat('linear', x, weight, ...(bias ? [bias] : []));
  const [out = 0, width = 0] = weight.shape;
  if (weight.ndim !== 2) refuse(`linear: wants weight [out, in], got ${show(weight.shape)}`);
  if (x.ndim === 0 || x.shape.at(-1) !== width) {
    refuse(
      `linear: input ${show(x.shape)} has ${x.shape.at(-1) ?? 'no'} features, weight ${show(weight.shape)} wants ${width}`,
    );
  }
  if (bias && !sameShape(bias.shape, [out])) {
    refuse(`linear: weight ${show(weight.shape)} wants bias [${out}], got ${show(bias.shape)}`);
  }
  const lead = x.shape.slice(0, -1);
  const rows = x.ndim === 2 ? x : reshape(x, [sizeOf(lead), width]);
  const inputs = bias ? [rows, weight, bias] : [rows, weight];
  const products = rows.size > 0 && weight.size > 0;
  const plain = fitting(rows, weight, { transB: true }, { bias });
  const value = products
    ? offering(plain, inputs, {
        relu: () => fitting(rows, weight, { transB: true }, { bias, relu: true }),
      })
    : plain;
  const fused = (g: Tensor) => {
    const toRows = rows.requiresGrad ? fitting(g, weight, {}) : null;
    const masked = (mask: Tensor) => (products ? fitting(g, weight, {}, { mask }) : null);
    const dx = toRows && offering(toRows, [g, weight], { reluMask: masked });
    if (!weight.requiresGrad || !bias?.requiresGrad || !products) return [dx, ...each(by, inputs, g).slice(1)];
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
