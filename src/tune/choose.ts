/** How an op's candidate is chosen: the one that is stored or pinned, or, while a step is looked through, the default. */

import type { CandidateList } from '../choose/tuned.js';
import { refuse } from '../gpu/errors.js';
import type { Choice } from '../gpu/hosts/choice.js';
import { isOfHalves } from '../kernels/half.js';
import type { Kernel } from '../kernels/kernel.js';
import { watching } from '../tensor/launch.js';
import { anyChoice, choiceOf, forgetChoice, isPinned } from './choices.js';
import { listed, standardOf } from './lists.js';

/** One place where a candidate is run. */
export interface Site {
  readonly key: string;
  readonly family: string;
  candidates(): readonly object[];
  /** What stands for the default in what is stored, if anything does. */
  readonly standard: object | null;
  /** Runs the op on its tensors with a candidate, or with what the op takes by itself. */
  run(candidate?: object): unknown;
}

let collector: ((site: Site) => void) | null = null;

/** Runs `body` and shows every site to `collect`, which runs it. */
export function collecting<T>(collect: (site: Site) => void, body: () => T): T {
  collector = collect;
  try {
    return body();
  } finally {
    collector = null;
  }
}

/** The candidates in force, found once for each choice. */
const known = new WeakMap<Choice, object>();

/** What `tuned` asks. */
export function choose<Result>(
  family: string,
  shape: object,
  list: CandidateList,
  run: (candidate?: object) => Result,
): Result {
  if (!collector && !anyChoice()) return run();
  const key = `${family} ${JSON.stringify(shape)}`;
  const candidates = () => listed(list, shape);
  if (collector) {
    let result: Result | undefined;
    const standard = standardOf(list, shape);
    collector({ key, family, candidates, standard, run: (candidate) => (result = run(candidate)) });
    return result as Result;
  }
  const entry = choiceOf(key);
  if (!entry?.choice) return run();
  const found = known.get(entry);
  if (found) return run(found);
  const wanted = JSON.stringify(entry.choice);
  const candidate = candidates().find((one) => JSON.stringify(one) === wanted);
  if (!candidate && isPinned()) {
    refuse(`${key}: pinned to ${wanted}, which is no candidate in this version on this adapter`);
  }
  if (candidate) {
    const kernels: Kernel[] = [];
    const result = watching(
      // Choices are for kernels of f32, whatever autocast makes of them.
      (kernel) => void (isOfHalves(kernel) || kernels.push(kernel)),
      () => run(candidate),
    );
    // One that was measured with other kernels is right all the same, but perhaps not fastest: once, and never again.
    if (isPinned() || entry.hash === hashOf(kernels)) known.set(entry, candidate);
    else forgetChoice(key);
    return result;
  }
  forgetChoice(key);
  return run();
}

/** A hash of everything that kernels are: 53 bits. */
export function hashOf(kernels: readonly Kernel[]): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  const text = JSON.stringify(kernels);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}
