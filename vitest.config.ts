import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { Progress } from './test/support/progress.js';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Tests run on the sources; what the package's `imports` and `exports` name in `dist` is mapped back. */
const alias = [
  { find: '#host', replacement: at('./src/gpu/hosts/node.ts') },
  { find: '#disk', replacement: at('./src/io/disk/node.ts') },
  { find: '#files', replacement: at('./src/data/files/node.ts') },
  { find: /^kindling$/, replacement: at('./src/index.ts') },
  { find: 'kindling/nn/functional', replacement: at('./src/nn/functional.ts') },
  { find: /^kindling\/(\w+)$/, replacement: at('./src/$1/index.ts') },
];

/** A project of tests that need an adapter. */
const gpu = (name: string, include: string, groupOrder: number) => ({
  resolve: { alias },
  test: {
    name,
    // Whatever was tuned on this machine, tests run the defaults, and they store nothing in the user's cache.
    env: { KINDLING_TUNE: '0', KINDLING_CACHE: join(tmpdir(), `kindling-test-${process.pid}`) },
    include: [include],
    setupFiles: ['test/support/setup.ts'],
    // Dawn wants one device in a process, and two processes on a software adapter only share the same cores.
    pool: 'forks' as const,
    isolate: false,
    fileParallelism: false,
    maxWorkers: 1,
    disableConsoleIntercept: true,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { groupOrder },
  },
});

export default defineConfig({
  test: {
    reporters: [['default', { summary: false }], new Progress()],
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'examples/**/*.test.ts', 'scripts/**/*.test.ts', 'test/unit/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 60_000,
        },
      },
      gpu('node', 'test/{gpu,node}/**/*.test.ts', 1),
      // In a process of its own: pages import what changes the kernels of a whole program.
      gpu('docs', 'test/docs/**/*.test.ts', 2),
      {
        resolve: { alias },
        test: {
          name: 'live',
          include: ['test/live/**/*.test.ts'],
          // Builds the page once for all of them; one adapter serves one file after the other.
          globalSetup: ['test/live/build.ts'],
          pool: 'forks',
          fileParallelism: false,
          maxWorkers: 1,
          disableConsoleIntercept: true,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
