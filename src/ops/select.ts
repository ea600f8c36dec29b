/** Elements chosen by what they are: how many is known to the device alone, and waited for. */
import { refuse } from '../gpu/errors.js';
import { ofTensor, wantTensor } from '../gpu/options.js';
import { nonzeroKernel, selectGradKernel, selectKernel } from '../kernels/select.js';
import { zeros } from '../tensor/create.js';
import { launch } from '../tensor/launch.js';
import { differentiable, noGrad } from '../tensor/remember.js';
import { broadcast } from '../tensor/shape.js';
import { keep, step } from '../tensor/step.js';
import type { Tensor } from '../tensor/tensor.js';
import { markLike } from '../tensor/unfit.js';
import { expand, reshape } from './broadcast.js';
import { cast } from './cast.js';
import { cumsum } from './cumulative.js';
import { narrow } from './parts.js';

/** How many of the elements up to each are not 0; it outlives the step that does not wait for it. */
const counted = (x: Tensor): Tensor => keep(step(() => noGrad(() => cumsum(cast(reshape(x, [x.size]), 'bool'), 0))));

const last = (counts: Tensor): Promise<number> => narrow(counts, 0, counts.size - 1, 1).item();

/**
 * Where x is not 0 (NaN is not), in row-major order. Waits for the device: how many there are is data.
 *
 * @returns i32 of shape [how many, dimensions of x]
 * @example await nonzero(tensor([[0, 3], [4, 0]])) // [[0, 1], [1, 0]]
 * @see https://pytorch.org/docs/stable/generated/torch.nonzero.html
 */
export async function nonzero(x: Tensor): Promise<Tensor> {
  ofTensor('nonzero', 1, arguments);
  if (x.size === 0) return zeros([0, x.ndim], { dtype: 'i32' });
  const counts = counted(x);
  const count = await last(counts);
  const shape = [count, x.ndim];
  if (count * x.ndim === 0) return zeros(shape, { dtype: 'i32' });
  return launch(nonzeroKernel({ count, shape: x.shape }), [counts], shape, 'i32');
}

/**
 * The elements of x where the mask holds, in row-major order, as a vector: `x[mask]` of PyTorch. They broadcast. Waits for the
 * device: how many there are is data. What is selected, and whether a gradient is recorded, is settled when it is called.
 *
 * @param mask bool
 * @example await maskedSelect(x, gt(x, 0))
 * @see https://pytorch.org/docs/stable/generated/torch.masked_select.html
 */
export async function maskedSelect(x: Tensor, mask: Tensor): Promise<Tensor> {
  ofTensor('maskedSelect', 2, arguments);
  wantTensor('maskedSelect', 'mask', mask);
  if (mask.dtype !== 'bool') {
    refuse(`maskedSelect: wants a bool mask, got ${mask.dtype}; write ne(x, 0) or x.to('bool')`);
  }
  const shape = broadcast('maskedSelect', x.shape, mask.shape);
  const whole = expand(x, shape);
  const flat = reshape(whole, [whole.size]);
  if (flat.size === 0) return flat;
  const counts = counted(expand(mask, shape));
  const chosen = keep(packed(flat, counts));
  return narrow(chosen, 0, 0, await last(counts));
}

/** The chosen elements, and zeros behind them; `placed` is the way back, and this is the way back of that. */
const packed = (x: Tensor, counts: Tensor): Tensor => {
  const y = markLike(launch(selectKernel({ size: x.size }), [counts, x], x.shape, x.dtype), x);
  return differentiable('maskedSelect', [x], y, { by: [(g) => placed(g, counts)] });
};

const placed = (g: Tensor, counts: Tensor): Tensor =>
  differentiable('maskedSelect.grad', [g], launch(selectGradKernel({ size: g.size }), [counts, g], g.shape), {
    by: [(h) => packed(h, counts)],
  });
