/** Notices a model that has died. Its loss may stay finite, and it would train on for ever. */
import { KindlingError } from '../gpu/errors.js';
import { firstNonfinite } from '../nn/nonfinite.js';

type Watched = Parameters<typeof firstNonfinite>;

/** Where and how a run diverged. */
export interface Divergence {
  /** The step in which it was found, from 1. */
  readonly step: number;
  /** The first step that may have done it. */
  readonly since: number;
  /** The first tensor in the model's order that is not finite, as `firstNonfinite` names it; null where the loss alone is not. */
  readonly tensor: string | null;
  /** The loss where it is NaN or infinite; else null. */
  readonly loss: number | null;
}

/** A loss, a weight, a running statistic or a moment has become NaN or infinite. The last checkpoint is of before. */
export class Diverged extends KindlingError {
  override name = 'Diverged';
  /** In words, as the message has it. */
  readonly what: string;
  readonly at: Divergence;

  constructor(what: string, at: Divergence) {
    super(`trainModel: ${what}`);
    this.what = what;
    this.at = at;
  }
}

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
    const tensor = await firstNonfinite(...this.#watched);
    if (!tensor) {
      this.#good = Math.max(this.#good, step);
      return;
    }
    const since = this.#good + 1;
    const when = since < step ? `in one of the steps ${since} to ${step}` : `in step ${step}`;
    throw new Diverged(`${when} ${tensor} became NaN or infinite${FIRST}`, { step, since, tensor, loss: null });
  }

  /** Looks at the loss of the `step`-th step. */
  async loss(step: number, loss: number): Promise<void> {
    if (Number.isFinite(loss)) return;
    const tensor = await firstNonfinite(...this.#watched);
    const where = tensor ? `, and ${tensor} NaN or infinite${FIRST}` : ', though all weights are finite';
    throw new Diverged(`the loss of step ${step} is ${loss}${where}`, { step, since: this.#good + 1, tensor, loss });
  }
}
