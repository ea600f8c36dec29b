/** Losing the device, at places that a seed says. */
import { device } from '../../src/gpu/device.js';
import { Generator } from '../../src/tensor/generator.js';

/** Takes the device away, as a driver or a browser would. */
export const takeDevice = (): void => device().destroy();

/** Takes the device away `most` times, each after `least` to 6 calls of `tick` since it was there again. */
export class Losses {
  readonly seed = Math.floor(Math.random() * 2 ** 31);
  made = 0;
  readonly #draw = new Generator(this.seed);
  readonly #most: number;
  readonly #least: number;
  #left: number;

  constructor(most: number, least = 1) {
    this.#most = most;
    this.#least = least;
    this.#left = this.#next();
  }

  #next(): number {
    return this.#least + this.#draw.integer(7 - this.#least);
  }

  /** Something has been done. */
  tick(): void {
    if (this.made === this.#most || --this.#left > 0) return;
    this.made++;
    this.#left = this.#next();
    takeDevice();
  }
}
