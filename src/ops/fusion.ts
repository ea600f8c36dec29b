/**
 * Fusion inside a step. Convolution and matrix product can apply a ReLU, a max-pool or a ReLU's mask as they write their
 * result. Who makes a tensor offers this; relu, maxPool2d and relu's gradient take the offer up, which records the product
 * again with the addition. Nothing is taken back: the plain product stays recorded, and is dropped at the end of the step
 * if nobody has read it (src/stream/plan.ts). If somebody has, it is the second product that goes: whoever takes an offer up
 * says how else to make the same of the plain one (`orElse` in tensor/launch.ts), so that none runs twice. Outside of steps
 * nobody knows what will be read, so nothing is fused.
 *
 * An offer holds as long as a launch again would give the same: while what it reads lives and is not overwritten.
 */
import { tick } from '../memory/overwrites.js';
import { runningStep, type Storage } from '../stream/storage.js';
import { checkRead, readBy } from '../tensor/saved.js';
import { type Shape, sameShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';

/** Other results that the maker of a tensor can give at the price of the same launch. */
export interface Offer {
  /** max(value, 0). */
  relu?(): Tensor;
  /** The value where `y`, a ReLU of as many elements, is above 0, else 0; null for a `y` that the offer is not about. */
  reluMask?(y: Tensor): Tensor | null;
  /**
   * For a value that is a ReLU: [y, places], the maxima of windows of 2 by 2, stride 2, and their places. A place is 0xffffffff where the
   * ReLU lets no gradient through.
   */
  maxPool?(): readonly [Tensor, Tensor];
}

interface Made {
  readonly offer: Offer;
  readonly shape: Shape;
  /** The tensor itself and what the offer reads. */
  readonly reads: readonly Storage[];
  readonly step: object;
  readonly at: number;
}

/** By storage, so that a reshaped tensor has the offers of the original. */
const offers = new WeakMap<object, Made>();

/** Offers what else `tensor` could be, by launches that read `reads`. Returns the tensor. */
export function offering(tensor: Tensor, reads: readonly Tensor[], offer: Offer): Tensor {
  const step = runningStep();
  const storages = [tensor, ...reads].map(({ storage }) => storage);
  if (step) offers.set(tensor.storage, { offer, shape: tensor.shape, reads: storages, step, at: tick() });
  return tensor;
}

/** What is offered for `tensor`, if a launch again would still give the same. */
export function offered(tensor: Tensor): Offer | undefined {
  const made = offers.get(tensor.storage);
  if (!made || made.step !== runningStep()) return undefined;
  if (made.reads.some((storage) => !storage.isUsable || storage.overwrittenSince(made.at))) return undefined;
  const { relu, reluMask, maxPool } = made.offer;
  const inShape = <T extends Tensor | null>(y: T) =>
    y && (sameShape(y.shape, tensor.shape) ? y : new Tensor(tensor.shape, y.dtype, y.storage));
  // What is read is looked at above, and is not of the function whose backward takes the offer up; the mask is.
  return {
    ...(relu && { relu: () => inShape(readBy(null, relu)) as Tensor }),
    ...(reluMask && {
      reluMask: (y) => {
        checkRead(y);
        return inShape(readBy(null, () => reluMask(y)));
      },
    }),
    ...(maxPool && sameShape(made.shape, tensor.shape) && { maxPool: () => readBy(null, maxPool) }),
  };
}
