/** What decides a run's bits on one adapter, and the name that follows from it. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunConfig } from '../train.js';

/** JSON in which equal values are equal text: the names of objects are in order. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

export const digestOf = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex');

/** Everything beside its configuration that a run's bits come from, but for the adapter. */
export interface Makings {
  /** Digest of the library's sources and of the study's own that train. */
  readonly sources: string;
  /** Digest of the tuner's choices in force. */
  readonly kernels: string;
  readonly host: 'node' | 'browser';
}

/** @param from the id of the run whose weights it goes on from */
export const runId = (config: RunConfig, makings: Makings, from: string | null): string =>
  digestOf({ config, ...pickMakings(makings), from });

const pickMakings = ({ sources, kernels, host }: Makings): Makings => ({ sources, kernels, host });

const root = join(import.meta.dirname, '../../..');
/** The study's own files that decide numbers. What they read of the data has a digest of its own. */
const TRAINING = ['train', 'network', 'kernels'].map((name) => `examples/cifar/${name}.ts`);

/** A digest of the sources that this process runs. */
export async function sourcesDigest(): Promise<string> {
  const found = await readdir(join(root, 'src'), { recursive: true });
  const library = found.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const names = [...library.map((name) => `src/${name.replaceAll('\\', '/')}`), ...TRAINING].sort();
  const hash = createHash('sha256');
  for (const name of names) hash.update(`${name}\n`).update(await readFile(join(root, name)));
  return hash.digest('hex');
}

/** The commit that is checked out, where git is there and knows. */
export function commitHere(): string | undefined {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return undefined;
  }
}
