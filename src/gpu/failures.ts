/** Failures of commands that nobody has been told of, and whether there ever were any. */
import { perDevice } from './device.js';
import type { KindlingError } from './errors.js';

const state = /* @__PURE__ */ perDevice(() => ({ any: false, untold: null as KindlingError | null }));

/** Whether anything ever failed: else there is nothing to follow. */
export const anyFailed = (): boolean => state().any;

/** From now on commands have to be looked at: a shader, or a buffer, came to nothing. */
export function somethingFailed(): void {
  state().any = true;
}

/** Remembers the first error that nobody has been told of. */
export function blame(error: KindlingError): KindlingError {
  state().untold ??= error;
  return error;
}

/** Somebody has been told. */
export function told(error: unknown): void {
  if (state().untold === error) state().untold = null;
}

/** The first error that nobody has been told of, and forgets it. */
export function takeUntold(): KindlingError | null {
  const error = state().untold;
  state().untold = null;
  return error;
}
