/** Checkpointing: what a part of a model computes on the way is computed again in backward rather than held. */
import { refuse } from '../gpu/errors.js';
import { required } from '../gpu/options.js';
import { tick } from '../memory/overwrites.js';
import { rewind } from '../tensor/random.js';
import {
  differentiable,
  enableGrad,
  type Inspector,
  inspectBy,
  isGradEnabled,
  noGrad,
  wantsParts,
} from '../tensor/remember.js';
import { checkRead, readBy } from '../tensor/saved.js';
import { Tensor } from '../tensor/tensor.js';
import { tensorsIn } from '../tensor/tree.js';
import { gradients } from './gradients.js';
import { differentiableBackward } from './twice.js';

/** Options of PyTorch's function, which would be taken for an input. */
const PYTORCHS = ['useReentrant', 'use_reentrant', 'preserveRngState', 'preserve_rng_state'];

/**
 * `fn(...inputs)`, whose intermediate results are not held for backward: it runs again there, with the random numbers that
 * it had. Gradients reach the inputs and every parameter that `fn` uses, and are the same to the bit, but for the order in
 * which those of a tensor that is used outside of `fn` too add up. The first run is not recorded: `grad` and hooks on tensors
 * have no place in `fn`.
 *
 * What else `fn` does happens twice, as in PyTorch: batch normalisation updates its running statistics again. Forward and
 * backward belong into one step.
 *
 * @param fn returns one tensor; the same for the same inputs
 * @throws KindlingError in backward, where that runs in another step than forward did, or inputs or parameters were
 *   overwritten since
 * @example const y = checkpoint(block, x);
 * @see https://pytorch.org/docs/stable/checkpoint.html
 */
export function checkpoint<Inputs extends readonly unknown[]>(
  fn: (...inputs: Inputs) => Tensor,
  ...inputs: Inputs
): Tensor {
  required('checkpoint', { fn }, { fn: 'function' });
  const last: unknown = inputs.at(-1);
  if (typeof last === 'object' && last !== null && PYTORCHS.some((name) => name in last)) {
    refuse(`checkpoint: takes no options, and passes all its arguments on; leave out ${Object.keys(last).join(', ')}`);
  }
  if (!isGradEnabled()) return fn(...inputs);
  const again = rewind('checkpoint');
  const order = tick();
  // Nothing made in here is recorded: what requires a gradient comes from outside.
  const used = new Set<Tensor>();
  const noteUsed = (tensor: Tensor): void => void (tensor.requiresGrad && used.add(tensor));
  const readsAlone = !wantsParts();
  const note: Inspector = (name, given, value, backward, attributes) => {
    given.forEach(noteUsed);
    return before?.(name, given, value, backward, attributes) ?? backward;
  };
  const before = inspectBy(Object.assign(note, { readsAlone }));
  let made: Tensor;
  try {
    made = noGrad(() => fn(...inputs));
  } finally {
    inspectBy(before);
  }
  if (!(made instanceof Tensor)) refuse('checkpoint: the function must return one tensor');
  noteUsed(made);
  const sources = [...used];
  const backward = (grad: Tensor) => {
    // What is computed again has to be what it was. Forward itself may have changed the rest, statistics say.
    const by = { name: 'checkpoint', order, grad };
    readBy(by, () => [...tensorsIn(inputs), ...sources].forEach(checkRead));
    // What made the sources, and their hooks, have their turn when this is done.
    const cut = sources.map(({ gradFn, hook }) => ({ gradFn, hook }));
    for (const source of sources) Object.assign(source, { gradFn: null, hook: undefined });
    try {
      const compute = () => again(() => enableGrad(() => fn(...inputs)));
      const value = readBy(null, () => (before?.again ?? ((body) => body()))(compute));
      const twice = isGradEnabled();
      const found = gradients(new Map([[value, grad]]), sources, (of, made, part) =>
        readBy({ ...by, grad: part }, () => (twice ? differentiableBackward(of, made, part) : made.backward(part))),
      );
      return sources.map((source) => found.get(source) ?? null);
    } finally {
      sources.forEach((source, i) => void Object.assign(source, cut[i]));
    }
  };
  // Whoever inspects saw the functions within.
  inspectBy(null);
  try {
    return differentiable('checkpoint', sources, new Tensor(made.shape, made.dtype, made.storage), {
      all: backward,
    });
  } finally {
    inspectBy(before);
  }
}
