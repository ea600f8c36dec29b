/** What the lines of elementwise.ts and elementwisePairs.ts call. */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { UNARY } from './elementwise.js';
import { PAIRS } from './elementwisePairs.js';

/** Functions of records that fit no line, for what they want of their inputs' shapes: tested by cases of their own. */
export const OWN: readonly string[] = ['prelu'];

type Call = (...inputs: (k.Tensor | number)[]) => k.Tensor;
const FUNCTIONS = { ...k, ...F } as unknown as Readonly<Record<string, (...given: unknown[]) => k.Tensor>>;

/** The function that a line is of. */
export const functionOf = (line: string): string => line.split(' ')[0] ?? '';

/** What a line calls, of one tensor or of two. */
export function callOf(line: string): Call {
  const made = FUNCTIONS[functionOf(line)];
  if (!made) throw new Error(`test/support has a line ${line}, and kindling no such function`);
  const given = UNARY[line]?.given ?? [];
  return (...inputs) => made(...inputs, ...(inputs.length === 1 ? given : []));
}

/** Names of functions of one tensor, each with what its first line gives it, and names of those of two. */
export const unaryNames: ReadonlyMap<string, readonly unknown[]> = new Map(
  Object.entries(UNARY)
    .filter(([line]) => !(functionOf(line) in PAIRS))
    .map(([line, { given = [] }]) => [functionOf(line), given] as const)
    .reverse(),
);
export const pairNames: readonly string[] = Object.keys(PAIRS);
