/** A choice of the tuner as it is stored. */
export interface Choice {
  /** The family of kernels, and the shape. */
  readonly key: string;
  /** The candidate that was fastest; null where none beat the default. */
  readonly choice: object | null;
  /** Of the kernels that were fastest: others under the same name were never measured. */
  readonly hash: string;
}

/** What a store holds for an adapter. */
export interface Choices {
  readonly found: readonly Choice[];
  /** What could not be read, each worth a line of output. */
  readonly notes: readonly string[];
}

export function isChoice(value: unknown): value is Choice {
  if (typeof value !== 'object' || value === null) return false;
  const { key, choice, hash } = value as Partial<Record<keyof Choice, unknown>>;
  return typeof key === 'string' && typeof choice === 'object' && typeof hash === 'string';
}
