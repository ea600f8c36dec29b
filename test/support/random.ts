/** Random values for tests, the same on every run. */

let seed = 1;

/** Uniform in [0, 1): a Lehmer generator. */
export function random(): number {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
}

/** Begins anew, after each test, so that none has other values because of what ran before. */
export function reseed(): void {
  seed = 1;
}

/** Another such generator, of its own seed. */
export function randomFrom(seed: number): () => number {
  let state = (seed * 69621 + 11) % 2147483647;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Uniform in [0, 1), a function of k alone ("lowbias32"): weights and pictures that need no file. */
export function uniform(k: number): number {
  let x = k;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}
