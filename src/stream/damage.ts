/**
 * Errors belong to the work that caused them. Where a command fails, what it should have written is damaged: whoever reads
 * that gets the error, and so does whoever reads what later commands made of it. Everything else goes on. Memory is whole
 * again when it is written anew from memory that is.
 */
import { KindlingError } from '../gpu/errors.js';
import { anyFailed, blame, somethingFailed } from '../gpu/failures.js';
import type { Memory } from '../memory/memory.js';
import type { Command, Encoded } from './plan.js';

/** Ranges of one buffer begin at multiples of this, so the gap up to the next one belongs to the range before. */
const ALIGNMENT = 256;

function placeOf({ home, bytes }: Memory): { readonly from: number; readonly to: number } {
  const from = home?.offset ?? 0;
  return { from, to: from + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT };
}

/** Why the content of `memory` cannot be relied on; null where it can. */
function damageOf(memory: Memory): KindlingError | null {
  const { damage } = memory.root;
  if (!damage) return null;
  const { from, to } = placeOf(memory);
  return damage.find((one) => one.from < to && from < one.to)?.error ?? null;
}

function spoil(memory: Memory, error: KindlingError): void {
  const { root } = memory;
  heal(memory);
  root.damage = [...(root.damage ?? []), { ...placeOf(memory), error }];
  somethingFailed();
}

/** The host wrote to `memory`, unless it has no buffer; `whole`: all of it. */
export function hostWrote(memory: Memory, failure: KindlingError | null, whole: boolean): void {
  if (failure) spoil(memory, blame(failure));
  else if (whole) heal(memory);
}

/** The content was written anew, all of it. */
function heal(memory: Memory): void {
  const { root } = memory;
  if (!root.damage) return;
  const { from, to } = placeOf(memory);
  const rest = root.damage.flatMap((one) => {
    if (one.to <= from || to <= one.from) return one;
    const before = one.from < from ? [{ ...one, to: from }] : [];
    return one.to > to ? [...before, { ...one, from: to }] : before;
  });
  root.damage = rest.length > 0 ? rest : null;
}

/** What keeps a planned command from running: its shader does not compile, or a buffer of it could not be made. */
function obstacle(command: Encoded): KindlingError | null {
  if ('pipeline' in command) {
    return command.pipeline.failure ?? command.bound.find(({ buffer }) => buffer.failure)?.buffer.failure ?? null;
  }
  return command.from.failure ?? command.to.failure;
}

/** Marks what a command writes by what it reads, or else by the failure of the command itself. */
function follow(command: Command, failure: () => KindlingError | null): void {
  if ('staging' in command) command.failure ??= damageOf(command.from) ?? failure();
  else if ('to' in command) mark([command.to], damageOf(command.from) ?? failure());
  else if ('kernel' in command) {
    const { kernel, memories, fresh } = command;
    // What a kernel writes in place depends on what was there.
    const read = memories.filter((memory, i) => kernel.access[i] === 'read' || !fresh.includes(memory));
    const written = memories.filter((_, i) => kernel.access[i] === 'write');
    mark(written, read.map(damageOf).find((error) => error) ?? failure());
  }
}

function mark(written: readonly Memory[], error: KindlingError | null): void {
  for (const memory of written) {
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
