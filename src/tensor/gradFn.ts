/** What a computed tensor remembers of the function that made it. `T` is the tensor: types alone. */

/** From the gradient by a value: those by its inputs, null where there is none. */
export type BackwardOf<T> = (grad: T) => readonly (T | null)[];

/** How gradients pass back through a function: one of the first three, and a shorter way besides where there is one. */
export interface GradientsOf<T> {
  /** For each input its gradient from that by the value, in differentiable functions; called for inputs that want one. */
  readonly by?: readonly ((grad: T) => T)[];
  /** The same of all inputs at once. Those that want none have `requiresGrad` false: skip the work. */
  readonly all?: BackwardOf<T>;
  /** The value again, of tensors in the place of the inputs, in differentiable functions, whose gradients are its own. */
  readonly inOps?: (...inputs: T[]) => T;
  /** By kernels, all at once, where nobody differentiates what comes out. Beside `inOps` it has to be there. */
  readonly fused?: BackwardOf<T>;
}

/** How a tensor was computed: what the tape remembers. */
export interface GradFnOf<T> {
  readonly name: string;
  readonly inputs: readonly T[];
  /** Position on the tape; a function's inputs were made before it. */
  readonly order: number;
  /** Gradients by the inputs, from the gradient by the output, which nobody differentiates. */
  readonly backward: BackwardOf<T>;
  /** The same, for gradients that are differentiated again. */
  readonly ways: GradientsOf<T>;
  /** What the output depends on besides its inputs. */
  readonly attributes: object | undefined;
}
