/**
 * `npm run bench:size`: bytes of minimal training programs, minified by esbuild, and gzipped: the study's network in each
 * library, and in kindling, of which a bundler leaves out what is not used, a perceptron of two layers too.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Command } from 'commander';
import { type BuildOptions, build } from 'esbuild';
import { ROOT } from '../../scripts/page.js';
import { LIBRARIES, type LibraryName } from './library.js';

export interface BundleSize {
  library: LibraryName;
  program: 'network' | 'perceptron';
  bytes: number;
  gzipBytes: number;
}

/** How a minimal program is bundled. */
export const minimal = (file: string) =>
  ({
    entryPoints: [join(ROOT, `bench/peers/minimal/${file}.ts`)],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    write: false,
    legalComments: 'none',
    logLevel: 'error',
    absWorkingDir: ROOT,
    external: ['node:*'],
    alias: {
      '#host': join(ROOT, 'src/gpu/hosts/browser.ts'),
      '#disk': join(ROOT, 'src/io/disk/browser.ts'),
      '#files': join(ROOT, 'src/data/files/browser.ts'),
    },
  }) as const satisfies BuildOptions;

export async function bundleSizes(libraries: readonly LibraryName[] = LIBRARIES): Promise<BundleSize[]> {
  const programs = libraries.flatMap((library) => [
    { library, program: 'network' as const, file: library as string },
    ...(library === 'kindling' ? [{ library, program: 'perceptron' as const, file: 'kindling.perceptron' }] : []),
  ]);
  return Promise.all(
    programs.map(async ({ library, program, file }) => {
      const built = await build({ ...minimal(file), minify: true });
      const bytes = built.outputFiles[0]?.contents ?? new Uint8Array();
      return { library, program, bytes: bytes.length, gzipBytes: gzipSync(bytes, { level: 9 }).length };
    }),
  );
}

/** The command itself. Fails where one of kindling's programs is larger than it may be. */
async function main(): Promise<void> {
  const options = new Command('bench:size')
    .description('Bytes of minimal training programs in each library, minified by esbuild, and gzipped.')
    .option('--max-network <bytes>', "fails where kindling's network is larger, gzipped", Number)
    .option('--max-perceptron <bytes>', "fails where kindling's perceptron is larger, gzipped", Number)
    .parse()
    .opts<{ maxNetwork?: number; maxPerceptron?: number }>();
  const bounds = { network: options.maxNetwork, perceptron: options.maxPerceptron };
  const sizes = await bundleSizes();
  console.table(sizes);
  for (const { library, program, gzipBytes } of sizes) {
    const bound = bounds[program] ?? Number.POSITIVE_INFINITY;
    if (library !== 'kindling' || gzipBytes <= bound) continue;
    console.error(`kindling's ${program} takes ${gzipBytes} bytes, more than the ${bound} allowed`);
    process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
