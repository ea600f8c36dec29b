/**
 * The tape. A differentiable function computes its value and records how gradients pass back through it; `backward`
 * walks what was recorded in reverse.
 */
import { refuse, refusePromise } from '../gpu/errors.js';
import { atMost, required, wantTensor } from '../gpu/options.js';
import { tick } from '../gpu/overwrites.js';
import { readField, writeField } from '../gpu/recording.js';
import type { Storage } from '../gpu/storage.js';
import * as lines from '../kernels/elementwise/binary.js';
import { binaryKernel } from '../kernels/elementwise.js';
import { addToKernel } from '../kernels/inPlace.js';
import { constantOf } from '../tensor/create.js';
import { launchInto } from '../tensor/launch.js';
import { readBy } from '../tensor/saved.js';
import { sameShape, show, stridesOf } from '../tensor/shape.js';
import { type GradFn, Tensor } from '../tensor/tensor.js';
import { launchFlat } from './variant.js';

const mode = { enabled: true };
const isEnabled = (): boolean => mode.enabled;
const setEnabled = (on: boolean): void => {
  mode.enabled = on;
};
let inspect: Inspector | null = null;

type Backward = (grad: Tensor) => readonly (Tensor | null)[];

/** Is shown every function that runs, recorded or not. Returns the way back to record. */
export type Inspector = (
  name: string,
  inputs: readonly Tensor[],
  value: Tensor,
  backward: Backward,
  attributes: object | undefined,
) => Backward;

/** Lets `inspector` see every function from now on. Returns the one before. */
export function inspectBy(inspector: Inspector | null): Inspector | null {
  const before = inspect;
  inspect = inspector;
  return before;
}

/** Whether functions are recorded now. */
export function isGradEnabled(): boolean {
  atMost('isGradEnabled', 0, arguments);
  return readField(mode, 'noGrad', isEnabled);
}

/** Runs `body` without recording: for evaluation, and for arithmetic on parameters. */
export function noGrad<T>(body: () => T): T {
  atMost('noGrad', 1, arguments);
  return withGrad('noGrad', false, body);
}

/** Runs `body` with recording on, inside `noGrad`. */
export function enableGrad<T>(body: () => T): T {
  atMost('enableGrad', 1, arguments);
  return withGrad('enableGrad', true, body);
}

function withGrad<T>(name: string, on: boolean, body: () => T): T {
  required(name, { body }, { body: 'function' });
  const before = isGradEnabled();
  writeField(mode, 'noGrad', isEnabled, setEnabled);
  setEnabled(on);
  try {
    const result = body();
    refusePromise(result, `${name}: the function must not be async`);
    return result;
  } finally {
    setEnabled(before);
  }
}

/**
 * Records `value` as a function of `inputs`, if any of them asks for a gradient.
 *
 * @param backward takes the gradient by the value; returns one gradient per input, null where there is none. Inputs that
 *   need none have `requiresGrad` false: skip the work.
 * @param attributes what the value depends on besides its inputs, for whoever writes the function down elsewhere
 */
export function differentiable(
  name: string,
  inputs: readonly Tensor[],
  value: Tensor,
  backward: Backward,
  attributes?: object,
): Tensor {
  const back = inspect?.(name, inputs, value, backward, attributes) ?? backward;
  if (isGradEnabled() && inputs.some((input) => input.requiresGrad)) {
    value.requiresGrad = true;
    value.gradFn = { name, inputs, order: tick(), backward: back, attributes };
  }
  return value;
}

/**
 * Adds to `grad` of every leaf the gradient of `root` by it.
 *
 * @param seed the gradient by `root`; default 1, which needs `root` to have one element
 * @throws KindlingError naming a function that needs what was overwritten since it ran; no gradient of a leaf changes then
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.backward.html
 */
export function backward(root: Tensor, seed?: Tensor): void {
  const begun = tick();
  const grads = new Map([[root, seedOf('backward', root, seed)]]);
  // Memory that a leaf's gradient may not take for its own.
  const claimed = new Set<Storage>(seed ? [seed.storage] : []);
  noGrad(() =>
    passBack(inReverse([root]), grads, (tensor, grad) => {
      if (tensor.isLeaf || tensor.retainsGrad) accumulate(tensor, grad, claimed, begun);
    }),
  );
}

/** The gradient by `root` to begin with, checked; 1 where none is given. */
export function seedOf(name: string, root: Tensor, seed: Tensor | null = null): Tensor {
  wantTensor(name, 'root', root);
  if (seed !== null) wantTensor(name, 'gradient', seed);
  if (!root.requiresGrad) refuse(`${name}: nothing that made this tensor requires a gradient`);
  if (!seed && root.size !== 1) {
    refuse(`${name}: shape ${show(root.shape)} is no scalar; give the gradient by it, or sum() first`);
  }
  if (seed && !sameShape(seed.shape, root.shape)) {
    refuse(`${name}: gradient of shape ${show(seed.shape)} for a tensor of shape ${show(root.shape)}`);
  }
  return seed ?? constantOf(root.shape, 1);
}

/**
 * Passes gradients back through what was recorded.
 *
 * @param tensors what to pass through, each after all that depend on it
 * @param grads the gradients to begin with
 * @param arrive is given every tensor with its gradient, once that is complete
 * @param through gives the gradients by the inputs of the function that made a tensor
 * @param plus adds gradients of one tensor
 */
export function passBack(
  tensors: readonly Tensor[],
  grads: Map<Tensor, Tensor>,
  arrive: (tensor: Tensor, grad: Tensor) => void,
  through = (_: Tensor, made: GradFn, grad: Tensor) => made.backward(grad),
  plus = add,
): void {
  for (const tensor of tensors) {
    const complete = grads.get(tensor);
    if (!complete) continue;
    grads.delete(tensor);
    const grad = tensor.hook?.(complete) ?? complete;
    arrive(tensor, grad);
    const { gradFn } = tensor;
    if (!gradFn) continue;
    const { name, order } = gradFn;
    const parts = readBy({ name, order, grad }, () => through(tensor, gradFn, grad));
    parts.forEach((part, i) => {
      const input = gradFn.inputs[i];
      if (!part || !input?.requiresGrad) return;
      if (!sameShape(part.shape, input.shape)) {
        refuse(`${name}: backward made ${show(part.shape)} for an input of ${show(input.shape)}`);
      }
      const before = grads.get(input);
      grads.set(input, before ? plus(before, part) : part);
    });
  }
}

/** Every tensor that `roots` depend on and that requires a gradient, each after all that depend on it. */
export function inReverse(roots: readonly Tensor[]): Tensor[] {
  const seen = new Set(roots);
  const stack = [...roots];
  for (let tensor = stack.pop(); tensor; tensor = stack.pop()) {
    for (const input of tensor.gradFn?.inputs ?? []) {
      if (!input.requiresGrad || seen.has(input)) continue;
      seen.add(input);
      stack.push(input);
    }
  }
  return [...seen].sort((a, b) => (b.gradFn?.order ?? -1) - (a.gradFn?.order ?? -1));
}

/** A leaf's gradient owns its memory and outlives the step. `begun`: when the way back began. */
function accumulate(leaf: Tensor, grad: Tensor, claimed: Set<Storage>, begun: number): void {
  const before = leaf.grad;
  // What is on the tape stays what it was.
  if (before && !before.gradFn) {
    launchInto(addToKernel({ size: before.size }), [grad], [before]);
    return;
  }
  leaf.gradHome?.clear();
  // What was there before, or what no step owns, may be somebody's: a function's own backward hands it on. A hook may hold it.
  const { storage } = grad;
  const shared = claimed.has(storage) || storage.born < begun || !storage.isTemporary || leaf.hook;
  const own = before ? add(before, grad) : shared ? copyOf(grad) : grad;
  claimed.add(own.storage);
  if (leaf.gradHome) leaf.gradHome.moveIn(own.storage);
  else own.storage.keep();
  leaf.grad = own;
}

/** The sum of two gradients of one shape. */
function add(a: Tensor, b: Tensor): Tensor {
  const { shape } = a;
  const strides = stridesOf(shape);
  const spec = { name: 'add', part: 'value', type: 'f32', shape, stridesA: strides, stridesB: strides } as const;
  return launchFlat('binary', (cut) => binaryKernel(lines.add, cut), spec, [a, b], shape);
}

function copyOf(source: Tensor): Tensor {
  return new Tensor(source.shape, source.dtype).copy_(source);
}
