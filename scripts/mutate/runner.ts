/** Starts workers, watches over them, and says whether a change is noticed. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bundle, CACHE } from './bundle.js';
import type { Baseline, Message, Request, Selection } from './worker.js';

/**
 * A test may take this much longer than without a change, in milliseconds, before it counts as hanging. Time is counted in
 * the worker's own beats, for a busy machine may let it wait; without a beat it may take much longer.
 */
const PATIENCE = 30_000;
const SILENCE = 600_000;

/** How a worker ended: the first test that failed, or that the process ended or hung in; null where all passed. */
export type Verdict = {
  readonly test: string;
  readonly how: 'failed' | 'crashed' | 'hung';
  readonly error: string;
} | null;

let running: ChildProcess | null = null;
process.on('exit', () => running?.kill('SIGKILL'));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

function start(bundle: Bundle, request: Request, onMessage: (message: Message, child: ChildProcess) => void) {
  const child = fork(bundle.path, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  running = child;
  let complaints = '';
  child.stderr?.on('data', (data: Buffer) => {
    complaints = (complaints + data.toString()).slice(-4000);
  });
  child.on('message', (message: Message) => onMessage(message, child));
  child.send(request);
  return new Promise<string>((ended) => child.on('close', () => ended(complaints)));
}

/** Runs all fast tests once, or recalls what was learned when the same tests ran on the same sources. */
export async function learn(bundle: Bundle, print: (line: string) => void): Promise<Baseline> {
  const path = join(CACHE, `baseline-${bundle.hash}.json`);
  if (!existsSync(path)) {
    let count = 0;
    let file = '';
    let done = false;
    let last = Date.now();
    const complaints = await start(bundle, { kind: 'baseline', out: path }, (message) => {
      if ('done' in message) done = true;
      else if ('ended' in message) {
        count++;
        file = message.ended.file;
      }
      if (Date.now() - last < 20_000) return;
      last = Date.now();
      print(`  ${count} tests, now in ${file}`);
    });
    if (!done) throw new Error(`the tests broke off:\n${complaints}`);
  }
  return JSON.parse(readFileSync(path, 'utf8')) as Baseline;
}

/** The tests that dispatch one of `kernels`, file by file, the quickest files first. */
export function testsOf({ tests }: Baseline, kernels: ReadonlySet<number>): Selection {
  const files = new Map<string, { tests: string[]; milliseconds: number }>();
  for (const test of tests) {
    if (!test.kernels.some((kernel) => kernels.has(kernel))) continue;
    const entry = files.get(test.file) ?? { tests: [], milliseconds: 0 };
    entry.tests.push(test.name);
    entry.milliseconds += test.milliseconds;
    files.set(test.file, entry);
  }
  return [...files]
    .sort(([, a], [, b]) => a.milliseconds - b.milliseconds)
    .map(([file, { tests: names }]) => ({ file, tests: names }));
}

/** Runs tests on changed shaders, or without `change` on the shaders as they are, until one fails. */
export async function attempt(
  bundle: Bundle,
  baseline: Baseline,
  tests: Selection,
  change?: { place: number; choice: number },
): Promise<Verdict> {
  if (tests.length === 0) return null;
  const usual = new Map(baseline.tests.map(({ file, name, milliseconds }) => [`${file} > ${name}`, milliseconds]));
  let current = 'its start';
  let verdict: Verdict = null;
  let done = false;
  let beats = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hang = (child: ChildProcess): void => {
    verdict ??= { test: current, how: 'hung', error: '' };
    child.kill('SIGKILL');
  };
  const request: Request = { kind: 'try', tests, ...(change && { change }) };
  const complaints = await start(bundle, request, (message, child) => {
    if ('done' in message) done = true;
    else if ('started' in message) {
      current = message.started;
      beats = 0;
    } else if ('beat' in message) {
      clearTimeout(timer);
      timer = setTimeout(() => hang(child), SILENCE);
      if (++beats * 1000 > PATIENCE + 3 * (usual.get(current) ?? 0)) hang(child);
    } else if (message.ended.error !== undefined) {
      // Nothing after the first failure matters, and cleaning up after a lost device can take long.
      verdict = { test: `${message.ended.file} > ${message.ended.name}`, how: 'failed', error: message.ended.error };
      child.kill('SIGKILL');
    }
  });
  clearTimeout(timer);
  if (!verdict && !done) verdict = { test: current, how: 'crashed', error: complaints };
  return verdict;
}
