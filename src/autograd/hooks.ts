/** Hooks on gradients. */
import { refuse } from '../gpu/errors.js';
import { atMost, wantTensor } from '../gpu/options.js';
import { scalar } from '../ops/elementwise/make.js';
import { checkAtEnd, refuseInCapture, seeField } from '../stream/recording.js';
import { differentiable } from '../tensor/remember.js';
import { readBy } from '../tensor/saved.js';
import { sameShape, show } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';

/** What `register…` returns. */
export interface HookHandle {
  /** Takes the hook away again. */
  remove(): void;
}

/** Sees the gradient by a tensor; what it returns takes its place. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook may return nothing
export type TensorHook = (grad: Tensor) => Tensor | null | undefined | void;

/**
 * @internal Adds to a set as often as asked, and takes away what was added.
 *
 * @param lasts whether the set outlives a captured function in which that is done
 */
export function register<T>(hooks: Set<{ call: T }>, call: T, lasts = true): HookHandle {
  const entry = { call };
  hooks.add(entry);
  const isLeft = (): void => {
    if (hooks.has(entry))
      refuseInCapture('a hook is registered', 'Register it outside, or remove() it inside as well.');
  };
  if (lasts) checkAtEnd(isLeft);
  return { remove: () => void hooks.delete(entry) };
}

const registered = new WeakMap<Tensor, Set<{ call: TensorHook }>>();

/**
 * Calls `hook` with the gradient by `tensor`, a leaf or not, whenever that is computed: complete, and before it is added to
 * `grad` or goes on. Hooks run in the order in which they were registered. A captured step calls them when it is recorded,
 * not when it is replayed; what they compute is replayed.
 *
 * @throws KindlingError if the tensor requires no gradient, and in backward if the hook returns another shape
 * @example registerHook(x, (grad) => grad.mul(0.5));
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html
 */
export function registerHook(tensor: Tensor, hook: TensorHook): HookHandle {
  atMost('registerHook', 2, arguments);
  wantTensor('registerHook', 'tensor', tensor);
  if (!tensor.requiresGrad) refuse(`registerHook: ${tensor} requires no gradient`);
  const hooks = registered.get(tensor) ?? new Set<{ call: TensorHook }>();
  registered.set(tensor, hooks);
  const registry = { hooks };
  tensor.hook = (grad) => {
    seeField(registry, 'hooks');
    let given = grad;
    for (const { call } of hooks) given = call(given) ?? given;
    if (sameShape(given.shape, tensor.shape)) return given;
    refuse(`registerHook: a hook made ${show(given.shape)} of the gradient by a tensor of ${show(tensor.shape)}`);
  };
  return register(hooks, hook, !tensor.storage.isTemporary);
}

/** Gradients by place, null where there is none. */
export type Grads = readonly (Tensor | null)[];

/**
 * @internal The same values, the gradients by whose tensors all pass `see` at once; what that returns goes on in their place.
 * Where none requires a gradient, the values themselves.
 */
export function joined(values: readonly unknown[], see: (grads: Grads) => Grads): readonly unknown[] {
  const asks = (value: unknown): value is Tensor => value instanceof Tensor && value.requiresGrad;
  if (!values.some(asks)) return values;
  const nothing = scalar(0, 'f32');
  const grads = values.map((): Tensor | null => null);
  const gate = differentiable('gate', values.filter(asks), new Tensor([], 'f32', nothing.storage), {
    all: () => {
      const all = [...grads];
      grads.fill(null);
      return readBy(null, () => see(all)).filter((_, i) => asks(values[i]));
    },
  });
  return values.map((value, i) => {
    if (!asks(value)) return value;
    return differentiable('hook', [gate], new Tensor(value.shape, value.dtype, value.storage), {
      all: (grad) => {
        grads[i] = grad;
        return [nothing];
      },
    });
  });
}
