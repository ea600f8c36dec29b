/** How far bringing the pictures has come, and how long it will take. */
import type { Bringing } from '../shared/cifar10.js';

/** Milliseconds between two reports, and those from which the speed is taken. */
const EVERY = 200;
const LATELY = 10_000;

export class Progress {
  readonly #tell: (bringing: Bringing) => void;
  readonly #allBytes: number;
  readonly #allPictures: number;
  #bytes = 0;
  #pictures = 0;
  #hitch = '';
  #told = Number.NEGATIVE_INFINITY;
  /** Moments, and the bytes that had come by then. */
  #past: (readonly [time: number, bytes: number])[] = [];

  constructor(tell: (bringing: Bringing) => void, allBytes: number, allPictures: number) {
    this.#tell = tell;
    this.#allBytes = allBytes;
    this.#allPictures = allPictures;
    this.report(true);
  }

  /** What was here before: it says nothing about speed. */
  had(bytes: number, pictures: number): void {
    this.#bytes += bytes;
    this.#pictures += pictures;
    this.#past = [];
    this.report(true);
  }

  came(bytes: number): void {
    this.#bytes += bytes;
    this.#hitch = '';
    this.report();
  }

  decoded(pictures: number): void {
    this.#pictures += pictures;
    this.report(true);
  }

  hitch(why: string): void {
    this.#hitch = why;
    this.report(true);
  }

  report(now = false): void {
    const time = performance.now();
    if (!now && time - this.#told < EVERY) return;
    this.#told = time;
    this.#past = [...this.#past.filter(([then]) => time - then < LATELY), [time, this.#bytes] as const];
    const [begin, before] = this.#past[0] ?? [time, this.#bytes];
    const rate = (this.#bytes - before) / (time - begin);
    const left = rate > 0 ? Math.max(0, this.#allBytes - this.#bytes) / rate / 1000 : null;
    this.#tell({
      bytes: Math.min(this.#bytes, this.#allBytes),
      allBytes: this.#allBytes,
      pictures: this.#pictures,
      allPictures: this.#allPictures,
      left,
      hitch: this.#hitch,
    });
  }
}
