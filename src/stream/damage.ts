/**
 * Errors belong to the work that caused them. Where a command fails, what it should have written is damaged: whoever reads
 * that gets the error, and so does whoever reads what later commands made of it. Everything else goes on. Memory is whole
 * again when it is written anew from memory that is.
 */
import { KindlingError } from '../gpu/errors.js';
import { anyFailed, blame, somethingFailed } from '../gpu/failures.js';
import type { Memory } from '../memory/memory.js';
import { meet } from '../memory/overwrites.js';
import { type Command, type Encoded, isPlanned, writtenBy } from './commands.js';

/** Why the content of `memory` cannot be relied on; null where it can. */
const damageOf = (memory: Memory): KindlingError | null =>
  memory.root.damage?.find((one) => meet(one, memory))?.error ?? null;

function spoil(memory: Memory, error: KindlingError): void {
  const { root, start, end } = memory;
  heal(memory);
  root.damage = [...(root.damage ?? []), { start, end, error }];
  somethingFailed();
}

/** The host wrote to `memory`, unless it has no buffer; `whole`: all of it. */
export function hostWrote(memory: Memory, failure: KindlingError | null, whole: boolean): void {
  if (failure) spoil(memory, blame(failure));
  else if (whole) heal(memory);
}

/** The content was written anew, all of it. */
function heal(memory: Memory): void {
  const { root, start, end } = memory;
  const rest = root.damage?.flatMap((one) =>
    [
      { ...one, end: Math.min(one.end, start) },
      { ...one, start: Math.max(one.start, end) },
    ].filter((part) => part.start < part.end),
  );
  root.damage = rest?.length ? rest : null;
}

/** What keeps a planned command from running: its shader does not compile, or a buffer of it could not be made. */
function obstacle(command: Encoded): KindlingError | null {
  const needed =
    'pipeline' in command
      ? [command.pipeline, ...command.bound.map(({ buffer }) => buffer)]
      : [command.from, command.to];
  return needed.find(({ failure }) => failure)?.failure ?? null;
}

/** Marks what a command writes by what it reads, or else by the failure of the command itself. */
function follow(command: Command, failure: () => KindlingError | null): void {
  if (isPlanned(command)) return;
  if ('kernel' in command && command.parts) {
    for (const part of command.parts) follow(part, failure);
    return;
  }
  // What a kernel writes in place depends on what was there.
  const read =
    'kernel' in command
      ? command.memories.filter((memory, i) => command.kernel.access[i] === 'read' || !command.fresh.includes(memory))
      : [command.from];
  const error = read.map(damageOf).find((found) => found) ?? failure();
  if ('staging' in command) command.failure ??= error;
  for (const memory of writtenBy(command)) {
    if (error) spoil(memory, error);
    else heal(memory);
  }
}

/**
 * Marks what planned commands will leave damaged, and returns those that can run.
 *
 * @returns the same commands where nothing is wrong
 */
export function runnable(commands: readonly Encoded[]): readonly Encoded[] {
  if (!anyFailed()) return commands;
  const kept = commands.filter((command) => {
    const cause = obstacle(command);
    follow(command.command, () => {
      if (!cause) return null;
      const outOfMemory = 'kernel' in command && !command.pipeline.failure;
      return blame(outOfMemory ? new KindlingError(`${command.kernel.name}: ${cause.message}`, { cause }) : cause);
    });
    return !cause;
  });
  return kept.length < commands.length ? kept : commands;
}

/** Marks what a batch that did not run should have written, and what the batches submitted since have made of it. */
export function batchFailed(
  commands: readonly Command[],
  since: readonly (readonly Encoded[])[],
  error: KindlingError,
): void {
  blame(error);
  for (const command of commands.flatMap(recordedAs)) follow(command, () => error);
  for (const command of since.flat().flatMap(recordedAs)) follow(command, () => null);
}

const recordedAs = (command: Command | Encoded): readonly Command[] =>
  Array.isArray(command) ? command.flatMap(recordedAs) : 'command' in command ? [command.command] : [command];
