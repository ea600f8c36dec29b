/** What a visitor of a page does and sees. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import type { EvaluateFunc, Page } from 'puppeteer';

export class Visitor {
  readonly #page: Page;
  readonly #patience: number;

  /** @param patience milliseconds that it waits for anything */
  constructor(page: Page, patience = 50_000) {
    this.#page = page;
    this.#patience = patience;
  }

  /** Lets files that the page hands out land in a folder. */
  async saveTo(downloadPath: string): Promise<void> {
    const session = await this.#page.createCDPSession();
    await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath });
  }

  async sees(selector: string): Promise<void> {
    await this.#page.waitForSelector(selector);
  }

  async waits<Args extends unknown[]>(condition: EvaluateFunc<Args>, ...args: Args): Promise<void> {
    await this.#page.waitForFunction(condition, { polling: 50, timeout: this.#patience }, ...args);
  }

  /** Waits for a button that says `label` and can be pressed. */
  waitsFor(label: string): Promise<void> {
    return this.waits(
      (wanted) => [...document.querySelectorAll('button')].some((one) => one.textContent === wanted && !one.disabled),
      label,
    );
  }

  text(selector: string): Promise<string> {
    return this.#page.$eval(selector, ({ textContent }) => textContent ?? '');
  }

  texts(selector: string): Promise<string[]> {
    return this.#page.$$eval(selector, (all) => all.map(({ textContent }) => textContent ?? ''));
  }

  async count(selector: string): Promise<number> {
    return (await this.texts(selector)).length;
  }

  /** The sum of the numbers of elements. */
  async total(selector: string): Promise<number> {
    return (await this.texts(selector)).reduce((sum, text) => sum + Number(text), 0);
  }

  /** Presses a button by the keyboard. */
  async press(label: string, within = 'body'): Promise<void> {
    await this.waitsFor(label);
    await this.#page.evaluate(
      (wanted, where) => {
        const buttons = [...document.querySelectorAll<HTMLButtonElement>(`${where} button`)];
        buttons.find(({ textContent }) => textContent === wanted)?.focus();
      },
      label,
      within,
    );
    await this.#page.keyboard.press('Enter');
  }

  /** Goes from element to element until one says `label`. */
  async tabTo(label: string): Promise<void> {
    for (let presses = 0; presses < 30; presses++) {
      await this.#page.keyboard.press('Tab');
      if ((await this.#page.evaluate(() => document.activeElement?.textContent)) === label) return;
    }
    throw new Error(`no key leads to ${label}`);
  }

  /** The step of the epoch that the page says it has made. */
  async stepsMade(): Promise<number> {
    return Number(/step (\d+)/.exec(await this.text('.where'))?.[1]);
  }

  /** Presses a button and waits for the file that it hands out. */
  async download(label: string, path: string, within?: string): Promise<Buffer> {
    await this.press(label, within);
    const begun = performance.now();
    // The browser makes an empty file of that name before the one that it fills is moved there.
    while (!existsSync(path) || statSync(path).size === 0) {
      if (performance.now() - begun > 10_000) throw new Error(`${label}: there is no ${path}`);
      await new Promise((done) => setTimeout(done, 50));
    }
    return readFileSync(path);
  }
}
