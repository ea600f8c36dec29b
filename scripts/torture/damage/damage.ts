/** `npm run torture -- damage`: damaged files of every kind that the library and its examples read. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Outcome, READERS } from './child.js';

export interface DamageOptions {
  readonly runs: number;
  readonly seed: number;
  /** Readers, or all. */
  readonly only?: readonly string[] | undefined;
  /** Of a failure: where fast-check goes on from. */
  readonly path?: string | undefined;
}

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
/** How long a file may keep its reader busy before that is ended. */
const HANGS_MS = 30_000;

export const NAMES = Object.keys(READERS);

/** @returns whether all readers stood it */
export async function damage({ runs, seed, only = NAMES, path = '' }: DamageOptions): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'kindling-torture-'));
  console.log(`${runs} damaged files each, --seed ${seed}`);
  let fine = true;
  try {
    for (const name of only) {
      const place = join(folder, name);
      mkdirSync(place);
      const begun = performance.now();
      const trouble = await child([name, place, String(seed), String(runs), path], place);
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      const found = join(place, 'outcome.json');
      if (trouble !== null || !existsSync(found)) {
        fine = false;
        console.error(`FAILED ${name}: ${trouble}\nthe file: ${lastOf(place)}`);
        continue;
      }
      const outcome = JSON.parse(readFileSync(found, 'utf8')) as Outcome;
      const { refused, accepted, milliseconds, bytes, failure } = outcome;
      const most = `at most ${milliseconds.toFixed(0)} ms and ${(bytes / 2 ** 20).toFixed(1)} MB`;
      console.log(`${name}: ${outcome.runs} files in ${seconds} s: ${refused} refused (${most}), ${accepted} accepted`);
      if (!failure) continue;
      fine = false;
      console.error(
        `FAILED ${name}: ${failure.what}\nagain: npm run torture -- damage --only ${name} --seed ${failure.seed} --path ${failure.path}`,
      );
      console.error(
        `the file, ${failure.hex.length / 2} bytes: ${failure.hex.slice(0, 400)}${failure.hex.length > 400 ? '…' : ''}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return fine;
}

const lastOf = (place: string): string =>
  existsSync(join(place, 'last.hex')) ? readFileSync(join(place, 'last.hex'), 'latin1').slice(0, 2000) : 'none';

/** Runs the child to its end. @returns what went wrong, or null */
function child(argv: readonly string[], place: string): Promise<string | null> {
  const running = spawn(process.execPath, ['--import', 'tsx', CHILD, ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, KINDLING_TUNE: '0' },
  });
  let text = '';
  let hung = false;
  running.stderr.on('data', (piece: Buffer) => {
    text = `${text}${piece}`.slice(-2000);
  });
  const begun = Date.now();
  const watch = setInterval(() => {
    const last = join(place, 'last.hex');
    const at = existsSync(last) ? statSync(last).mtimeMs : begun + 60_000;
    if (existsSync(join(place, 'outcome.json')) || Date.now() - at < HANGS_MS) return;
    hung = true;
    running.kill('SIGKILL');
  }, 1000);
  return new Promise((done) =>
    running.on('close', (code) => {
      clearInterval(watch);
      done(hung ? `it was busy for ${HANGS_MS / 1000} s` : code === 0 ? null : `it ended with ${code}: ${text}`);
    }),
  );
}
