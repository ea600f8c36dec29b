/** `backward`: gradients of everything that a tensor was made of, added up where they belong. */
import { checked, type Known } from '../gpu/options.js';
import { addToKernel } from '../kernels/inPlace.js';
import { tick } from '../memory/overwrites.js';
import { add } from '../ops/elementwise/arithmetic.js';
import { insideScope } from '../stream/scope.js';
import type { Storage } from '../stream/storage.js';
import { launchInto } from '../tensor/launch.js';
import { enableGrad, noGrad } from '../tensor/remember.js';
import { Tensor } from '../tensor/tensor.js';
import { gradients } from './gradients.js';
import { differentiableBackward } from './twice.js';
import { inReverse, passBack, seedOf } from './walk.js';

export interface BackwardOptions {
  /** The gradient by the tensor; default 1, which needs a tensor of one element. */
  gradient?: Tensor | null | undefined;
  /** Record the gradients, so that they can be differentiated. Default: false. */
  createGraph?: boolean | undefined;
}

const BACKWARD: Known<BackwardOptions> = { gradient: 'tensor?', createGraph: 'boolean' };

/**
 * Adds to `grad` of every leaf the gradient of `root` by it. The tape stays, so there is no `retainGraph`.
 *
 * @param given the gradient by `root`, or options; default 1, which needs `root` to have one element
 * @throws KindlingError naming a function that needs what was overwritten since it ran; no gradient of a leaf changes then
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.backward.html
 */
export function backward(root: Tensor, given: Tensor | BackwardOptions | null = null): void {
  const isAlone = given instanceof Tensor || typeof given !== 'object';
  const options = isAlone ? { gradient: given } : checked('backward', given ?? {}, BACKWARD);
  const { gradient, createGraph = false }: BackwardOptions = options;
  const begun = tick();
  const grads = new Map([[root, seedOf('backward', root, gradient)]]);
  const tensors = inReverse([root]);
  const isWanted = (tensor: Tensor): boolean => tensor.isLeaf || tensor.retainsGrad;
  if (createGraph) {
    enableGrad(() => gradients(grads, tensors.filter(isWanted), differentiableBackward).forEach(record));
    return;
  }
  // Memory that a leaf's gradient may not take for its own.
  const claimed = new Set<Storage>(gradient ? [gradient.storage] : []);
  noGrad(() =>
    passBack(tensors, grads, (tensor, grad) => {
      if (isWanted(tensor)) accumulate(tensor, grad, claimed, begun);
    }),
  );
}

/** Adds to a leaf's gradient on the tape: a new tensor, so that what was there before stays what it was. */
function record(grad: Tensor, leaf: Tensor): void {
  const before = leaf.grad;
  leaf.grad = add(before ?? 0, grad);
  if (before?.gradFn && insideScope()) before.storage.retire();
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
  const own = before ? add(before, grad) : shared ? new Tensor(grad.shape, grad.dtype).copy_(grad) : grad;
  claimed.add(own.storage);
  if (leaf.gradHome) leaf.gradHome.moveIn(own.storage);
  else own.storage.keep();
  leaf.grad = own;
}
