/**
 * Dawn in Node polls without pause while a promise of its is pending: a function that calls itself by `setImmediate`. That takes
 * a core from an adapter that computes on the CPU, while it compiles as while it runs. A test file that compiles 260 small
 * shaders polled 1.3 million times and took 22 s of two cores; it polls 11,000 times and takes 13 s with this (SwiftShader,
 * 2026-12).
 */
const { setImmediate: immediately, setTimeout: later } = globalThis;

/** So many times it polls at once, for what is nearly there, and then once in a millisecond. */
const AT_ONCE = 20;
/** A pause, after which it waits for something else. */
const PAUSE_MS = 3;

/** Whether a function is an addon's: those have no name, no text, and take nothing, as the resolver of a promise does. */
const isNative = (fn: (...args: unknown[]) => void): boolean =>
  typeof fn === 'function' &&
  fn.name === '' &&
  fn.length === 0 &&
  Function.prototype.toString.call(fn).includes('[native code]');

/** From now on this process lets Dawn poll with pauses. */
export function pollWithPauses(): void {
  if (globalThis.setImmediate !== immediately) return;
  let polled = 0;
  let last = 0;
  const patient = (fn: (...args: unknown[]) => void, ...args: unknown[]): unknown => {
    if (args.length > 0 || !isNative(fn)) return immediately(fn, ...args);
    const now = performance.now();
    if (now - last > PAUSE_MS) polled = 0;
    last = now;
    polled += 1;
    return polled > AT_ONCE ? later(fn, 1) : immediately(fn);
  };
  globalThis.setImmediate = Object.assign(patient, immediately) as typeof setImmediate;
}
