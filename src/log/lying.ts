/** Which tensors lie beside one another, with their gradients alike, so that a kernel can walk them all at once. */
import type { Stretch } from '../kernels/health.js';
import { Arena } from '../optim/arena.js';
import type { Tensor } from '../tensor/tensor.js';

/** Arrays that lie alike. */
export interface Lying {
  /** The weights, and the gradients where all of these have one. */
  readonly arrays: readonly Tensor[];
  /** Where each tensor lies in the arrays, and which of those that were given it is. */
  readonly stretches: (Stretch & { readonly index: number })[];
}

/** In as few arrays as they lie in: those of an optimizer's group together, others each by itself. */
export function lyingOf(tensors: readonly Tensor[]): Lying[] {
  const all: Lying[] = [];
  const shared = new Map<Tensor, Lying>();
  for (const [index, one] of tensors.entries()) {
    const { grad, size } = one;
    if (size === 0) continue;
    const home = homeOf(one);
    const start = home && startIn(home.params, one);
    if (!home || start === null || (grad && startIn(home.grads, grad) !== start)) {
      all.push({ arrays: grad ? [one, grad] : [one], stretches: [{ index, start: 0, size }] });
      continue;
    }
    const key = grad ? home.grads : home.params;
    const known = shared.get(key);
    const lying = known ?? { arrays: grad ? [home.params, home.grads] : [home.params], stretches: [] };
    lying.stretches.push({ index, start, size });
    if (known) continue;
    shared.set(key, lying);
    all.push(lying);
  }
  return all;
}

/** Parameters and gradients of the arena in which an optimizer keeps this one. */
function homeOf({ gradHome }: Tensor): { readonly params: Tensor; readonly grads: Tensor } | null {
  const arena = gradHome?.arena;
  return arena instanceof Arena ? arena.range(0, arena.params.length) : null;
}

/** The element of `whole` at which a tensor begins that lies in it; null where it lies elsewhere. */
function startIn(whole: Tensor, one: Tensor): number | null {
  const [around, within] = [whole.storage.place, one.storage.place];
  return around && around.root === within?.root ? (within.start - around.start) / 4 : null;
}
