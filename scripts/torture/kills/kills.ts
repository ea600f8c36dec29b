/**
 * `npm run torture -- kills`: ends programs at random moments, in the middle of their writes too, and lets them go on until
 * they have ended: to the bits of a run that nobody disturbed, with nothing left over.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ROOT } from '../../page.js';
import { uniform } from '../random.js';
import { IN_BROWSER, type Killed, PROGRAMS } from './programs.js';

export interface KillOptions {
  readonly kills: number;
  readonly seed: number;
  readonly only?: readonly string[] | undefined;
  /** Chromium too. */
  readonly full: boolean;
}

const SIGNALS = ['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT'] as const;
/** One run is disturbed no more often than this, then left alone to its end. */
const IN_A_ROW = 4;
/** What a process may take to end by itself, or to finish a run. */
const PATIENCE_MS = 240_000;
/** Names in the temporary folder that are for the next process as well. */
const KEPT = /^(tsx-|node-compile-cache)/;

interface Place {
  readonly folder: string;
  readonly temporary: string;
  /** All processes of a run have it in their environment. */
  readonly mark: string;
}

interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly text: string;
  readonly milliseconds: number;
}

/** @returns what went wrong */
export async function kills({ kills, seed, only, full }: KillOptions): Promise<string[]> {
  const random = uniform(seed);
  const all = [...PROGRAMS, ...(full ? [IN_BROWSER] : [])].filter(({ name }) => only?.includes(name) ?? true);
  const base = mkdtempSync(join(tmpdir(), 'kindling-kills-'));
  const failures: string[] = [];
  console.log(`${kills} kills over ${all.map(({ name }) => name).join(', ')}, --seed ${seed}`);
  try {
    for (const [i, program] of all.entries()) {
      const share = Math.floor(kills / all.length) + (i < kills % all.length ? 1 : 0);
      failures.push(...(await torment(program, share, random, base)));
    }
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
  return failures;
}

let places = 0;
function placeIn(base: string): Place {
  const mark = `kindling-${process.pid}-${++places}`;
  const [folder, temporary] = [join(base, mark), join(base, `${mark}-tmp`)];
  for (const one of [folder, temporary]) mkdirSync(one);
  return { folder, temporary, mark };
}

async function torment(program: Killed, wanted: number, random: () => number, base: string): Promise<string[]> {
  const { name } = program;
  const undisturbed = placeIn(base);
  const whole = await ended(start(program, undisturbed));
  if (!program.ended(undisturbed.folder)) return [`${name} does not end by itself: ${whole.text.slice(-1000)}`];
  const expected = program.result(undisturbed.folder);
  const failures: string[] = [];
  const said: string[] = [];
  let [made, inWrites] = [0, 0];
  while (made < wanted && failures.length < 3) {
    const place = placeIn(base);
    const story: string[] = [];
    const failed = (what: string): void => {
      failures.push(`${name}: ${what} (${story.join('; ')})`);
    };
    for (let row = 0; row < IN_A_ROW && made < wanted && !program.ended(place.folder); row++) {
      const signal = SIGNALS[Math.floor(random() * SIGNALS.length)] as (typeof SIGNALS)[number];
      const running = start(program, place);
      const inWrite = random() < 0.5;
      const after = random() * whole.milliseconds;
      const moment = await momentOf(running, place, after, inWrite);
      if (running.child.exitCode !== null) break;
      running.child.kill(signal);
      made++;
      if (moment === 'write') inWrites++;
      story.push(`${signal} after ${after.toFixed(0)} ms${moment === 'write' ? ', in a write' : ''}`);
      const end = await ended(running);
      if (end.code === null && end.signal === null) failed(`did not end within ${PATIENCE_MS / 1000} s`);
      if (end.code !== null && ![0, 130].includes(end.code)) failed(`ended with ${end.code}: ${end.text.slice(-600)}`);
      said.push(signal);
    }
    if (!program.ended(place.folder)) {
      const last = await ended(start(program, place));
      if (last.code !== 0 || !program.ended(place.folder)) {
        failed(`does not go on, ends with ${last.code ?? last.signal}: ${last.text.slice(-1000)}`);
        continue;
      }
      const parts = readdirSync(place.folder, { recursive: true }).map(String);
      const left = parts.filter((one) => /\.part$|\.unfinished$|\.lock(\.|$)/.test(one));
      if (left.length > 0) failed(`left ${left.join(', ')}`);
    }
    if (!isDeepStrictEqual(program.result(place.folder), expected)) failed('ended with other bits');
    const alive = await survivors(place);
    if (alive.length > 0) failed(`left processes: ${alive.join(', ')}`);
    const left = readdirSync(place.temporary).filter((one) => !KEPT.test(one));
    if (left.length > 0) failed(`left in the temporary folder: ${left.join(', ')}`);
    rmSync(place.folder, { recursive: true, force: true });
  }
  const count = (signal: string): number => said.filter((one) => one === signal).length;
  console.log(
    `${name}: ${made} kills (SIGKILL ${count('SIGKILL')}, SIGTERM ${count('SIGTERM')}, SIGINT ${count('SIGINT')}; ${inWrites} in a write), ` +
      `${failures.length} failures; undisturbed ${(whole.milliseconds / 1000).toFixed(1)} s`,
  );
  return failures;
}

interface Running {
  readonly child: ChildProcess;
  readonly end: Promise<End>;
}

function start(program: Killed, { folder, temporary, mark }: Place): Running {
  const clock = join(import.meta.dirname, 'fastClock.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', '--import', clock, ...program.argv(folder)], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary, KINDLING_TUNE: '0', KINDLING_TORTURE: mark, NO_COLOR: '1' },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => (text += piece));
  const begun = performance.now();
  const end = new Promise<End>((done) =>
    child.on('exit', (code, signal) => done({ code, signal, text, milliseconds: performance.now() - begun })),
  );
  return { child, end };
}

/** The end of a process; one that does not end is killed, and has neither code nor signal. */
async function ended({ child, end }: Running): Promise<End> {
  const patience = new AbortController();
  const late = sleep(PATIENCE_MS, null, { signal: patience.signal }).catch(() => null);
  const first = await Promise.race([end, late]);
  patience.abort();
  if (first) return first;
  child.kill('SIGKILL');
  return { ...(await end), code: null, signal: null };
}

/** Waits until a program is to be killed: for a while, and then, where asked for, for a file that is being written. */
async function momentOf(
  { end }: Running,
  { folder }: Place,
  after: number,
  inWrite: boolean,
): Promise<'write' | 'time'> {
  if (inWrite) await Promise.race([sleep(after / 2), end]);
  else await Promise.race([sleep(after), end]);
  if (!inWrite) return 'time';
  const stop = new AbortController();
  const written = new Promise<'write'>((done) => {
    const watcher = watch(folder, { recursive: true, signal: stop.signal }, (_, name) => {
      if (String(name).endsWith('.part')) done('write');
    });
    watcher.on('error', () => {});
  });
  const moment = await Promise.race([
    written,
    end.then(() => 'time' as const),
    sleep(after).then(() => 'time' as const),
  ]);
  stop.abort();
  return moment;
}

/** Processes with the mark that are still there a while after all has ended. */
async function survivors({ mark }: Place): Promise<string[]> {
  if (!existsSync('/proc')) return [];
  let found: string[] = [];
  for (let tries = 0; tries < 50; tries++) {
    found = readdirSync('/proc').filter(
      (pid) => /^\d+$/.test(pid) && pid !== String(process.pid) && isMarked(pid, mark),
    );
    if (found.length === 0) return [];
    await sleep(200);
  }
  return found.map(
    (pid) => `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').slice(0, 80)}`,
  );
}

function isMarked(pid: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`KINDLING_TORTURE=${mark}`);
  } catch {
    return false;
  }
}
