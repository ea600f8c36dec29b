/** `npm run bench:size`: bytes of a minimal training program in each library, minified by esbuild, and gzipped. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Command } from 'commander';
import { build } from 'esbuild';
import { ROOT } from '../../scripts/page.js';
import { LIBRARIES, type LibraryName } from './library.js';

export interface BundleSize {
  library: LibraryName;
  bytes: number;
  gzipBytes: number;
}

export async function bundleSizes(libraries: readonly LibraryName[] = LIBRARIES): Promise<BundleSize[]> {
  return Promise.all(
    libraries.map(async (library) => {
      const built = await build({
        entryPoints: [join(ROOT, `bench/peers/minimal/${library}.ts`)],
        bundle: true,
        minify: true,
        format: 'esm',
        platform: 'browser',
        target: 'es2023',
        write: false,
        legalComments: 'none',
        logLevel: 'error',
        external: ['node:*'],
        alias: {
          '#host': join(ROOT, 'src/gpu/hosts/browser.ts'),
          '#files': join(ROOT, 'src/data/files/browser.ts'),
        },
      });
      const bytes = built.outputFiles[0]?.contents ?? new Uint8Array();
      return { library, bytes: bytes.length, gzipBytes: gzipSync(bytes, { level: 9 }).length };
    }),
  );
}

/** The command itself. Fails where kindling's program is larger than it may be. */
async function main(): Promise<void> {
  const { maxGzip = Number.POSITIVE_INFINITY } = new Command('bench:size')
    .description('Bytes of a minimal training program in each library, minified by esbuild, and gzipped.')
    .option('--max-gzip <bytes>', "fails where kindling's is larger", Number)
    .parse()
    .opts<{ maxGzip?: number }>();
  const sizes = await bundleSizes();
  console.table(sizes);
  const ours = sizes.find(({ library }) => library === 'kindling')?.gzipBytes ?? Number.NaN;
  if (ours <= maxGzip) return;
  console.error(`kindling takes ${ours} bytes, more than the ${maxGzip} of --max-gzip`);
  process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
