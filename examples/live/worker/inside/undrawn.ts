/** Random numbers that nobody misses: the library's stand where they stood before. */
import { type RandomState, randomState, setRandomState } from 'kindling';

/** Runs `body` with random numbers from `state` on. */
export function drawing<T>(state: RandomState, body: () => T): T {
  const before = randomState();
  setRandomState(state);
  try {
    return body();
  } finally {
    setRandomState(before);
  }
}
