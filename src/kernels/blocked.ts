/**
 * Long sums, blocked. In a loop that adds every term to one variable, rounding errors grow with the number of terms: of 2²²
 * equal ones the sum may be off by a tenth. So the terms of {@link BLOCK} turns are added up apart, then their sums, BLOCK
 * at a time, and so on. Of n terms of one sign the sum is off by less than 2e-7 log2 n of itself, for no more additions a
 * term. (Compensated sums would do as well, but a compiler may take their corrections for zero.)
 */

/** Turns of a loop that add to one variable. */
const BLOCK = 32;

/** The name that a variable has at some level of blocks. */
export type Level = (name: string) => string;

export interface Blocked {
  /** What a walk gathers: names of variables, and where they start. */
  readonly state: Readonly<Record<string, string>>;
  /** WGSL below which `k`, a variable that is there, stays. */
  readonly end: string;
  /** By how much `k` grows in a turn, as WGSL. */
  readonly step: string;
  /** So many turns at most. */
  readonly turns: number;
  /** WGSL of a turn, which adds to the innermost of the `levels`. What was gathered so far is the sum over all of them. */
  readonly turn: (inner: Level, levels: readonly Level[]) => string;
  /** WGSL that adds a block to those before it. Default: every variable is a sum. */
  readonly join?: (outer: Level, inner: Level) => string;
}

/** WGSL of a walk, which leaves what it gathered in the variables of `state`. */
export function blocked({ state, end, step, turns, turn, join }: Blocked): string {
  const names = Object.keys(state);
  const add = (outer: Level, inner: Level): string =>
    names.map((name) => `${outer(name)} += ${inner(name)};`).join(' ');
  let depth = 1;
  while (BLOCK ** depth < turns) depth += 1;
  const levels = Array.from(
    { length: depth },
    (_, n): Level =>
      (name) =>
        n === 0 ? name : `${name}${n}`,
  );
  const starts = (level: Level): string =>
    Object.entries(state)
      .map(([name, start]) => `var ${level(name)} = ${start};`)
      .join(' ');
  const limit = (n: number): string => (n === 0 ? end : `stop${n}`);
  const [inner, ...outer] = [...levels].reverse() as [Level, ...Level[]];
  let text = `for (; k < ${limit(depth - 1)}; k += ${step}) { ${turn(inner, levels)} }`;
  let within = inner;
  outer.forEach((level, up) => {
    const n = depth - 1 - up;
    text = `while (k < ${limit(n - 1)}) {
    let stop${n} = min(k + ${BLOCK ** (up + 1)}u * ${step}, ${limit(n - 1)});
    ${starts(within)}
    ${text}
    ${(join ?? add)(level, within)}
  }`;
    within = level;
  });
  return `${starts(within)}\n  ${text}`;
}
