/** Every error that kindling throws on purpose: it names the op, the shapes, and what to do. */
export class KindlingError extends Error {
  override name = 'KindlingError';
}

/** Throws it: for checks that are one line. */
export function refuse(message: string): never {
  throw new KindlingError(message);
}

/** The device went away: the driver reset it, the browser took it, or `destroy()` gave it back. `init()` opens another. */
export class DeviceLostError extends KindlingError {
  override name = 'DeviceLostError';
}
