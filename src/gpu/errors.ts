/** Every error that kindling throws on purpose: it names the op, the shapes, and what to do. */
export class KindlingError extends Error {
  override name = 'KindlingError';
}

/** Throws it: for checks that are one line. */
export function refuse(message: string): never {
  throw new KindlingError(message);
}

/** Throws where a function that must not wait has returned a promise, whose own failure then ends nothing. */
export function refusePromise(value: unknown, message: string): void {
  if (!isPromise(value)) return;
  value.then(undefined, () => {});
  refuse(message);
}

/** As {@link refusePromise}, of what a function has returned that is an argument of `op`. */
export const refuseAsync = (op: string, value: unknown): void =>
  refusePromise(value, `${op}: the function must not be async; return tensors and await them afterwards`);

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/**
 * The device went away: the driver reset it, the browser took it, or `destroy()` gave it back. `init()` opens another;
 * what a snapshot of `kindling/recover` holds comes back on it.
 */
export class DeviceLostError extends KindlingError {
  override name = 'DeviceLostError';
}
