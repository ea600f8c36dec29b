/** The page without a network, and how a newer build comes to it. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer';
import sirv from 'sirv';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { writeServiceWorker } from '../../examples/live/offline/plugin.js';
import { launchBrowser } from '../../scripts/browser.js';
import { Visitor } from './visitor.js';

const PLAN = '#scenarios=baseline&seeds=0&epochs=1&train=64&test=20&batch=8';
const folder = mkdtempSync(join(tmpdir(), 'kindling-live-'));

let server: Server | null = null;
let port = 0;
let browser: Browser;
let page: Page;
let visitor: Visitor;

/** Serves the folder as it lies, below a path. */
async function serve(): Promise<void> {
  const files = sirv(folder, { dev: true });
  server = createServer((request, response) => {
    const missing = (): void => void response.writeHead(404).end();
    if (!request.url?.startsWith('/deep/down/')) return missing();
    request.url = request.url.slice('/deep/down'.length);
    files(request, response, missing);
  });
  server.listen(port, '127.0.0.1');
  await new Promise((done) => server?.once('listening', done));
  port = (server.address() as AddressInfo).port;
}

async function stopServing(): Promise<void> {
  const stopped = new Promise((done) => server?.close(done));
  server?.closeAllConnections();
  await stopped;
}

/** Another build: its document says so. */
function rebuild(title: string): void {
  const path = join(folder, 'index.html');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/<title>.*?<\/title>/, `<title>${title}</title>`));
}

beforeAll(async () => {
  cpSync(inject('site'), folder, { recursive: true });
  await serve();
  browser = (await launchBrowser()).browser;
  page = await browser.newPage();
  visitor = new Visitor(page);
});

afterAll(async () => {
  await browser?.close();
  await stopServing();
  rmSync(folder, { recursive: true, force: true });
});

test('trains where no server is, once it was loaded', async () => {
  await page.goto(`http://localhost:${port}/deep/down/${PLAN}`);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await visitor.waits(() => navigator.serviceWorker.controller !== null);
  await stopServing();
  await page.reload();
  await visitor.press('Start training');
  await visitor.waits(() => /\d/.test(document.querySelector('.series .value')?.textContent ?? ''));
  await visitor.press('Stop');
  await visitor.waitsFor('Start again');
});

test('takes a newer build when the reader says so, and none that is not whole', async () => {
  rebuild('Broken');
  writeServiceWorker(folder);
  rebuild('Not what the list says');
  await serve();
  await page.reload();
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update().catch(() => undefined);
    const { installing } = registration;
    if (installing) await new Promise((done) => installing.addEventListener('statechange', done, { once: true }));
  });
  expect(await visitor.count('.newer')).toBe(0);

  rebuild('Newer');
  writeServiceWorker(folder);
  await page.reload();
  expect(await page.title()).toContain('The live study');
  await visitor.waitsFor('Reload into it');
  await visitor.press('Reload into it');
  await visitor.waits(() => document.title === 'Newer');
  await visitor.waits(() => navigator.serviceWorker.controller !== null);
  expect(await page.evaluate(async () => (await caches.keys()).length)).toBe(2);
});
