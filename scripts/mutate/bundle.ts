/** One module out of the GPU suite, the library with its kernels marked, and the worker that runs them in Node. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { ROOT } from '../page.js';
import { instrumentKernels, type Place } from './instrument.js';

/** Where the bundle and what was learned about it lie; inside the project, so that packages are found from there. */
export const CACHE = join(ROOT, 'node_modules/.cache/kindling-mutate');

export interface Bundle {
  readonly path: string;
  /** The same for the same sources and tests, with kernels chosen for the same kind of adapter. */
  readonly hash: string;
  readonly places: readonly Place[];
}

/** @param only the test files that are in it, by their names without `.test.ts`; all unless given. @throws Error naming one that is not there */
export async function bundleSuite(only?: readonly string[]): Promise<Bundle> {
  const { sources, places } = instrumentKernels();
  const all = readdirSync(join(ROOT, 'test/gpu'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .sort();
  const unknown = only?.find((name) => !all.includes(`${name}.test.ts`));
  if (unknown !== undefined) throw new Error(`there is no test/gpu/${unknown}.test.ts`);
  const files = all
    .filter((name) => only?.includes(name.replace('.test.ts', '')) ?? true)
    .map((name) => `test/gpu/${name}`);
  const plugin: Plugin = {
    name: 'marked-kernels',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (path.includes('node_modules')) return undefined;
        const source = sources.get(path) ?? readFileSync(path, 'utf8');
        return { contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path))), loader: 'ts' };
      });
    },
  };
  const built = await build({
    stdin: {
      contents: `
        import { work } from './scripts/mutate/worker.ts';
        work([${files.map((file) => `['${file}', () => import('./${file}')]`).join(', ')}]);`,
      resolveDir: ROOT,
      loader: 'ts',
    },
    absWorkingDir: ROOT,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    write: false,
    logLevel: 'error',
    plugins: [plugin],
    external: ['webgpu', 'chai', '@vitest/expect', 'pngjs', 'jpeg-js'],
    alias: {
      '#host': join(ROOT, 'src/gpu/hosts/node.ts'),
      '#disk': join(ROOT, 'src/io/disk/node.ts'),
      '#files': join(ROOT, 'src/data/files/node.ts'),
      vitest: join(ROOT, 'test/browser/harness.ts'),
    },
  });
  const text = built.outputFiles[0]?.text ?? '';
  mkdirSync(CACHE, { recursive: true });
  const path = join(CACHE, 'suite.mjs');
  writeFileSync(path, text);
  const hash = createHash('sha256').update(text);
  // Tests run other shaders then.
  hash.update(process.env.KINDLING_ASSUME ?? '');
  return { path, hash: hash.digest('hex').slice(0, 16), places };
}
