/** An optimizer's step that the GPU passes over. */
import { guarded, ROWS } from '../kernels/gradScaler.js';
import { range } from '../kernels/range.js';
import type { Optimizer } from '../optim/optimizer.js';
import { record, watching } from '../tensor/launch.js';
import type { Tensor } from '../tensor/tensor.js';

/** An optimizer, with what it asks its subclass. */
interface WithScalars {
  scalars(options: object, step: number): readonly number[];
}

const known = new WeakSet<Optimizer>();

/**
 * Lets an optimizer give the numbers of several steps instead of one: of this one, of the one before, and so on. Which one it is
 * the GPU knows, that has counted the steps passed over. Without a scaler its kernels take the first.
 */
function giveRows(optimizer: Optimizer): void {
  if (known.has(optimizer)) return;
  known.add(optimizer);
  const { scalars } = optimizer as unknown as WithScalars;
  const value = (options: object, step: number): number[] =>
    range(ROWS).flatMap((skipped) => [...scalars.call(optimizer, options, Math.max(1, step - skipped))]);
  Object.defineProperty(optimizer, 'scalars', { value });
}

/** The step, whose launches do nothing where the flags of its slot say that something was found. */
export function stepUnlessFound(optimizer: Optimizer, flags: Tensor, slot: number): void {
  giveRows(optimizer);
  watching(
    (kernel, inputs, outputs) => {
      const [scalars] = inputs;
      if (!scalars || !/^optimizer\.\w+$/.test(kernel.name)) return false;
      record(guarded(kernel, slot, scalars.size / ROWS), inputs, [...outputs, flags]);
      return true;
    },
    () => optimizer.step(),
  );
}
