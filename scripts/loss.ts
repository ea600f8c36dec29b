/**
 * `npm run test:loss`: trains in Chromium, kills its GPU process at random steps, and compares with a run that nothing disturbed. Where
 * the browser gives no new adapter, the run ends by saying what to do, and goes on in a browser started on the same profile.
 */
import { mkdtempSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Command } from 'commander';
import type { Browser } from 'puppeteer';
import { launchBrowser } from './browser.js';
import type { Attempt, End } from './loss/page.js';
import { bundlePage, ROOT, serve } from './page.js';
import { endWithProcess } from './watchdog.js';

const { kills, epochs, seed } = new Command('test:loss')
  .description("Kills Chromium's GPU process while a page trains, and looks whether the run goes on to the same bits.")
  .option('--kills <n>', 'how often', Number, 3)
  .option('--epochs <n>', 'of six steps each', Number, 8)
  .option('--seed <n>', 'says at which steps', Number, Math.floor(Math.random() * 2 ** 31))
  .parse()
  .opts<{ kills: number; epochs: number; seed: number }>();

const profile = mkdtempSync(join(tmpdir(), 'kindling-loss-'));
endWithProcess({ folder: profile });
const server = await serve(await bundlePage(join(ROOT, 'scripts/loss/page.ts')), {});
const address = `http://localhost:${(server.address() as AddressInfo).port}/`;

/** Steps after which the GPU process is killed. */
const places = new Set<number>();
let state = seed;
while (places.size < kills) {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  places.add(1 + ((state >>> 8) % (6 * epochs - 1)));
}

async function killGpuProcess(browser: Browser): Promise<void> {
  const session = await browser.target().createCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  for (const { type, id } of processInfo) if (type === 'GPU') process.kill(id, 'SIGKILL');
  await session.detach();
}

/** Runs to an end in a browser of its own. @param at steps after which to kill, taken out when that is done */
async function attempt(input: Attempt, at: Set<number>): Promise<End> {
  const { browser, description } = await launchBrowser({ profile });
  try {
    if (at.size === kills) console.log(`${description}, seed ${seed}: kills after steps ${[...at].join(', ')}`);
    const page = await browser.newPage();
    page.on('console', (message) => console.log(`[page] ${message.text()}`));
    await page.exposeFunction('tell', async (type: string, step: number) => {
      if (type !== 'step' && type !== 'checkpoint') console.log(`${type} after step ${step}`);
      if (type !== 'step' || !at.delete(step)) return;
      console.log(`GPU process killed after step ${step}`);
      await killGpuProcess(browser);
    });
    const run = async (given: Attempt): Promise<End> => {
      await page.goto(address);
      return (await page.evaluate(
        `import('/bundle.js').then((module) => module.main({ call: (_, ...args) => tell(...args) }, ${JSON.stringify(given)}))`,
      )) as End;
    };
    const end = await run(input);
    if (!('error' in end)) return end;
    console.log(`the page says: ${end.error}\nloading it again`);
    return await run({ ...input, resume: true });
  } finally {
    await browser.close().catch(() => undefined);
  }
}

const whole = await attempt({ epochs, checkpoint: 'whole', resume: false }, new Set());
if ('error' in whole) throw new Error(whole.error);
let restarts = 0;
let end = await attempt({ epochs, checkpoint: 'run', resume: false }, places);
for (; 'error' in end && restarts < kills; restarts++) {
  console.log(`it says again: ${end.error.slice(0, 80)}…\nstarting the browser again, on the same profile`);
  end = await attempt({ epochs, checkpoint: 'run', resume: true }, places);
}
server.close();
const same = isDeepStrictEqual(end, whole);
console.log(
  `${kills - places.size} kills, ${restarts} restarts of the browser: ${same ? 'the same bits' : `other ones ${JSON.stringify(end).slice(0, 300)}`}`,
);
process.exit(same && places.size === 0 ? 0 : 1);
