/** Every error that kindling throws on purpose: it names the op, the shapes, and what to do. */
export class KindlingError extends Error {
  override name = 'KindlingError';
}
