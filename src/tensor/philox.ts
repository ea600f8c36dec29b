/**
 * Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", 2011): a function from a
 * 64-bit key and a 128-bit counter to 128 random bits. The same function runs in WGSL, so that a host and every adapter
 * agree on every bit.
 *
 * Throughout the library the key is [seed low, seed high] and the counter [floor(element / 4), step, stream, domain],
 * where step and stream tell draws of one domain apart;
 * an element takes word `element % 4` of the result.
 */

/** What the counter's fourth word stands for, so that no two uses of one seed share their numbers. */
export const Domain = {
  dropout: 0,
  creation: 1,
  shuffling: 2,
  synthetic: 3,
  augmentation: 4,
  cutout: 5,
  resizedCrop: 6,
  rotation: 7,
  erasing: 8,
  colours: 9,
} as const;

export type Domain = (typeof Domain)[keyof typeof Domain];

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** The high 32 bits of a·b; every intermediate stays below 2^49, so that doubles hold it exactly. */
function mulhi(a: number, b: number): number {
  const low = Math.floor(((a & 0xffff) * b) / 65536);
  return Math.floor(((a >>> 16) * b + low) / 65536);
}

/**
 * Four random 32-bit words.
 *
 * @param key two 32-bit words
 * @param counter four 32-bit words
 * @param out where to write (a new array by default), so that loops need not allocate
 */
export function philox(
  key: readonly [number, number],
  counter: readonly [number, number, number, number],
  out: Uint32Array = new Uint32Array(4),
): Uint32Array {
  let k0 = key[0] >>> 0;
  let k1 = key[1] >>> 0;
  let c0 = counter[0] >>> 0;
  let c1 = counter[1] >>> 0;
  let c2 = counter[2] >>> 0;
  let c3 = counter[3] >>> 0;
  for (let round = 0; round < 10; round++) {
    const high0 = mulhi(M0, c0);
    const high1 = mulhi(M1, c2);
    const low0 = Math.imul(M0, c0);
    const low1 = Math.imul(M1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c1 = low1 >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
  return out;
}
