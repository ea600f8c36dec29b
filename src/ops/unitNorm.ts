/** Vectors of norm 1. */
import { checked, wantTensor } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import { div, maximum } from './elementwise/arithmetic.js';
import { norm } from './reduce.js';

/**
 * x / max(‖x‖, eps) along `dim`.
 *
 * @param options exponent `p` of the norm (default 2), `dim` (default 1), `eps` (default 1e-12)
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
 */
export function normalize(
  x: Tensor,
  options: { p?: number | undefined; dim?: number | undefined; eps?: number } = {},
): Tensor {
  wantTensor('normalize', 'x', x);
  const { p = 2, dim = 1, eps = 1e-12 } = checked('normalize', options, { p: 'number', dim: 'whole', eps: 'number' });
  return div(x, maximum(norm(x, { p, dim, keepdim: true }), eps));
}
