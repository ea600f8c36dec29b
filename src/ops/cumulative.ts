import { withLanes } from '../choose/variant.js';
import { ofTensor } from '../gpu/options.js';
import { cumsumKernel } from '../kernels/cumsum.js';
import type { Kernel } from '../kernels/kernel.js';
import { MAX, type Slab } from '../kernels/reduce.js';
import { launch } from '../tensor/launch.js';
import { differentiable, noGrad } from '../tensor/remember.js';
import { at, dimOf, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { asked, fitted, type ReduceOptions, reduce, reducedShape, reshape, sum, withOnes } from './broadcast.js';
import { cast, held } from './cast.js';
import { clamp } from './elementwise/activations.js';
import { add, mul, sub } from './elementwise/arithmetic.js';
import { exp, log } from './elementwise/exponential.js';

/**
 * Sums of the elements up to each along `dim`, each off as a sum of as many elements is. bool counts its true elements;
 * integers are held to their type as in {@link sum}.
 * @see https://pytorch.org/docs/stable/generated/torch.cumsum.html
 */
export function cumsum(x: Tensor, dim: number): Tensor {
  ofTensor('cumsum', 2, arguments);
  const d = dimOf('cumsum', dim, x.ndim);
  const source = x.dtype === 'bool' ? cast(x, 'i32') : x;
  const shape = x.ndim === 0 ? [1] : x.shape;
  const slab = { outer: sizeOf(shape.slice(0, d)), length: at(shape, d), inner: sizeOf(shape.slice(d + 1)) };
  const run = (t: Tensor, reverse: boolean): Tensor => {
    const y = fitted('cumsum', t, (terms) => runningSums(terms, slab, reverse));
    return differentiable('cumsum', [t], y, { by: [(g) => run(g, !reverse)] }, { dim: d });
  };
  return run(source, false);
}

/** Elements to a part of a long row, of which lanes that lie side by side take neighbours. */
const PART = 1024;

/** The kernels of cumsum: one launch or, of rows that are long and few, three and more. */
function runningSums(t: Tensor, slab: Slab, reverse: boolean): Tensor {
  const { outer, length, inner } = slab;
  const parts = outer * inner < 64 && length >= 8 * PART ? Math.ceil(length / PART) : 1;
  const spec = { ...slab, parts, reverse, type: held(t) };
  const walked = { ...spec, outer: outer * parts, length: Math.ceil(length / parts) };
  return withLanes(
    'cumsum',
    walked,
    (lanes) => {
      const make = (want?: 'totals' | 'sums'): Kernel => cumsumKernel({ ...spec, lanes, ...(want && { want }) });
      if (parts === 1) return launch(make(), [t], t.shape, t.dtype);
      const totals = launch(make('totals'), [t], [outer, parts, inner], t.dtype);
      const earlier = runningSums(totals, { outer, length: parts, inner }, false);
      return launch(make('sums'), [t, earlier], t.shape, t.dtype);
    },
    false,
  );
}

const LARGEST = 3.4028234663852886e38;

/**
 * log Σ e^x over dimensions; large x do not overflow. An infinity among the elements gives an infinity, and no gradient
 * that is a number.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.logsumexp.html
 */
export function logsumexp(given: Tensor, options: ReduceOptions = {}): Tensor {
  const { dims, keepdim } = asked('logsumexp', given, options);
  const x = cast(given, 'f32');
  const ones = withOnes(x.shape, dims);
  const value = noGrad(() => {
    const top = reduce(MAX, x, dims, ones);
    // An infinity less something finite stays one.
    const shift = clamp(top, { min: -LARGEST, max: LARGEST });
    // The sum is 1 or more, or top is −∞.
    return add(log(sum(exp(sub(x, shift)), { dim: dims, keepdim: true })), top);
  });
  const y: Tensor = differentiable(
    'logsumexp',
    [x],
    value,
    { by: [(g) => mul(exp(sub(x, y)), g)] },
    { dims, keepdim: true },
  );
  return keepdim ? y : reshape(y, reducedShape(x.shape, dims, false));
}
