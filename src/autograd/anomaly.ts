/** Finding what made the first NaN or infinity. */
import { KindlingError, refuse } from '../gpu/errors.js';
import { checked, required } from '../gpu/options.js';
import { sum } from '../ops/broadcast.js';
import { mul } from '../ops/elementwise/arithmetic.js';
import { ge } from '../ops/elementwise/comparison.js';
import { insideScope } from '../stream/scope.js';
import { pauseCapture } from '../tensor/capture.js';
import { inspectBy, noGrad } from '../tensor/remember.js';
import { show } from '../tensor/shape.js';
import { keep } from '../tensor/step.js';
import { Tensor } from '../tensor/tensor.js';

export interface AnomalyOptions {
  /** Whether an infinity is one too. A mask of −∞ before a softmax wants false. Default: true. */
  infinities?: boolean | undefined;
}

interface Look {
  /** How many elements are no numbers. */
  readonly count: Tensor;
  readonly found: string;
}

/** Twice the bits, which drops the sign, of the smallest f32 that is an infinity, or a NaN. */
const [INFINITY, NAN] = [0xff000000, 0xff000001];

let running = false;

/** Runs `body` without record and inspection. */
function unseen(body: () => void): void {
  const inspector = inspectBy(null);
  try {
    noGrad(body);
  } finally {
    inspectBy(inspector);
  }
}

/**
 * Runs `body` and looks, on the GPU, at everything that its functions compute and pass back. The promise is rejected with the
 * name and shapes of the function that made the first NaN or infinity, as a value or as a gradient, or that was given
 * one that no function made (a parameter, a batch). A loop ends soon after the first.
 *
 * It is slow: two launches for every tensor. Captured functions run as plain steps meanwhile. Put steps inside it, not it
 * into a step. What an optimizer writes is seen when a function reads it.
 *
 * @example
 * await detectAnomaly(async () => {
 *   for await (const [x, y] of loader) await train(x, y).item();
 * });
 * @see https://pytorch.org/docs/stable/autograd.html#anomaly-detection
 */
export async function detectAnomaly<T>(body: () => T | Promise<T>, options: AnomalyOptions = {}): Promise<T> {
  const { infinities = true } = checked('detectAnomaly', options, { infinities: 'boolean' });
  required('detectAnomaly', { body }, { body: 'function' });
  if (insideScope()) refuse('detectAnomaly: runs outside of steps; put the step into its function');
  if (running) refuse('detectAnomaly: one is running already; wait for its end, or put both functions into one');
  let made = new WeakSet<Tensor>();
  let looks: Look[] = [];
  let failure: KindlingError | null = null;
  let looked = Promise.resolve();

  const look = (tensor: Tensor, found: string): void => {
    if (tensor.dtype !== 'f32' || tensor.size === 0) return;
    if (looks.length === 0) queueMicrotask(check);
    const bits = new Tensor(tensor.shape, 'u32', tensor.storage);
    looks.push({ count: keep(sum(ge(mul(bits, 2), infinities ? INFINITY : NAN))), found });
  };
  /** Runs between steps, for what has been launched since. */
  const check = (): void => {
    const batch = looks;
    looks = [];
    made = new WeakSet(); // An optimizer may have written since.
    const counts = Promise.all(batch.map(({ count }) => count.item()));
    for (const { count } of batch) count.dispose();
    looked = looked.then(async () => {
      const first = batch[(await counts).findIndex((count) => count > 0)];
      if (first) failure ??= new KindlingError(`detectAnomaly: ${first.found}${hint}`);
    });
  };
  const hint = infinities ? '. Where that is a mask, pass infinities: false' : '';
  const what = infinities ? 'a NaN or an infinity' : 'a NaN';
  const before = inspectBy((name, inputs, value, backward, attributes) => {
    if (failure) throw failure;
    const back = before?.(name, inputs, value, backward, attributes) ?? backward;
    const of = `${name} of ${inputs.map(({ shape }) => show(shape)).join(', ')}`;
    unseen(() => {
      inputs.forEach((input, i) => {
        if (!made.has(input)) look(input, `${of}: input ${i} has ${what}, which no function made`);
        made.add(input);
      });
      look(value, `${of}: its value, ${show(value.shape)}, has ${what}`);
    });
    made.add(value);
    return (grad) => {
      const parts = back(grad);
      const found = (i: number): string => `${of}: its backward made ${what} in the gradient by input ${i}`;
      unseen(() => parts.forEach((part, i) => void (part && look(part, `${found(i)}, ${show(part.shape)}`))));
      return parts;
    };
  });
  running = true;
  pauseCapture(true);
  try {
    return await body();
  } finally {
    running = false;
    inspectBy(before);
    pauseCapture(false);
    if (looks.length > 0) check();
    await looked;
    // biome-ignore lint/correctness/noUnsafeFinally: it says more than the error that follows from it
    if (failure) throw failure;
  }
}
