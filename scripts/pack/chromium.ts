/**
 * Opens what the bundlers built in Chromium and waits until page and worker have trained, under a Content-Security-Policy that
 * allows scripts of their own files alone.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import sirv from 'sirv';
import { launchBrowser } from '../browser.js';

interface Trained {
  /** The last losses. */
  readonly page: number;
  readonly worker: number;
  /** How many names each entry of the package exports. */
  readonly exports: readonly number[];
}

const setHeaders = (response: ServerResponse): void =>
  void response.setHeader('content-security-policy', "script-src 'self'");

/**
 * @param folder holds a built page for each of `names`
 * @param entries how many entries the page imports
 * @throws Error where a page fails, or page and worker come to different losses
 */
export async function trainInChromium(folder: string, names: readonly string[], entries: number): Promise<void> {
  const server = createServer(sirv(folder, { dev: true, setHeaders })).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { browser, description } = await launchBrowser();
  try {
    for (const name of names) {
      const page = await browser.newPage();
      const said: string[] = [];
      page.on('pageerror', (error) => said.push(String(error)));
      page.on('console', (message) => said.push(message.text()));
      await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/${name}/`);
      const trained = (await page.evaluate('globalThis.trained').catch((error: unknown) => {
        throw new Error(`built by ${name}: ${error}\n${said.join('\n')}`);
      })) as Trained | undefined;
      if (!trained || trained.page !== trained.worker || trained.exports.length !== entries) {
        throw new Error(`built by ${name}: ${JSON.stringify(trained)}\n${said.join('\n')}`);
      }
      console.log(`built by ${name}: page and worker train to a loss of ${trained.page.toFixed(4)} in ${description}`);
      await page.close();
    }
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
}
