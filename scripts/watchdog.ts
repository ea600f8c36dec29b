/**
 * Ends what belongs to this process when it ends, however it ends: a process beside it waits for its pipe to close, then kills
 * the groups of processes and removes the folders that it was told of. No hook of a killed process can do that.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/** Reads lines of JSON: `{ group }`, `{ folder }`. */
const PROGRAM = `
  const { rmSync } = require('node:fs');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  let text = '';
  process.stdin.on('data', (piece) => (text += piece));
  process.stdin.on('close', () => {
    const orders = text.split('\\n').filter(Boolean).map((line) => JSON.parse(line));
    for (const { group } of orders) if (group) try { process.kill(-group, 'SIGKILL'); } catch {}
    for (const { folder } of orders) {
      if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    }
  });`;

let watchdog: ChildProcess | null = null;

/** @param what the leader of a group of processes, or a folder */
export function endWithProcess(what: { group: number } | { folder: string }): void {
  if (!watchdog) {
    watchdog = spawn(process.execPath, ['-e', PROGRAM], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    watchdog.on('error', () => {});
    watchdog.stdin?.on('error', () => {});
    watchdog.unref();
    (watchdog.stdin as Socket | null)?.unref();
  }
  watchdog.stdin?.write(`${JSON.stringify(what)}\n`);
}
