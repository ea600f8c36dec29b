/** Tortures one reader, in a process of its own: started by `damage.ts`, which ends it where a file keeps it busy for ever. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { KindlingError } from 'kindling';
import { cifarReader, gzipReader, idxReader, tarReader } from './containers.js';
import { type Case, cases, damaged } from './mutations.js';
import { jpegReader, pngReader } from './pictures.js';
import { type Reader, Wrong, want } from './reader.js';
import {
  checkpointReader,
  choicesReader,
  resultsReader,
  safetensorsReader,
  settingsReader,
  stateReader,
} from './runs.js';

/** By the name that `--only` takes; `folder` is for files. */
export const READERS: Readonly<Record<string, (folder: string) => Reader | Promise<Reader>>> = {
  checkpoint: checkpointReader,
  state: stateReader('load'),
  progress: stateReader('resume'),
  safetensors: safetensorsReader,
  tar: tarReader,
  gzip: gzipReader,
  idx: idxReader,
  cifar: cifarReader,
  png: pngReader,
  jpeg: jpegReader,
  settings: settingsReader,
  results: resultsReader,
  choices: choicesReader,
};

/** Bounds of a refusal. */
const SECONDS = 1;
const MEMORY = 64 * 2 ** 20;

/** What a reader did with its files. */
export interface Outcome {
  readonly runs: number;
  readonly refused: number;
  readonly accepted: number;
  /** The most of a refusal: processor time, and memory above what the process had. */
  readonly milliseconds: number;
  readonly bytes: number;
  /** The smallest case that fails, and why. */
  readonly failure?: { readonly what: string; readonly seed: number; readonly path: string; readonly hex: string };
}

/** The most memory that the process has had since this was called last, of Linux; elsewhere what it has now. */
function peak(): number {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
    writeFileSync('/proc/self/clear_refs', '5');
    return 1024 * Number(kilobytes);
  } catch {
    return process.memoryUsage.rss();
  }
}

async function main([name = '', folder = '', seed = '0', runs = '1', path = '']: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const reader = await (READERS[name] as (folder: string) => Reader | Promise<Reader>)(folder);
  for (const [i, file] of reader.files.entries()) {
    if (i < reader.files.length - (reader.bad ?? 0)) await reader.read(file, 3);
    await reader.restore?.();
  }
  const isRefusal = reader.refusal ?? ((error: unknown) => error instanceof KindlingError);
  let [total, refused, accepted, milliseconds, bytes] = [0, 0, 0, 0, 0];

  async function attempt(drawn: Case): Promise<void> {
    const good = reader.files[drawn.file] as Uint8Array;
    let file = damaged(good, drawn.mutations);
    if (drawn.repaired && reader.repair) file = reader.repair(file);
    // What a process that hangs was at, for its parent.
    writeFileSync(join(folder, 'last.hex'), Buffer.from(file).toString('hex'));
    const same = Buffer.compare(file, good) === 0;
    peak();
    const before = process.memoryUsage();
    const begun = process.cpuUsage();
    let error: unknown;
    try {
      await reader.read(file, 1 + (drawn.mutations.length % 3) * 7);
    } catch (thrown) {
      error = thrown;
    }
    const { user, system } = process.cpuUsage(begun);
    const after = process.memoryUsage();
    total++;
    if (error === undefined) {
      want(!reader.sealed || same, 'it was changed, and taken');
      accepted++;
      await reader.restore?.();
      return;
    }
    if (error instanceof Wrong) throw error;
    want(isRefusal(error), `no refusal, but ${error instanceof Error ? error.stack : String(error)}`);
    refused++;
    const spent = (user + system) / 1000;
    const took = Math.max(peak() - before.rss, after.arrayBuffers - before.arrayBuffers);
    milliseconds = Math.max(milliseconds, spent);
    bytes = Math.max(bytes, took);
    want(
      spent <= 1000 * SECONDS,
      `refused after ${spent.toFixed(0)} ms of processor time: ${(error as Error).message}`,
    );
    want(
      took <= 4 * file.length + MEMORY,
      `refused with ${(took / 2 ** 20).toFixed(0)} MB: ${(error as Error).message}`,
    );
    await reader.unchanged?.();
  }

  const details = await fc.check(
    fc.asyncProperty(cases(reader.files.length), attempt).beforeEach(() => reader.restore?.()),
    { seed: Number(seed), numRuns: Number(runs), ...(path === '' ? {} : { path }) },
  );
  let failure: Outcome['failure'];
  if (details.failed) {
    const [drawn] = details.counterexample ?? [];
    const file = drawn ? damaged(reader.files[drawn.file] as Uint8Array, drawn.mutations) : new Uint8Array();
    const repaired = drawn?.repaired && reader.repair ? reader.repair(file) : file;
    failure = {
      what: `${String((details.errorInstance as Error)?.message)}\n${JSON.stringify(drawn, (_, one) => (typeof one === 'bigint' ? Number(one) : one))}`,
      seed: details.seed,
      path: details.counterexamplePath ?? '',
      hex: Buffer.from(repaired).toString('hex'),
    };
  }
  const outcome: Outcome = { runs: total, refused, accepted, milliseconds, bytes, ...(failure && { failure }) };
  writeFileSync(join(folder, 'outcome.json'), JSON.stringify(outcome));
  process.exit(0);
}

if (process.argv[1]?.endsWith('child.ts')) await main(process.argv.slice(2));
