/** Random numbers of one training loop among several in a process. */
import { type RandomState, randomState, setRandomState } from 'kindling';

/**
 * Lets a loop draw its own random numbers, as if no other drew between its steps: they begin where the library's stand when
 * this is made, and go on from call to call. The library's own stay where they were.
 */
export class OwnRandom {
  #state: RandomState = randomState();

  run<T>(body: () => T): T {
    const others = this.#enter();
    try {
      return body();
    } finally {
      this.#leave(others);
    }
  }

  /** As `run`, for what waits in between: the loops of a process take turns. */
  inTurn<T>(body: () => T | Promise<T>): Promise<T> {
    const result = turn.then(async () => {
      const others = this.#enter();
      try {
        return await body();
      } finally {
        this.#leave(others);
      }
    });
    turn = result.catch(() => {});
    return result;
  }

  #enter(): RandomState {
    const others = randomState();
    setRandomState(this.#state);
    return others;
  }

  #leave(others: RandomState): void {
    this.#state = randomState();
    setRandomState(others);
  }
}

let turn: Promise<unknown> = Promise.resolve();
