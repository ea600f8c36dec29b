/** Builds the page once, before the first of the files that visit it. */
import { join } from 'node:path';
import { build } from 'vite';
import type { TestProject } from 'vitest/node';
import { ROOT } from '../../scripts/page.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder that `npm run build:page` writes. */
    site: string;
  }
}

export default async function buildSite({ provide }: TestProject): Promise<void> {
  await build({ configFile: join(ROOT, 'examples/live/vite.config.ts'), logLevel: 'error' });
  provide('site', join(ROOT, 'live'));
}
