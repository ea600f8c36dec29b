/** Notices a model that has died. Its loss may stay finite, and it would train on for ever. */
import { firstNonfinite } from 'kindling/nn';

type Watched = Parameters<typeof firstNonfinite>;

/** A loss, a weight, a running statistic or a moment has become NaN or infinite. */
export class Diverged extends Error {}

/** Steps between looks at the weights: a small submit beside the steps', a few bytes back. */
const EVERY = 10;
/** Of several names one is said. */
const FIRST = " (the first in the model's order)";

/** Watches one run. What it finds is thrown as {@link Diverged}. */
export class Watch {
  readonly #watched: Watched;
  /** The last step that is known to have left nothing but finite weights. */
  #good: number;

  /** @param done steps before this, of which nothing ill is known */
  constructor(watched: Watched, done: number) {
    this.#watched = watched;
    this.#good = done;
  }

  /** Begins a look at what the steps so far have left, where one is due after the `step`-th. Its promise is to be awaited. */
  due(step: number): Promise<void> | undefined {
    if (step % EVERY !== 0) return undefined;
    const look = this.look(step);
    // Whoever waits for it gets it, unless the loss says it first.
    look.catch(() => {});
    return look;
  }

  /** Looks at what the `step`-th step has left. */
  async look(step: number): Promise<void> {
    const name = await firstNonfinite(...this.#watched);
    if (!name) {
      this.#good = Math.max(this.#good, step);
      return;
    }
    const first = this.#good + 1;
    const when = first < step ? `in one of the steps ${first} to ${step}` : `in step ${step}`;
    throw new Diverged(`${when} ${name} became NaN or infinite${FIRST}`);
  }

  /** Looks at the loss of the `step`-th step. */
  async loss(step: number, loss: number): Promise<void> {
    if (Number.isFinite(loss)) return;
    const name = await firstNonfinite(...this.#watched);
    const where = name ? `, and ${name} NaN or infinite${FIRST}` : ', though all weights are finite';
    throw new Diverged(`the loss of step ${step} is ${loss}${where}`);
  }
}
