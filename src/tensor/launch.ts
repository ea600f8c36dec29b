/** Runs a kernel over tensors and wraps what it writes. */
import { adapter, device, perDevice } from '../gpu/device.js';
import { DeviceLostError, refuse } from '../gpu/errors.js';
import { type Flat, GPU_FLAT, SOFTWARE_FLAT } from '../kernels/flat.js';
import type { Kernel } from '../kernels/kernel.js';
import { run } from '../stream/scope.js';
import { checkRead } from './saved.js';
import { type Shape, show } from './shape.js';
import { type DType, Tensor } from './tensor.js';

/** Invocations that a workgroup of ours may have: 256, on adapters of WebGPU's compatibility mode 128. */
export const widest = /* @__PURE__ */ perDevice(() => Math.min(256, device().limits.maxComputeInvocationsPerWorkgroup));

const gpuFlat = /* @__PURE__ */ perDevice(() => ({ ...GPU_FLAT, workgroup: widest() }));

/** How elementwise kernels are cut where nothing was chosen. */
export const flatVariant = (software = SOFTWARE_FLAT): Flat => (adapter().isSoftware ? software : gpuFlat());

/** Records `kernel` over `inputs` and returns its one output. */
export function launch(kernel: Kernel, inputs: readonly Tensor[], shape: Shape, dtype: DType = 'f32'): Tensor {
  const output = new Tensor(shape, dtype);
  record(kernel, inputs, [output]);
  return output;
}

/** Records `kernel` over `inputs` and returns its outputs, one for each shape. */
export function launchMany<const Outputs extends readonly { shape: Shape; dtype?: DType }[]>(
  kernel: Kernel,
  inputs: readonly Tensor[],
  outputs: Outputs,
): { -readonly [Output in keyof Outputs]: Tensor } {
  const made = outputs.map(({ shape, dtype }) => new Tensor(shape, dtype));
  record(kernel, inputs, made);
  return made as { -readonly [Output in keyof Outputs]: Tensor };
}

/** Records `kernel` so that it writes tensors that exist: an optimizer's parameters, running statistics. */
export function launchInto(kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
  const written = standIn ? outputs.map(standIn) : outputs;
  for (const { storage } of written) storage.overwrite();
  record(kernel, inputs, written);
}

/** Is shown a launch; where it returns true, it has done that in a way of its own. */
// biome-ignore lint/suspicious/noConfusingVoidType: most only look
export type Watcher = (kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Tensor[]) => boolean | void;
let watcher: Watcher | null = null;
let standIn: ((tensor: Tensor) => Tensor) | null = null;

/**
 * Runs `body` and shows what it launches, or has that done in another way.
 *
 * @param instead what kernels are to write that write tensors in place: a measurement must not change them
 */
export function watching<T>(see: Watcher, body: () => T, instead: typeof standIn = standIn): T {
  const before = { watcher, standIn };
  watcher = (...launched) => see(...launched) || before.watcher?.(...launched);
  standIn = instead;
  try {
    return body();
  } finally {
    ({ watcher, standIn } = before);
  }
}

/** Records `kernel` over `inputs`, which writes `outputs`. */
export function record(kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
  for (const input of inputs) {
    const { storage, shape } = input;
    input.used();
    checkRead(input);
    if (storage.isUsable) continue;
    try {
      storage.memory();
    } catch (error) {
      if (error instanceof DeviceLostError) throw error;
      refuse(`${kernel.name}: an input of shape ${show(shape)}: ${(error as Error).message}`);
    }
  }
  if (outputs.every(({ size }) => size === 0)) return;
  if (watcher?.(kernel, inputs, outputs)) return;
  run(
    kernel,
    [...inputs, ...outputs].map((tensor) => tensor.storage),
  );
}
