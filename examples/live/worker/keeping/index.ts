/** Loaded by itself, once the worker runs: whoever trains at once does not wait for it. */
import type { News } from '../../shared/protocol.js';
import { Keeper } from './keeper.js';

export type { Found, Keeper } from './keeper.js';

/** A keeper that has told what it found. */
export async function openKeeper(tell: (news: News) => void): Promise<Keeper> {
  const keeper = new Keeper(tell);
  await keeper.open();
  return keeper;
}
