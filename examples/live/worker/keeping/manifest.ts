/** What the folder of a kept study holds: one file names all others, and is written last. */

import type { Made } from '../../shared/keeping.js';
import { pack, unpack } from '../../shared/pack.js';
import type { Plan } from '../../shared/plan.js';
import type { Files } from './files.js';

export const MANIFEST = 'study';

export interface Checkpoint extends Made {
  readonly file: string;
}

export interface KeptRun {
  /** What was told of it, up to its last checkpoint or its end. */
  readonly told: string;
  readonly checkpoints: readonly Checkpoint[];
}

export interface Manifest {
  readonly plan: Plan;
  /** The file with the test pictures. */
  readonly pictures: string | null;
  readonly runs: readonly KeptRun[];
}

/** @throws Error where the file is not what was written */
export async function readPacked(files: Files, name: string): Promise<unknown> {
  const bytes = await files.read(name);
  if (!bytes) throw new Error('it is missing');
  return unpack(bytes);
}

export const writePacked = async (files: Files, name: string, value: unknown): Promise<void> =>
  files.write(name, await pack(value));

const namedBy = ({ pictures, runs }: Manifest): Set<string> =>
  new Set([
    MANIFEST,
    ...(pictures ? [pictures] : []),
    ...runs.flatMap(({ told, checkpoints }) => [told, ...checkpoints.map(({ file }) => file)]),
  ]);

/** Removes what a manifest does not name; all where there is none. @returns the bytes that stay */
export async function sweep(files: Files, manifest: Manifest | null): Promise<number> {
  const named = manifest ? namedBy(manifest) : new Set<string>();
  let bytes = 0;
  for (const [name, size] of await files.list()) {
    if (named.has(name)) bytes += size;
    else await files.remove(name);
  }
  return bytes;
}

/** Checkpoints at ends of epochs that are kept of a run. */
const MOST = 12;

/** Which stay: the last, and those at ends of epochs; of too many, every second from the last backwards. */
export function thinned(checkpoints: readonly Checkpoint[], stepsPerEpoch: number): Checkpoint[] {
  const last = checkpoints.at(-1);
  let ends = checkpoints.filter((one) => one !== last && one.steps % stepsPerEpoch === 0);
  // An end of an epoch may be there twice, before its evaluation and behind it.
  ends = ends.filter(({ steps }, i) => steps !== (ends[i + 1] ?? last)?.steps);
  while (ends.length > MOST) ends = ends.filter((_, i) => (ends.length - i) % 2 === 1);
  return last ? [...ends, last] : ends;
}
