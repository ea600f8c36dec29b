/** Random numbers of one run among several in a process. */
import { type RandomState, randomState, setRandomState } from '../tensor/random.js';
import type { Loader } from './options.js';

/**
 * Lets a run draw as if nobody else drew between its steps: its numbers begin where the library's stand when this is made.
 * What is drawn elsewhere meanwhile comes from the library's own.
 */
export class OwnRandom {
  /** Where its numbers stand. */
  state: RandomState = randomState();

  /** Draws of `body`, up to the first thing that it awaits, are the run's. */
  run<T>(body: () => T): T {
    const others = randomState();
    setRandomState(this.state);
    try {
      return body();
    } finally {
      this.state = randomState();
      setRandomState(others);
    }
  }

  /** The batches of `loader`. What it draws when it is asked for one is the run's too. */
  async *batches<Batch>(loader: Loader<Batch>): AsyncGenerator<Batch> {
    const batches = this.run(() =>
      Symbol.asyncIterator in loader ? loader[Symbol.asyncIterator]() : loader[Symbol.iterator](),
    );
    try {
      for (;;) {
        const next = await this.run(() => batches.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await batches.return?.();
    }
  }

  /** Lets the library go on behind the run, so that what follows does not draw the same again, unless it was seeded anew. */
  end(): void {
    const { seed, step, created } = randomState();
    const own = this.state;
    if (own.seed !== seed) return;
    setRandomState({ seed, step: Math.max(step, own.step), created: Math.max(created, own.created) });
  }
}
