/** Where an op with candidates, kernels that give the same results up to rounding, asks which to run. */
import type { Abilities, ProductSize } from '../kernels/gemm/candidates.js';

/** What may be tried: a list of `src/tune/lists.ts`, so that programs that do not tune carry none, or one's own. */
export type CandidateList = 'flat' | 'rows' | 'reduce' | ProductList | (() => readonly object[]);

/** What of a convolution is computed. */
export type Part = 'forward' | 'inputGrad' | 'weightGrad';

/** The ways to compute a product of this size, or a part of a convolution, whose shape the spec has. */
export interface ProductList {
  readonly size: ProductSize | Part;
  readonly abilities: Abilities;
  /** Whether another way is the default; undefined where there is none. */
  readonly otherWay: boolean | undefined;
}

/** Who knows what is fastest here: the tuner, in programs that ask for it. */
export type Chooser = <Result>(
  family: string,
  shape: object,
  list: CandidateList,
  run: (candidate?: object) => Result,
) => Result;

let chooser: Chooser | null = null;

export function setChooser(choose: Chooser | null): void {
  chooser = choose;
}

/**
 * Runs an op with the candidate that was found fastest here, else with its default.
 *
 * @param family the kernels' name
 * @param shape everything but the candidate that decides what is launched: plain JSON
 * @param list what may be tried: plain JSON, the same results up to rounding
 * @param run launches the op with a candidate, or by default, and returns what it made
 */
export const tuned = <Candidate extends object, Result>(
  family: string,
  shape: object,
  list: CandidateList,
  run: (candidate?: Candidate) => Result,
): Result => (chooser ? chooser(family, shape, list, (candidate) => run(candidate as Candidate | undefined)) : run());
