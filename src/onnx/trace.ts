/** What a model does with its inputs, as a list of functions: the tape's own view, gradients aside. */

import type { Call } from '../ops/onnx.js';
import type { Storage } from '../stream/storage.js';
import { watching } from '../tensor/launch.js';
import { inspectBy, noGrad } from '../tensor/remember.js';
import type { Tensor } from '../tensor/tensor.js';

export class Trace {
  /** By the tensor that came out. */
  readonly #calls = new Map<Tensor, Call>();
  /** The tensor that was computed into a storage; others are views of it. */
  readonly #made = new Map<Storage, Tensor>();
  readonly #dependent: Set<Storage>;

  constructor(inputs: readonly Tensor[]) {
    for (const input of inputs) this.#made.set(input.storage, input);
    this.#dependent = new Set(this.#made.keys());
  }

  /** Runs `body` and notes what it does. */
  run<T>(body: () => T): T {
    const before = inspectBy((name, inputs, value, backward, attributes) => {
      // A function of the user's own is made of others, which were seen already; a reshape shares memory too.
      const isWhole = attributes || name === 'reshape';
      const inner = !isWhole && this.#calls.get(this.#made.get(value.storage) as Tensor)?.attributes;
      if (!inner) this.#note({ name, inputs, x: inputs[0] as Tensor, value, attributes: attributes ?? {} });
      return backward;
    });
    try {
      return watching(
        ({ name }, inputs, outputs) => {
          const dependent = inputs.some((input) => this.dependsOnInput(input));
          for (const value of outputs) {
            if (dependent) this.#dependent.add(value.storage);
            this.#note({ name, inputs, x: inputs[0] as Tensor, value, attributes: null });
          }
        },
        () => noGrad(body),
      );
    } finally {
      inspectBy(before);
    }
  }

  #note(call: Call): void {
    this.#calls.set(call.value, call);
    if (call.name !== 'reshape') this.#made.set(call.value.storage, call.value);
  }

  callOf(tensor: Tensor): Call | undefined {
    return this.#calls.get(tensor);
  }

  /** What a tensor that no function made, such as `x.detach()`, is a view of. */
  originalOf(tensor: Tensor): Tensor | undefined {
    return this.#made.get(tensor.storage);
  }

  /** Whether it changes with the model's inputs. What does not is a constant. */
  dependsOnInput(tensor: Tensor): boolean {
    return this.#dependent.has(tensor.storage);
  }
}
