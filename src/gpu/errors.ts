/** Every error that kindling throws on purpose: it names the op, the shapes, and what to do. */
export class KindlingError extends Error {
  override name = 'KindlingError';
}

/** Throws it: for checks that are one line. */
export function refuse(message: string): never {
  throw new KindlingError(message);
}
