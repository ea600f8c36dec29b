/** axe-core on a page: what it finds that keeps somebody out. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'puppeteer';

const program = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Each serious or critical finding, with the first element that it is about. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // The page's policy forbids scripts of others; the driver's are exempt.
  await page.evaluate(program);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help} (${nodes.length}, such as ${nodes[0]?.html})`);
}
