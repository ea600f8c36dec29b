/** What a run leaves: one file that says what it was made from, how it ended, and with which weights. */
import { isObject, isRun } from '../form.js';
import type { Plan } from '../options.js';
import type { RunResult, StudyResults } from '../results.js';
import type { Scenario } from '../scenarios.js';
import { canonical, digestOf, type Makings, runId } from './identity.js';

/** The head of `results.json`: where and with what a run was made. */
export type Circumstances = Omit<StudyResults, 'runs' | 'diverged'>;

/** How a run ended. */
export type Ending =
  /** Bytes are base64. */
  | { readonly result: RunResult; readonly weights: string; readonly predictions: string }
  | { readonly diverged: string };

export interface RunRecord {
  readonly format: 1;
  readonly id: string;
  readonly scenario: Scenario;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Digest of the images. */
  readonly data: string;
  readonly makings: Makings;
  /** The id of the run whose weights it went on from. */
  readonly from: string | null;
  readonly made: Circumstances;
  readonly ending: Ending;
}

/** Text of a record, with a digest of all that is in it. */
export const recordText = (record: RunRecord): string =>
  `${JSON.stringify({ digest: digestOf(record), ...record }, null, 1)}\n`;

/** @throws Error naming `path` where the text is not a record as it was written */
export function readRecord(text: string, path: string): RunRecord {
  const refuse = (what: string): never => {
    throw new Error(`${path} is damaged: ${what}. Put back a whole copy of it, or remove it and make the run again`);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('it holds no JSON');
  }
  if (!isObject(value)) return refuse('it holds no record');
  const { digest, ...content } = value;
  if (content.format !== 1) {
    throw new Error(`${path} is no record of a run that this version reads: its format is ${String(content.format)}`);
  }
  if (digest !== digestOf(content)) return refuse('its content is not what was written');
  const record = content as unknown as RunRecord;
  const { scenario, seed, epochs, batchSize, data, makings, from, ending, made } = record;
  const whole = [scenario, makings, ending, made].every(isObject);
  if (!whole || !('diverged' in ending || isRun(ending.result))) return refuse('it does not have the form of a record');
  if (record.id !== runId({ scenario, seed, epochs, batchSize, data }, makings, from)) {
    return refuse('its id is not that of what it was made from');
  }
  return record;
}

/** What two records of one run have in common on one adapter: all but times and circumstances. */
export function outcomeOf({ ending }: RunRecord): string {
  if ('diverged' in ending) return canonical(ending);
  return canonical({ ...ending, result: { ...ending.result, seconds: 0 } });
}

/** A study that is made in parts: `study.json` of each folder with some of its runs. */
export interface GridStudy {
  readonly format: 1;
  readonly plan: Plan;
  readonly host: 'node' | 'browser';
  /** Digests of the images and of the sources. */
  readonly data: string;
  readonly sources: string;
  /** The `--data` that gives the images, where the folder was begun. */
  readonly location: string;
  /** The commit of the sources, where git knows it. */
  readonly commit?: string;
}

/** In what two folders are not of one study, in words; empty where they are. */
export function differences(a: GridStudy, b: GridStudy): string[] {
  const said: string[] = [];
  for (const name of ['host', 'data', 'sources'] as const) {
    if (a[name] !== b[name]) said.push(`${WORDS[name]} (${a[name].slice(0, 12)}, ${b[name].slice(0, 12)})`);
  }
  for (const name of Object.keys({ ...a.plan, ...b.plan }) as (keyof Plan)[]) {
    // How sizes were asked for decides nothing.
    if (name === 'preset' || canonical(a.plan[name]) === canonical(b.plan[name])) continue;
    said.push(name === 'scenarios' ? 'scenarios' : `${name} (${a.plan[name]}, ${b.plan[name]})`);
  }
  return said;
}

const WORDS = { host: 'hosts', data: 'images', sources: 'sources of the library or of the training' };

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
