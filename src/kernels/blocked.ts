/**
 * Long sums, blocked. In a loop that adds every term to one variable, rounding errors grow with the number of terms: of 2²²
 * equal ones the sum may be off by a tenth. So the terms of {@link BLOCK} turns are added up apart, then their sums, BLOCK
 * at a time, and so on. Of n terms of one sign the sum is off by less than 2e-7 log2 n of itself, for no more additions a
 * term. (Compensated sums would do as well, but a compiler may take their corrections for zero.)
 */

import { range } from './range.js';

/** Turns of a loop that add to one variable. */
const BLOCK = 32;

/** The name that a variable has at some level of blocks. */
export type Level = (name: string) => string;

export interface Blocked {
  /** What a walk gathers: names of variables, and where they start. */
  readonly state: Readonly<Record<string, string>>;
  /** So many turns at most. */
  readonly turns: number;
  /** WGSL below which `k`, a variable that is there, stays. Default: `turns`. */
  readonly end?: string;
  /** By how much `k` grows in a turn, as WGSL. Default: 1. */
  readonly step?: string;
  /** WGSL of a turn, which adds to the innermost of the `levels`. What was gathered so far is the sum over all of them. */
  readonly turn: (inner: Level, levels: readonly Level[]) => string;
  /** WGSL that adds a block to those before it. Default: every variable is a sum. */
  readonly join?: ((outer: Level, inner: Level) => string) | undefined;
}

/** The name of a variable at level n of blocks, of which 0 is the outermost. */
const levelOf =
  (n: number): Level =>
  (name) =>
    n === 0 ? name : `${name}${n}`;

/** WGSL of a walk, which leaves what it gathered in the variables of `state`. */
export function blocked({ state, turns, end = `${turns}u`, step = '1u', turn, join }: Blocked): string {
  const each = (line: (name: string, start: string) => string): string =>
    Object.entries(state)
      .map((variable) => line(...variable))
      .join(' ');
  const starts = (level: Level): string => each((name, start) => `var ${level(name)} = ${start};`);
  const add = (outer: Level, inner: Level): string => each((name) => `${outer(name)} += ${inner(name)};`);
  const limit = (n: number): string => (n === 0 ? end : `stop${n}`);
  let n = 0;
  while (BLOCK ** (n + 1) < turns) n += 1;
  let text = `for (; k < ${limit(n)}; k += ${step}) { ${turn(levelOf(n), range(n + 1).map(levelOf))} }`;
  for (let block = BLOCK; n > 0; block *= BLOCK) {
    const inner = levelOf(n);
    const stop = limit(n);
    n -= 1;
    text = `while (k < ${limit(n)}) {
    let ${stop} = min(k + ${block}u * ${step}, ${limit(n)});
    ${starts(inner)}
    ${text}
    ${(join ?? add)(levelOf(n), inner)}
  }`;
  }
  return `${starts(levelOf(0))}\n  ${text}`;
}
