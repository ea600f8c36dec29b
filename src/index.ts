/**
 * kindling: tensors, autograd and memory. Layers are in `kindling/nn`, optimizers in `kindling/optim`, and so on. From the ground
 * up: bundles keep this order, and compress better where neighbours are alike.
 */
export {} from './order.js';

// The device.

export { type Adapter, adapter, destroy, type InitOptions, init } from './gpu/device.js';
export { DeviceLostError, KindlingError } from './gpu/errors.js';
export { type CompileProgress, onCompile } from './gpu/pipelines.js';

// Its work.

export { type Stats, stats } from './stream/stats.js';
export { sync } from './stream/stream.js';

// Tensors.

export { type Captured, type CaptureStats, capture } from './tensor/capture.js';
export {
  arange,
  eye,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from './tensor/create.js';
export { print } from './tensor/print.js';

// Their type, and their random numbers.

export { cast } from './ops/cast.js';
export { manualSeed, type RandomState, randomState, setRandomState } from './tensor/random.js';
export { enableGrad, isGradEnabled, noGrad } from './tensor/remember.js';
export { rand, randint, randintLike, randLike, randn, randnLike, randperm, uniform } from './tensor/sample.js';
export type { Shape } from './tensor/shape.js';
export { keep, step } from './tensor/step.js';
export { type DType, type Nested, Tensor, type TensorData } from './tensor/tensor.js';

// Functions of angles, and others.

export * from './ops/elementwise/trigonometric.js';

// Shapes and sums, then in the order of the alphabet.

export { expand, type ReduceOptions, reshape, sum } from './ops/broadcast.js';
export * from './ops/cumprod.js';
export * from './ops/cumulative.js';
export * from './ops/elementwise/activations.js';
export * from './ops/elementwise/arithmetic.js';
export * from './ops/elementwise/comparison.js';
export * from './ops/elementwise/exponential.js';
export * from './ops/elementwise/hyperbolic.js';
export * from './ops/elementwise/logical.js';
export type { Operand } from './ops/elementwise/make.js';
export * from './ops/elementwise/pow.js';
export * from './ops/elementwise/powers.js';
export * from './ops/elementwise/remainder.js';
export * from './ops/extremes.js';
export { gather, indexSelect } from './ops/indexing.js';
export { matmul } from './ops/matmul.js';
export * from './ops/pad.js';
export * from './ops/parts.js';
export * from './ops/reduce.js';
export * from './ops/sampling.js';
export * from './ops/scatter.js';
export * from './ops/select.js';
export * from './ops/shape.js';
export { logSoftmax, softmax } from './ops/softmax.js';
export * from './ops/sort.js';
export { tril, triu } from './ops/triangle.js';
export * from './ops/truth.js';

// Of all pairs.

export * from './ops/cdist.js';

// Elements in other places, and products by name.

export * from './ops/arrange.js';
export * from './ops/diagonal.js';
export * from './ops/einsum.js';
export { type BaddbmmOptions, baddbmm, bmm, dot, mv, outer } from './ops/products.js';
export * from './ops/repeat.js';
export { unfold } from './ops/windows.js';

// Where they lie.

export * from './ops/written.js';

// Gradients.

export { type AnomalyOptions, detectAnomaly } from './autograd/anomaly.js';
export { type BackwardOptions, backward } from './autograd/backward.js';
export { checkpoint } from './autograd/checkpoint.js';
export { defineFunction, type FunctionContext, type FunctionSpec } from './autograd/function.js';
export { type GradOptions, grad } from './autograd/grad.js';
export { type GradcheckOptions, gradcheck } from './autograd/gradcheck.js';
export { type HookHandle, registerHook, type TensorHook } from './autograd/hooks.js';

import './autograd/methods.js';
