/** Where runs happen: in this process, or in Chromium. Both hosts train with the same `trainRun`. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Adapter, init } from 'kindling';
import type { LogRecord } from 'kindling/log';
import { runPage } from '../../scripts/page.js';
import { endWithProcess } from '../../scripts/watchdog.js';
import { prepare } from './kernels.js';
import { runLog } from './log.js';
import type { EpochRecord, RunResult } from './results.js';
import { type RunConfig, type RunData, type RunEvents, type RunOutcome, type StepEvent, trainRun } from './train.js';

/** One run to do. */
export interface Job {
  readonly config: RunConfig;
  /** A checkpoint to go on from. */
  readonly resume?: Uint8Array;
  /** Weights to begin with. */
  readonly start?: Uint8Array;
  readonly events: RunEvents;
}

export interface Runner {
  readonly adapter: Adapter;
  run(job: Job, data: RunData): Promise<RunOutcome>;
  close(): Promise<void>;
}

/** The host that was asked for, which says what it is. */
export async function startRunner(host: 'node' | 'browser', say: (line: string) => void): Promise<Runner> {
  const runner = host === 'browser' ? await browserRunner(say) : await nodeRunner();
  const { description, host: where, notes } = runner.adapter;
  say(`${where}, ${description}, ${cpus().length} cores`);
  for (const note of notes) say(note);
  return runner;
}

/** Trains in this process. */
export async function nodeRunner(): Promise<Runner> {
  const adapter = await init();
  return {
    adapter,
    run: ({ config, events, resume, start }, data) =>
      trainRun(config, data, events, { resume, start, prepare, log: runLog }),
    close: async () => {},
  };
}

/** What the page is told of a job; its bytes are fetched from `/data/`. */
export interface PageJob {
  readonly config: RunConfig;
  readonly classes: readonly string[];
  readonly source: string;
  readonly synthetic: boolean;
  readonly resume: boolean;
  readonly start: boolean;
  /** Whether to send what is logged. */
  readonly log: boolean;
}

/** What the page sends when a run has ended; weights are uploaded before. */
export type PageOutcome =
  | { stopped: false; result: RunResult; predictions: number[] }
  | { stopped: true }
  | { stopped: false; diverged: string };

/** Trains in headless Chromium. */
export async function browserRunner(log: (line: string) => void): Promise<Runner> {
  const folder = await mkdtemp(join(tmpdir(), 'kindling-study-'));
  endWithProcess({ folder });
  const jobs = mailbox<PageJob | null>();
  const ready = mailbox<Adapter>();
  let current: { events: RunEvents; done: (outcome: PageOutcome) => void } | null = null;
  let weights: Uint8Array = new Uint8Array();
  const page = runPage({
    entry: join(import.meta.dirname, 'page.ts'),
    input: { tune: process.env.KINDLING_TUNE },
    folders: { data: folder },
    survivesSignals: true,
    onStart: (browser) => log(browser),
    onUpload: async (name, bytes) => {
      if (name === 'checkpoint') await current?.events.onCheckpoint?.(bytes);
      else weights = bytes;
    },
    handlers: {
      ready: (adapter: Adapter) => ready.put(adapter),
      next: () => jobs.take(),
      prepare: (what: string) => current?.events.onPrepare?.(what),
      step: (event: StepEvent) => current?.events.onStep?.(event) ?? false,
      epoch: (record: EpochRecord) => current?.events.onEpoch?.(record),
      log: (record: LogRecord) => current?.events.onLog?.(record),
      done: (outcome: PageOutcome) => current?.done(outcome),
    },
  });
  const broken = page.then(
    () => Promise.reject(new Error('the page ended too early')),
    (error: unknown) => Promise.reject(error),
  );
  broken.catch(() => {}); // Whoever waits for a run gets it; after the last run nobody does.
  let sent: RunData | null = null;
  return {
    adapter: await Promise.race([ready.take(), broken]),
    async run({ config, events, resume, start }, data) {
      if (sent !== data) {
        for (const split of ['train', 'test'] as const) {
          const { images, labels } = data[split];
          await writeFile(join(folder, `${split}-images`), images);
          await writeFile(join(folder, `${split}-labels`), labels);
        }
        sent = data;
      }
      if (resume) await writeFile(join(folder, 'resume'), resume);
      if (start) await writeFile(join(folder, 'start'), start);
      const done = new Promise<PageOutcome>((resolve) => {
        current = { events, done: resolve };
      });
      const { classes, source, synthetic } = data.train;
      jobs.put({ config, classes, source, synthetic, resume: !!resume, start: !!start, log: !!events.onLog });
      const outcome = await Promise.race([done, broken]);
      return outcome.stopped || 'diverged' in outcome ? outcome : { ...outcome, weights };
    },
    async close() {
      jobs.put(null);
      await page.catch(() => {});
    },
  };
}

/** Hands values from whoever has them to whoever waits for them. */
function mailbox<T>(): { put(value: T): void; take(): Promise<T> } {
  const values: T[] = [];
  const waiting: ((value: T) => void)[] = [];
  return {
    put(value) {
      const taker = waiting.shift();
      if (taker) taker(value);
      else values.push(value);
    },
    take: () =>
      new Promise((resolve) => {
        const [value] = values.splice(0, 1);
        if (value === undefined) waiting.push(resolve);
        else resolve(value);
      }),
  };
}
