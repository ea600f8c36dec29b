/** Text from a model: one character after the other, each drawn from what the model expects after those before. */
import { capture, indexSelect, noGrad, reshape, softmax, type Tensor, tensor } from 'kindling';
import type { Gpt } from './model.js';

/**
 * Numbers of `count` characters that follow `start`. Inputs are padded to the context, so that one recording does for all;
 * a position sees nothing behind it, so the padding changes nothing.
 *
 * @param start at least one character
 * @param random uniform in [0, 1)
 */
export async function write(
  model: Gpt,
  start: ArrayLike<number>,
  count: number,
  temperature: number,
  random: () => number,
): Promise<number[]> {
  const { context, vocabulary } = model.config;
  const expected = capture((characters: Tensor, last: Tensor) =>
    noGrad(() => {
      const logits = indexSelect(reshape(model(characters), [context, vocabulary]), 0, last);
      return softmax(logits.div(temperature), { dim: 1 });
    }),
  );
  const all = Array.from(start);
  for (let i = 0; i < count; i++) {
    const seen = all.slice(-context);
    const padded = Int32Array.from({ length: context }, (_, place) => seen[place] ?? 0);
    using characters = tensor(padded, { shape: [1, context] });
    using last = tensor([seen.length - 1], { dtype: 'i32' });
    using probabilities = expected(characters, last);
    all.push(draw(await probabilities.data(), random()));
  }
  expected.reset();
  return all.slice(start.length);
}

/** The first place where the probabilities up to it exceed `u`. */
function draw(probabilities: ArrayLike<number>, u: number): number {
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    sum += probabilities[i] ?? 0;
    if (sum > u) return i;
  }
  // Rounding may leave the sum a little below 1.
  return probabilities.length - 1;
}
