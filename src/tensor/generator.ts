import { refuse } from '../gpu/errors.js';
import { text } from '../gpu/options.js';
import { Domain, philox } from './philox.js';

const TWO_32 = 2 ** 32;

/** The Philox key of a seed: its low 32 bits and the bits above them. Throws unless the seed is in 0 … 2^53 − 1. */
export function seedKey(seed: number, op = 'seed'): [number, number] {
  if (!Number.isSafeInteger(seed) || seed < 0) refuse(`${op}: ${text(seed)} is not an integer from 0 to 2^53 - 1`);
  return [seed >>> 0, Math.floor(seed / TWO_32)];
}

/**
 * Random numbers on the host: the Philox words of (seed, domain, stream, step) taken in order. Two generators made alike
 * give the same numbers in every host.
 */
export class Generator {
  readonly #key: [number, number];
  readonly #counter: [number, number, number, number];
  readonly #words = new Uint32Array(4);
  #next = 4;
  #spare: number | null = null;

  /**
   * @param seed an integer from 0 to 2^53 − 1
   * @param options.domain what the numbers are for; default `Domain.creation`
   * @param options.stream, options.step 32-bit words that set sequences of one seed and domain apart; default 0
   */
  constructor(seed: number, options: { domain?: Domain | undefined; stream?: number | undefined; step?: number } = {}) {
    this.#key = seedKey(seed);
    this.#counter = [0, options.step ?? 0, options.stream ?? 0, options.domain ?? Domain.creation];
  }

  /** The next 32 random bits. */
  bits(): number {
    if (this.#next === 4) {
      philox(this.#key, this.#counter, this.#words);
      this.#counter[0]++;
      this.#next = 0;
    }
    return this.#words[this.#next++] as number;
  }

  /** A multiple of 2^-24 in [0, 1): exact in float32, and never 1. */
  uniform(): number {
    return (this.bits() >>> 8) / 2 ** 24;
  }

  /** A draw from the standard normal distribution (Box and Muller; draws come in pairs). */
  normal(): number {
    if (this.#spare !== null) {
      const value = this.#spare;
      this.#spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** An integer from 0 to n − 1, each equally likely; n is at most 2^32. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > TWO_32) refuse(`integer: no integers below ${n}`);
    const limit = TWO_32 - (TWO_32 % n);
    let bits = this.bits();
    while (bits >= limit) bits = this.bits();
    return bits % n;
  }

  /** The numbers 0 … n − 1 in random order (Fisher and Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swapped = order[i] as number;
      order[i] = order[j] as number;
      order[j] = swapped;
    }
    return order;
  }
}
