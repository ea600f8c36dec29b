/**
 * Fusion inside a step. Convolution and matrix product can apply a ReLU, a max-pool or a ReLU's mask as they write their
 * result. Who makes a tensor offers this; relu, maxPool2d and relu's gradient take the offer up, which records the product
 * again with the addition. Nothing is taken back: the plain product stays recorded, and is dropped at the end of the step
 * if nobody has read it (src/gpu/plan.ts). Outside of steps nobody knows what will be read, so nothing is fused.
 */
import { moment } from '../gpu/storage.js';
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
  readonly at: ReturnType<typeof moment>;
}

/** By storage, so that a reshaped tensor has the offers of the original. */
const offers = new WeakMap<object, Made>();

/** Offers what else `tensor` could be. Returns the tensor. */
export function offering(tensor: Tensor, offer: Offer): Tensor {
  const at = moment();
  if (at) offers.set(tensor.storage, { offer, shape: tensor.shape, at });
  return tensor;
}

/** What is offered for `tensor`, if a launch again would still give the same. */
export function offered(tensor: Tensor): Offer | undefined {
  const made = offers.get(tensor.storage);
  const now = moment();
  if (!made?.at || !now || made.at.step !== now.step || made.at.overwrites !== now.overwrites) return undefined;
  if (sameShape(made.shape, tensor.shape)) return made.offer;
  const { relu, reluMask } = made.offer;
  const inShape = (y: Tensor | null) => y && new Tensor(tensor.shape, y.dtype, y.storage);
  return {
    ...(relu && { relu: () => inShape(relu()) as Tensor }),
    ...(reluMask && { reluMask: (y) => inShape(reluMask(y)) }),
  };
}
