import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it, vi } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'kindling-watchdog-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('ends a browser and removes its folder when the process that started it is killed', async () => {
  const source = `
    import { launchBrowser } from ${JSON.stringify(fileURLToPath(new URL('browser.ts', import.meta.url)))};
    const { browser } = await launchBrowser();
    await browser.newPage();
    console.log(browser.process().pid);
    setTimeout(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  const pid = Number((await once(child.stdout, 'data'))[0]);
  expect(isRunning(pid)).toBe(true);
  expect(readdirSync(folder).some((name) => name.startsWith('kindling-chromium-'))).toBe(true);
  child.kill('SIGKILL');
  await vi.waitFor(
    () => {
      expect(isRunning(pid)).toBe(false);
      // The TypeScript runner keeps a cache there.
      expect(readdirSync(folder).filter((name) => !name.startsWith('tsx-'))).toEqual([]);
    },
    { timeout: 15_000, interval: 100 },
  );
});
