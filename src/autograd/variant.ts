/** Which variants of the kernels this adapter gets. */
import { adapter } from '../gpu/device.js';
import { FLAT_CANDIDATES, type Flat, GPU_FLAT, SOFTWARE_FLAT } from '../kernels/flat.js';
import { defaultVariant } from '../kernels/gemm/candidates.js';
import type { GemmVariant } from '../kernels/gemm/spec.js';
import type { Kernel } from '../kernels/kernel.js';
import { GPU_REDUCE, type ReduceVariant, SOFTWARE_REDUCE } from '../kernels/reduce.js';
import { gpuLanes, softwareLanes } from '../kernels/rows.js';
import { launch, launchInto } from '../tensor/launch.js';
import type { Shape } from '../tensor/shape.js';
import type { DType, Tensor } from '../tensor/tensor.js';
import { tuned } from '../tensor/tuned.js';

export function gemmVariant(): GemmVariant {
  const { isSoftware, subgroupSize } = adapter();
  return defaultVariant({ software: isSoftware, subgroups: subgroupSize >= 4 });
}

/** How elementwise kernels are cut. */
export const flatVariant = (): Flat => (adapter().isSoftware ? SOFTWARE_FLAT : GPU_FLAT);

/** Runs an elementwise kernel cut as was found fastest for this family and shape. */
const withFlat = <Result>(family: string, shape: object, run: (flat: Flat) => Result): Result =>
  tuned(
    family,
    shape,
    () => FLAT_CANDIDATES,
    (flat = flatVariant()) => run(flat),
  );

/** Launches the elementwise kernel that `make` gives for a spec. */
export const launchFlat = <Spec extends object>(
  family: string,
  make: (spec: Spec & { flat: Flat }) => Kernel,
  spec: Spec,
  inputs: readonly Tensor[],
  shape: Shape,
  dtype?: DType,
): Tensor => withFlat(family, spec, (flat) => launch(make({ ...spec, flat }), inputs, shape, dtype));

/** As {@link launchFlat}, for a kernel that writes tensors that exist. */
export const launchFlatInto = <Spec extends object>(
  family: string,
  make: (spec: Spec & { flat: Flat }) => Kernel,
  spec: Spec,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
): void => withFlat(family, spec, (flat) => launchInto(make({ ...spec, flat }), inputs, outputs));

/** Invocations per row of kernels over rows. */
export const rowLanes = (rows: number, length: number): number =>
  adapter().isSoftware ? softwareLanes(rows, length) : gpuLanes(rows, length);

/** How reductions are cut. */
export const reduceVariant = (): ReduceVariant => (adapter().isSoftware ? SOFTWARE_REDUCE : GPU_REDUCE);

/** Invocations per row that may be tried. */
const LANES = [1, 4, 16, 64, 256].map((lanes) => ({ lanes }));

/** Runs a kernel over rows with as many invocations per row as was found fastest. */
export const withLanes = <Result>(
  family: string,
  shape: { readonly outer: number; readonly length: number; readonly inner: number },
  run: (lanes: number) => Result,
): Result =>
  tuned(
    family,
    shape,
    () => LANES.filter(({ lanes }) => lanes <= shape.length),
    (candidate) => run(candidate?.lanes ?? rowLanes(shape.outer * shape.inner, shape.length)),
  );
