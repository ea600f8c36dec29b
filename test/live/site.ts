/** The live study as a visitor gets it: built, served from a folder of a plain web server, opened in Chromium. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'puppeteer';
import sirv from 'sirv';
import { inject } from 'vitest';
import { launchBrowser } from '../../scripts/browser.js';

/** Serves the folder below `/some/where/`, without any header that the page would need; and other things at other paths. */
async function serveSite(folder: string, beside: RequestListener | undefined): Promise<Server> {
  const files = sirv(folder, { dev: true });
  const server = createServer((request, response) => {
    const { url = '/' } = request;
    const missing = (): void => void response.writeHead(404).end();
    if (!url.startsWith('/some/where/')) return beside ? void beside(request, response) : missing();
    request.url = url.slice('/some/where'.length);
    files(request, response, missing);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  return server;
}

/** What went wrong in a page, by its own account. */
export interface Complaints {
  /** Errors and warnings on the console, and exceptions that nobody caught. */
  readonly messages: string[];
  /** What it asked of other hosts. */
  readonly foreign: string[];
}

export interface Opened {
  readonly page: Page;
  readonly complaints: Complaints;
}

export class Site {
  readonly #server: Server;
  readonly #browser: Browser;
  readonly description: string;

  private constructor(server: Server, browser: Browser, description: string) {
    this.#server = server;
    this.#browser = browser;
    this.description = description;
  }

  /**
   * @param folder of a built page. Default: that of the tests
   * @param beside answers what is asked of other paths
   */
  static async open({
    folder = inject('site'),
    beside,
  }: {
    folder?: string;
    beside?: RequestListener;
  } = {}): Promise<Site> {
    const [server, { browser, description }] = await Promise.all([serveSite(folder, beside), launchBrowser()]);
    return new Site(server, browser, description);
  }

  get origin(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** @param before is given the page before it goes anywhere */
  async visit(fragment = '', before?: (page: Page) => Promise<unknown>): Promise<Opened> {
    const page = await this.#browser.newPage();
    await page.setViewport({ width: 1280, height: 900 });
    const complaints: Complaints = { messages: [], foreign: [] };
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) complaints.messages.push(message.text());
    });
    page.on('pageerror', (error) => complaints.messages.push(String(error)));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(this.origin) && !/^(data|blob):/.test(url)) complaints.foreign.push(url);
    });
    await before?.(page);
    await page.goto(`${this.origin}/some/where/${fragment}`);
    return { page, complaints };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
