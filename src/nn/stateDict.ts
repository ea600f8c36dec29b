/** State dicts, and how one is loaded. */
import { refuse } from '../gpu/errors.js';
import { checked, text } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';

/** Tensors by PyTorch's names. They share memory with the module they come from. */
export type StateDict = Record<string, Tensor>;

export interface LoadOptions {
  /** Refuse names that are missing or unknown. Default: true. */
  strict?: boolean | undefined;
  /**
   * The module's name for a name of the state, such as `(key) => key.replace(/^module\./, '')`. Default: the same.
   */
  rename?: ((key: string) => string) | undefined;
}

/** Names that a loaded state dict and the module do not share. */
export interface LoadReport {
  readonly missingKeys: string[];
  readonly unexpectedKeys: string[];
}

/** The state under the module's names. @param op who loads it @throws KindlingError where two names meet */
export function renamedBy(op: string, state: Readonly<StateDict>, options: LoadOptions): Readonly<StateDict> {
  const { rename = (key: string) => key } = checked(op, options, { strict: 'boolean', rename: 'function' });
  if (typeof state !== 'object' || state === null || state instanceof Map) {
    refuse(`${op}: wants tensors by name, as stateDict() gives them, got ${text(state)}`);
  }
  const renamed: StateDict = {};
  for (const [key, tensor] of Object.entries(state)) {
    const given = rename(key);
    if (typeof given !== 'string') refuse(`${op}: rename makes ${text(given)} of ${key}`);
    if (Object.hasOwn(renamed, given)) refuse(`${op}: rename makes ${given} of ${key} and of another name`);
    renamed[given] = tensor;
  }
  return renamed;
}
