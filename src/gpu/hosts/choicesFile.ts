/**
 * Choices of the tuner in Node: a file of lines of JSON, the last one of a key counting. Lines are only ever appended, a
 * tuner's in one write: processes do not overwrite what others stored, and a write that was cut short spoils its own line.
 */
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder } from './cacheFolder.js';
import { type Choice, type Choices, isChoice } from './choice.js';

/** `0`: stored choices are ignored; `1`: programs tune before they train. */
export const tuneMode = (): string | undefined => process.env.KINDLING_TUNE;

/** `gpu`: kernels are chosen as on a GPU, on software adapters too. */
export const assumed = (): string | undefined => process.env.KINDLING_ASSUME;

/** Where choices are stored, for people. */
export const choicesPlace = (): string => join(cacheFolder(), 'tuning.jsonl');

export async function loadChoices(adapter: string): Promise<Choices> {
  const path = choicesPlace();
  const found: Choice[] = [];
  let broken = 0;
  try {
    for (const line of (await readFile(path, 'utf8')).split('\n')) {
      if (line === '') continue;
      const value = parsed(line);
      if (!isChoice(value)) broken++;
      else if ('adapter' in value && value.adapter === adapter) found.push(value);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { found, notes: [] };
    return { found, notes: [`tuned choices are ignored: ${String(error)}`] };
  }
  return { found, notes: broken > 0 ? [`${path}: ${broken} lines are no tuned choices and are ignored`] : [] };
}

export async function saveChoices(adapter: string, choices: readonly Choice[]): Promise<void> {
  const path = choicesPlace();
  await mkdir(dirname(path), { recursive: true });
  const lines = choices.map(({ key, choice, hash }) => `${JSON.stringify({ adapter, key, choice, hash })}\n`);
  // The first line break ends a line that somebody was interrupted in.
  const file = await open(path, 'a');
  try {
    await file.appendFile(`\n${lines.join('')}`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Forgets the choices of all adapters. */
export const clearChoices = (): Promise<void> => rm(choicesPlace(), { force: true });

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
