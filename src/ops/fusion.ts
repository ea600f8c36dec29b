/**
 * Pooling inside a step. A convolution can apply a ReLU and a max-pool of 2 by 2 as it writes its result. It offers this; relu
 * hands the offer on, and maxPool2d takes it up, which records the convolution again with both. Nothing is taken back: the plain one
 * stays recorded, and is dropped at the end of the step if nobody has read it (src/stream/plan.ts). If somebody has, it is the
 * second that goes: whoever takes an offer up says how else to make the same (`orElse` in tensor/launch.ts), so that none runs
 * twice. Outside of steps nobody knows what will be read, so nothing is offered.
 *
 * An offer holds as long as a launch again would give the same: while what it reads lives and is not overwritten.
 * (Elementwise functions behind a product need no offers: src/stream/fuse.ts puts them there.)
 */
import { tick } from '../memory/overwrites.js';
import { runningStep, type Storage } from '../stream/storage.js';
import { checkRead, readBy } from '../tensor/saved.js';
import { type Shape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** Maxima of windows of 2 by 2, stride 2, of a ReLU, and their places; 0xffffffff where the ReLU lets no gradient through. */
export type Pooled = () => readonly [Tensor, Tensor];

/** Other results that the maker of a tensor can give at the price of the same launch. */
export interface Offer {
  /** Of the tensor's ReLU. */
  pooledRelu?: Pooled;
  /** Of the tensor, which is a ReLU. */
  maxPool?: Pooled;
  /** The value where `y`, a ReLU of as many elements, is above 0, else 0; null for a `y` that the offer is not about. */
  reluMask?(y: Tensor): Tensor | null;
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
  if (!made || made.step !== runningStep() || !sameShape(made.shape, tensor.shape)) return undefined;
  if (made.reads.some((storage) => !storage.isUsable || storage.overwrittenSince(made.at))) return undefined;
  const { pooledRelu, maxPool, reluMask } = made.offer;
  // What is read is looked at above, and is not of the function whose backward takes the offer up; the mask is.
  return {
    ...(pooledRelu && { pooledRelu: () => readBy(null, pooledRelu) }),
    ...(maxPool && { maxPool: () => readBy(null, maxPool) }),
    ...(reluMask && {
      reluMask: (y) => {
        checkRead(y);
        return reluMask(y);
      },
    }),
  };
}
