/** Runs a kernel over tensors and wraps what it writes. */
import { KindlingError } from '../gpu/errors.js';
import { overwritten, run } from '../gpu/storage.js';
import type { Kernel } from '../kernels/kernel.js';
import { type Shape, show } from './shape.js';
import { type DType, Tensor } from './tensor.js';

/** Records `kernel` over `inputs` and returns its one output. */
export function launch(kernel: Kernel, inputs: readonly Tensor[], shape: Shape, dtype: DType = 'f32'): Tensor {
  const output = new Tensor(shape, dtype);
  record(kernel, inputs, [output]);
  return output;
}

/** Records `kernel` over `inputs` and returns its outputs. */
export function launchMany(
  kernel: Kernel,
  inputs: readonly Tensor[],
  outputs: readonly { shape: Shape; dtype?: DType }[],
): Tensor[] {
  const made = outputs.map(({ shape, dtype }) => new Tensor(shape, dtype));
  record(kernel, inputs, made);
  return made;
}

/** Records `kernel` so that it writes tensors that exist: an optimizer's parameters, running statistics. */
export function launchInto(kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
  overwritten();
  record(kernel, inputs, outputs);
}

function record(kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
  for (const { storage, shape } of inputs) {
    if (!storage.isFreed) continue;
    try {
      storage.memory();
    } catch (error) {
      throw new KindlingError(`${kernel.name}: an input of shape ${show(shape)}: ${(error as Error).message}`);
    }
  }
  run(
    kernel,
    [...inputs, ...outputs].map((tensor) => tensor.storage),
  );
}
