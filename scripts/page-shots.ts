/** `npm run page:shots`: pictures of the live study in every state, for the guide, into `docs/images/live`. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'puppeteer';
import { build } from 'vite';
import { Site } from '../test/live/site.js';
import { Visitor } from '../test/live/visitor.js';
import { ROOT } from './page.js';

/** Lossy, as the pages of a guide want them. */
const QUALITY = 70;
const PATIENCE = 600_000;
const NARROW = { width: 360, height: 740 };
const folder = process.argv[2] ?? join(ROOT, 'docs/images/live');

/** Three scenarios, and what they need to be seen to differ. */
const SIZES = 'scenarios=baseline,norm_inputs,lr_schedule&epochs=3&train=512&test=100&batch=32';
const PLAN = `#seeds=0&${SIZES}`;
const SEEDS = `#seeds=0,1,2&${SIZES.replace('512', '256')}`;

async function shoot(page: Page, name: string, fullPage = true): Promise<void> {
  await page.evaluate(() => scrollTo(0, 0));
  // Bars grow for less than half a second.
  await new Promise((done) => setTimeout(done, 600));
  const path = join(folder, `${name}.webp`) as `${string}.webp`;
  await page.screenshot({ path, type: 'webp', quality: QUALITY, fullPage });
  console.log(path);
}

async function alone(site: Site): Promise<void> {
  const { page } = await site.visit(PLAN);
  const visitor = new Visitor(page, PATIENCE);
  await visitor.sees('main button.primary:not(:disabled)');
  await visitor.waits(() => !/…/.test(document.querySelector('.choice-time')?.textContent ?? '…'));
  await shoot(page, 'first-sight', false);
  await visitor.press('Start training');
  await visitor.waits(() => document.querySelector('.matrix') !== null);
  await shoot(page, 'training', false);
  await visitor.press('Pause');
  await visitor.waitsFor('Go on');
  await shoot(page, 'paused', false);
  await visitor.press('Go on');
  await visitor.waitsFor('Start again');
  await shoot(page, 'finished');
  await page.setViewport(NARROW);
  await shoot(page, 'narrow');
  await page.close();
}

async function seeds(site: Site): Promise<void> {
  const { page } = await site.visit(SEEDS);
  const visitor = new Visitor(page, PATIENCE);
  await visitor.press('Start training');
  await visitor.waitsFor('Start again');
  await shoot(page, 'seeds', false);
  await visitor.press('Dark colours');
  await shoot(page, 'dark');
  await page.close();
}

async function kernels(site: Site): Promise<void> {
  const { page } = await site.visit('kernels/index.html#layerNorm');
  const visitor = new Visitor(page, PATIENCE);
  await visitor.sees('.wgsl');
  await visitor.press('Measure this kernel');
  await visitor.waitsFor('Measure this kernel');
  await shoot(page, 'kernels');
  await page.close();
}

async function inside(site: Site): Promise<void> {
  const { page } = await site.visit(`#seeds=0&${SIZES}`);
  const visitor = new Visitor(page, PATIENCE);
  await visitor.press('Start training');
  await visitor.waits(() => document.querySelector('.matrix') !== null);
  await page.click('.pictures li:nth-child(3) .peek');
  await visitor.waits(() => document.querySelectorAll('.ridges canvas').length > 0);
  await visitor.press('Pause');
  await visitor.waitsFor('Go on');
  const section = await page.waitForSelector('.inside');
  await section?.screenshot({ path: join(folder, 'inside.webp') as `${string}.webp`, type: 'webp', quality: QUALITY });
  console.log(join(folder, 'inside.webp'));
  await page.close();
}

async function missing(site: Site): Promise<void> {
  const { page } = await site.visit('', (fresh) =>
    fresh.evaluateOnNewDocument(() => Reflect.deleteProperty(Navigator.prototype, 'gpu')),
  );
  await page.waitForSelector('.missing');
  await shoot(page, 'missing', false);
  await page.close();
}

mkdirSync(folder, { recursive: true });
await build({ configFile: join(ROOT, 'examples/live/vite.config.ts'), logLevel: 'error' });
const site = await Site.open({ folder: join(ROOT, 'live') });
try {
  console.log(site.description);
  await missing(site);
  await alone(site);
  await seeds(site);
  await inside(site);
  await kernels(site);
} finally {
  await site.close();
}
