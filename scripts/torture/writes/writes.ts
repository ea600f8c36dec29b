/**
 * `npm run torture -- writes`: what the system is asked for, in its order, by strace: a file gets its name when its bytes have
 * been flushed, and the name is flushed then.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../../page.js';

/** A call of the system: when it began and ended, and what it was about. */
interface Call {
  readonly name: string;
  readonly begun: number;
  readonly ended: number;
  readonly paths: readonly string[];
}

const CALLS = 'write,pwrite64,writev,pwritev,fsync,fdatasync,rename,renameat,renameat2';
/** Files that are no content: a lock is written in place, and an archive stands for what a user has put there. */
const OTHER = /\.lock(\.|$)|\.tar\.gz$/;

/** @returns what went wrong */
export function writes(): string[] {
  if (spawnSync('strace', ['-V']).status !== 0) {
    console.log('NOT CHECKED: there is no strace here (Debian: apt-get install strace)');
    return [];
  }
  const base = mkdtempSync(join(tmpdir(), 'kindling-writes-'));
  try {
    const [folder, traces] = [join(base, 'files'), join(base, 'traces')];
    for (const one of [folder, traces]) mkdirSync(one);
    const program = [process.execPath, '--import', 'tsx', join(import.meta.dirname, 'program.ts'), folder];
    const traced = ['-ff', '-ttt', '-T', '-y', '-s', '0', '-e', `trace=${CALLS}`, '-o', join(traces, 't'), ...program];
    const { status, stderr } = spawnSync('strace', traced, { cwd: ROOT, encoding: 'utf8', timeout: 300_000 });
    if (status !== 0) return [`the traced program ends with ${status}: ${stderr.slice(-1000)}`];
    const text = readdirSync(traces).map((name) => readFileSync(join(traces, name), 'utf8'));
    const calls = text.flatMap((one) => one.split('\n').flatMap((line) => parsed(line, folder)));
    return judged(calls.sort((a, b) => a.begun - b.begun));
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

function parsed(line: string, folder: string): Call[] {
  const [, at, name = '', rest = '', result, took] =
    /^([\d.]+) (\w+)\((.*)\)\s+= (-?\d+).*<([\d.]+)>$/.exec(line) ?? [];
  if (at === undefined || Number(result) < 0) return [];
  const named = name.startsWith('rename') ? /"([^"]*)"/g : /^\d+<([^>]*)>/g;
  const paths = [...rest.matchAll(named)].map(([, path = '']) => path);
  if (!paths.some((path) => path.startsWith(folder))) return [];
  return [{ name, begun: Number(at), ended: Number(at) + Number(took), paths }];
}

function judged(calls: readonly Call[]): string[] {
  const failures: string[] = [];
  const renames = calls.filter(({ name }) => name.startsWith('rename'));
  const written = calls.filter(({ name }) => name.includes('write'));
  const flushed = (path: string, from: number, to: number): boolean =>
    calls.some(
      ({ name, paths, begun, ended }) => name.endsWith('sync') && paths[0] === path && begun >= from && ended <= to,
    );
  for (const { paths, begun, ended } of renames) {
    const [from = '', to = ''] = paths;
    const inside = written.filter(({ paths: [path = ''] }) => path === from || path.startsWith(`${from}/`));
    if (inside.length === 0) failures.push(`${to} was renamed with nothing written`);
    for (const {
      paths: [path = ''],
    } of inside) {
      const last = Math.max(...inside.filter((one) => one.paths[0] === path).map((one) => one.ended));
      if (last > begun) failures.push(`${path} was written after it had got its name`);
      if (!flushed(path, last, begun)) failures.push(`${path} was renamed before it was flushed`);
      if (path !== from && !flushed(dirname(path), last, begun)) failures.push(`the folder of ${path} was not flushed`);
    }
    if (!flushed(dirname(to), ended, Number.POSITIVE_INFINITY)) failures.push(`the name ${to} was not flushed`);
  }
  for (const {
    paths: [path = ''],
  } of written) {
    const renamed = renames.some(({ paths: [from = ''] }) => path === from || path.startsWith(`${from}/`));
    if (!renamed && !OTHER.test(path)) failures.push(`${path} was written in place`);
  }
  console.log(
    `${renames.length} names given, after ${written.length} writes, ${calls.filter(({ name }) => name.endsWith('sync')).length} flushes: ` +
      'bytes, flush, name, flush of the folder',
  );
  if (renames.length < 4) failures.push(`only ${renames.length} files and folders were seen`);
  return [...new Set(failures)];
}
