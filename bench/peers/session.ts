/** One Chromium for the whole run, pages of it, and everything in them that goes wrong. */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer';
import { launchBrowser } from '../../scripts/browser.js';
import { bundlePage, ROOT, serve } from '../../scripts/page.js';
import type { Bench } from './page.js';

export class Session {
  /** Console errors, exceptions and uncaptured WebGPU errors, each with what was running. */
  readonly errors: string[] = [];
  /** What runs now: goes before errors. */
  doing = '';

  private constructor(
    readonly browser: Browser,
    readonly description: string,
    private readonly server: Server,
  ) {}

  /** @param folder served as `/run` */
  static async open(folder: string): Promise<Session> {
    const script = await bundlePage(join(ROOT, 'bench/peers/page.ts'));
    const server = await serve(script, { folders: { run: folder } });
    const { browser, description } = await launchBrowser();
    return new Session(browser, description, server);
  }

  async page(): Promise<BenchPage> {
    const page = await this.browser.newPage();
    const note = (text: string): void => void this.errors.push(`${this.doing}: ${text}`);
    page.on('console', (message) => {
      if (message.type() === 'error') note(message.text());
      else if (message.type() === 'warn') console.error(`[${this.doing}] ${message.text()}`);
    });
    page.on('pageerror', (error) => note(String(error)));
    await page.goto(`http://localhost:${(this.server.address() as AddressInfo).port}/`);
    await page.evaluate(`import('/bundle.js').then(() => undefined)`);
    return new BenchPage(this, page);
  }

  async close(): Promise<void> {
    await this.browser.close().catch(() => undefined);
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** A page in which `bench` lies. */
export class BenchPage {
  constructor(
    private readonly session: Session,
    private readonly page: Page,
  ) {}

  async call<Name extends keyof Bench>(
    name: Name,
    ...args: Parameters<Bench[Name]>
  ): Promise<Awaited<ReturnType<Bench[Name]>>> {
    // Text, not a function: a TypeScript runner adds helpers to functions that the page does not have.
    const value = await this.page.evaluate(`bench.${name}(...${JSON.stringify(args)})`);
    for (const error of (await this.page.evaluate('bench.errors()')) as string[])
      this.session.errors.push(`${this.session.doing}: ${error}`);
    return value as Awaited<ReturnType<Bench[Name]>>;
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}
