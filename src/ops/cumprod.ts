/** Running products. */
import { ofTensor } from '../gpu/options.js';
import { type RecurrenceSpec, recurrenceKernel } from '../kernels/recurrence.js';
import { full } from '../tensor/create.js';
import { launch } from '../tensor/launch.js';
import { differentiable } from '../tensor/remember.js';
import { at, dimOf, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { fitted } from './broadcast.js';
import { cast, held } from './cast.js';
import { mul } from './elementwise/arithmetic.js';
import { cat, narrow } from './parts.js';

function walk(kind: RecurrenceSpec['kind'], d: number, inputs: readonly [Tensor, ...Tensor[]]): Tensor {
  const [{ shape, dtype }] = inputs;
  const slab = { outer: sizeOf(shape.slice(0, d)), length: shape[d] ?? 1, inner: sizeOf(shape.slice(d + 1)) };
  return launch(recurrenceKernel({ ...slab, kind, type: held(inputs[0]) }), inputs, shape, dtype);
}

/** The element before each along `d`, and `first` before the first. */
function before(x: Tensor, d: number, first: number): Tensor {
  if (x.ndim === 0) return full([], first);
  const start = full(
    x.shape.map((n, i) => (i === d ? Math.min(n, 1) : n)),
    first,
  );
  return cat([start, narrow(x, d, 0, Math.max(0, at(x.shape, d) - 1))], d);
}

/** s[k] = b[k] + a[k] · s[k - 1]. */
function forward(a: Tensor, b: Tensor, d: number): Tensor {
  const s: Tensor = differentiable('recurrence', [a, b], walk('forward', d, [a, b]), {
    all: (g) => {
      const back = backward(a, g, d);
      return [mul(back, before(s, d, 0)), back];
    },
  });
  return s;
}

/** s[k] = b[k] + a[k + 1] · s[k + 1]. */
function backward(a: Tensor, b: Tensor, d: number): Tensor {
  const s: Tensor = differentiable('recurrence', [a, b], walk('backward', d, [a, b]), {
    all: (g) => {
      const on = forward(a, g, d);
      return [mul(s, before(on, d, 0)), on];
    },
  });
  return s;
}

/**
 * Products of the elements up to each along `dim`. The gradient is right where elements are 0, and so is the second. bool
 * counts as 0 and 1; integers are held to their type as in {@link sum}. A row is walked by one invocation: rows should be
 * many rather than long.
 * @see https://pytorch.org/docs/stable/generated/torch.cumprod.html
 */
export function cumprod(x: Tensor, dim: number): Tensor {
  ofTensor('cumprod', 2, arguments);
  const d = dimOf('cumprod', dim, x.ndim);
  const source = x.dtype === 'bool' ? cast(x, 'i32') : x;
  const value = fitted('cumprod', source, (t) => walk('product', d, [t]));
  // y[k] stands for the products of those before x[k]; those behind it are the recurrence.
  const y: Tensor = differentiable(
    'cumprod',
    [source],
    value,
    { by: [(g) => mul(before(y, d, 1), backward(source, g, d))] },
    { dim: d },
  );
  return y;
}
