/** Which variants of the kernels this adapter gets. */
import { adapter } from '../gpu/device.js';
import type { Flat } from '../kernels/flat.js';
import { type Abilities, type Candidate, defaultVariant } from '../kernels/gemm/candidates.js';
import type { GemmVariant } from '../kernels/gemm/spec.js';
import type { Kernel } from '../kernels/kernel.js';
import { GPU_REDUCE, type ReduceVariant, SOFTWARE_REDUCE } from '../kernels/reduce.js';
import { gpuLanes, softwareLanes } from '../kernels/rows.js';
import { flatVariant, launch, launchInto, widest } from '../tensor/launch.js';
import type { Shape } from '../tensor/shape.js';
import type { DType, Tensor } from '../tensor/tensor.js';
import { type ProductList, tuned } from './tuned.js';

const abilities = (): Abilities => ({ software: adapter().isSoftware, subgroups: adapter().subgroupSize >= 4 });

/** How products are computed where nothing was chosen. */
export const gemmVariant = (): GemmVariant => defaultVariant(abilities());

/** What a product is computed by: the kernels beside each other in gemm, or another way where it is one's turn. */
export interface ProductChoice extends Candidate {
  readonly otherWay?: boolean;
}

/**
 * Runs a product by what was found fastest.
 *
 * @param shape what decides the kernel besides the choice
 * @param otherWay whether another way is the default; left out where there is none
 */
export function withProduct<Result>(
  family: string,
  shape: object,
  size: ProductList['size'],
  run: (choice: ProductChoice) => Result,
  otherWay?: boolean,
): Result {
  const variant = gemmVariant();
  return tuned<ProductChoice, Result>(
    family,
    shape,
    { size, abilities: abilities(), otherWay },
    (choice = { variant, otherWay: otherWay ?? false }) => run(choice),
  );
}

/** Runs an elementwise kernel cut as was found fastest for this family and shape. */
const withFlat = <Result>(family: string, shape: object, run: (flat: Flat) => Result, software?: Flat): Result =>
  tuned(family, shape, 'flat', (flat: Flat = flatVariant(software)) => run(flat));

/** Launches the elementwise kernel that `make` gives for a spec. */
export const launchFlat = <Spec extends object>(
  family: string,
  make: (spec: Spec & { flat: Flat }) => Kernel,
  spec: Spec,
  inputs: readonly Tensor[],
  shape: Shape,
  dtype?: DType,
): Tensor => withFlat(family, spec, (flat) => launch(make({ ...spec, flat }), inputs, shape, dtype));

/** As {@link launchFlat}, for a map, of those inputs that its line names. */
export const launchMap = <Spec extends object>(
  family: string,
  make: (spec: Spec & { flat: Flat }) => Kernel,
  spec: Spec,
  inputs: Readonly<Record<string, Tensor>>,
  shape: Shape,
  dtype?: DType,
): Tensor =>
  withFlat(family, spec, (flat) => {
    const kernel = make({ ...spec, flat });
    const reads = kernel.map?.line.inputs.map(({ name }) => inputs[name] as Tensor) ?? [];
    return launch(kernel, reads, shape, dtype);
  });

/** As {@link launchFlat}, for a kernel that writes tensors that exist. `software` is the default cut on software adapters. */
export const launchFlatInto = <Spec extends object>(
  family: string,
  make: (spec: Spec & { flat: Flat }) => Kernel,
  spec: Spec,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  software?: Flat,
): void => withFlat(family, spec, (flat) => launchInto(make({ ...spec, flat }), inputs, outputs), software);

/** How reductions are cut. */
export const reduceVariant = (): ReduceVariant => (adapter().isSoftware ? SOFTWARE_REDUCE : GPU_REDUCE);

/** Runs a kernel over rows, whose elements lie side by side or `across`, with as many invocations per row as was found fastest. */
export const withLanes = <Result>(
  family: string,
  shape: { readonly outer: number; readonly length: number; readonly inner: number },
  run: (lanes: number) => Result,
  across = shape.inner > 1,
): Result => {
  const { outer, length, inner } = shape;
  const lanes = (): number =>
    adapter().isSoftware ? softwareLanes(outer * inner, length) : Math.min(widest(), gpuLanes(length, across));
  return tuned(family, shape, 'rows', (candidate?: { lanes: number }) => run(candidate?.lanes ?? lanes()));
};

/** Runs a reduction cut as was found fastest. */
export const withReduce = <Result>(shape: object, run: (variant: ReduceVariant) => Result): Result =>
  tuned('reduce', shape, 'reduce', (variant: ReduceVariant = reduceVariant()) => run(variant));
