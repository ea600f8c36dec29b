/** How an example ends: with a verdict, an exit code and everything it has said with its reader. */

/** What was to be reached. */
export interface Target {
  /** As in `test accuracy`. */
  readonly what: string;
  readonly reached: number;
  readonly target: number;
  /** Whether less is better, as of a loss. Default: more is. */
  readonly atMost?: boolean;
  /** How to write the numbers. Default: with three decimals. */
  readonly format?: (value: number) => string;
}

/** As in `98.76 %`. */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** Says what was reached. @returns the exit code: 1 where the target is missed */
export function verdict({ what, reached, target, atMost = false, format = (x) => x.toFixed(3) }: Target, prefix = '') {
  const met = atMost ? reached <= target : reached >= target;
  const wanted = `${atMost ? 'at most' : 'at least'} ${format(target)}`;
  if (met) console.log(`${prefix}${what} ${format(reached)}, wanted ${wanted}: REACHED`);
  else console.error(`\n${prefix}${what} ${format(reached)}, wanted ${wanted}: MISSED\n`);
  return met ? 0 : 1;
}

/** Runs a program to its exit code; an error is its message and 1. */
export async function program(main: (argv: readonly string[]) => Promise<number>): Promise<never> {
  let code = 1;
  try {
    code = await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  }
  // On a pipe `process.exit` would cut what was written.
  for (const stream of [process.stdout, process.stderr]) await new Promise((done) => stream.write('', done));
  process.exit(code);
}
