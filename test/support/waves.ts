/** Numbers and options that `test/fixtures/training_cases.py` makes too. */
import { type Tensor, tensor } from 'kindling';

/** scale · sin(step · k), k counting the elements. */
export function wave(shape: readonly number[], by = 0.7, scale = 1): Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  // In f32 as PyTorch's: first the sine, then the product.
  return tensor(
    Float32Array.from({ length: size }, (_, k) => Math.fround(Math.sin(by * k)) * scale),
    { shape },
  );
}

/** PyTorch's names of options in camelCase. */
export const camel = (options: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name.replace(/_(.)/g, (_, c) => c.toUpperCase()), value]),
  );
