/** What one extends, and modules by the types of their `forward`. */
import { refuse } from '../gpu/errors.js';
import { text } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import { AnyModule } from './anyModule.js';

export type { AnyModule } from './anyModule.js';

/** What {@link Module} is as a type. */
export declare abstract class ModuleOf<Inputs extends readonly unknown[], Output> extends AnyModule {
  abstract override forward(...inputs: Inputs): Output;
}

/** What a call is taken for where a type parameter stands for the module, and with it for what `forward` takes. */
export interface ModuleOf<Inputs extends readonly unknown[], Output> {
  // biome-ignore lint/style/useShorthandFunctionType: it is merged with the class
  (...inputs: Inputs): Output;
}

/**
 * A module by what it takes and returns.
 *
 * @typeParam Inputs what `forward` takes; default one tensor
 * @typeParam Output what it returns; default a tensor
 */
export type Module<Inputs extends readonly unknown[] = [Tensor], Output = Tensor> = ModuleOf<Inputs, Output>;

/**
 * Base of layers and models. A class extends it and says in `forward` what is computed, from whatever arguments; instances are
 * called as functions, with the types of their `forward`. The methods of all modules stand with {@link AnyModule}.
 *
 * Modules and {@link Parameter}s held in fields belong to it, also those in arrays, Maps, Sets and plain objects in fields
 * (`layers.0`, `heads.aux`); nothing else needs registering. What is kept in a `#private` field nobody sees: it is not trained
 * or saved, and the first call of `parameters()` warns of it.
 *
 * @example
 * class Net extends Module {
 *   conv1 = new Conv2d(3, 32, 3);
 *   fc1 = new Linear(32 * 30 * 30, 10);
 *   forward(x: Tensor): Tensor {
 *     return this.fc1(this.conv1(x).relu().flatten(1));
 *   }
 * }
 * const model = new Net();
 * const logits = model(zeros([8, 3, 32, 32]));
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html
 */
export const Module = AnyModule as unknown as (abstract new () => AnyModule) &
  (abstract new <Inputs extends readonly unknown[], Output = Tensor>() => Module<Inputs, Output>);

/** The model, once it is known to be one. @throws KindlingError naming `op` and what came */
export function wantModule(op: string, model: unknown): void {
  if (!(model instanceof AnyModule)) refuse(`${op}: wants a module, got ${text(model)}`);
}
