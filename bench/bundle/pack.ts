/**
 * `npm run bench:bundle`: a folder that runs the GPU tests and the benchmarks on a Linux machine with a GPU and nothing
 * else: `run.sh`, `torch_cuda.py`, and one `.tar.gz` with Node, Dawn and the compiled programs. gzip and tar are on every
 * Linux, xz is not; gzip takes 47 MB where xz would take 30.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { type BuildOptions, build } from 'esbuild';
import { unpackedIcd } from '../../scripts/browser.js';
import { ROOT } from '../../scripts/page.js';

const MOST_BYTES = 60e6;
/** What Node and Dawn link to besides libc, for systems without them; so is the Vulkan loader. */
const LIBRARIES = ['libstdc++.so.6', 'libgcc_s.so.1'];

/** Programs by their name in the bundle; `run.sh` runs those that are there. */
const PROGRAMS = {
  bench: 'bench/bundle/bench.ts',
  kernels: 'bench/kernels/main.ts',
  parity: 'scripts/parity.ts',
  products: 'bench/products/main.ts',
  profile: 'scripts/profile.ts',
  tune: 'scripts/tune.ts',
};

const { out } = new Command('bench:bundle')
  .description('Packs tests and benchmarks for a Linux x64 machine with a GPU.')
  .option('--out <folder>', 'where the folder goes; it is emptied first', join(ROOT, '.cache/bench-bundle'))
  .parse()
  .opts<{ out: string }>();
if (process.platform !== 'linux' || process.arch !== 'x64')
  throw new Error('the bundle holds the running Node: make it on Linux x64');

const staging = mkdtempSync(join(tmpdir(), 'kindling-bundle-'));
chmodSync(staging, 0o755);
process.on('exit', () => rmSync(staging, { recursive: true, force: true }));

const common: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'error',
  ignoreAnnotations: true,
  external: ['webgpu'],
  // Packages in CommonJS ask for Node's modules.
  banner: {
    js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`,
  },
  alias: {
    '#host': join(ROOT, 'src/gpu/hosts/node.ts'),
    '#disk': join(ROOT, 'src/io/disk/node.ts'),
    '#files': join(ROOT, 'src/data/files/node.ts'),
  },
};

const tests = readdirSync(join(ROOT, 'test/gpu'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .sort();
// Tests read their fixtures beside the folder of the program that holds them.
await build({
  ...common,
  alias: { ...common.alias, vitest: join(ROOT, 'test/browser/harness.ts') },
  stdin: {
    contents: `import { runTests } from './bench/bundle/tests.ts';
      await runTests([${tests.map((name) => `['${name}', () => import('./test/gpu/${name}')]`).join(', ')}]);`,
    resolveDir: ROOT,
    loader: 'ts',
    sourcefile: 'tests.ts',
  },
  outfile: join(staging, 'test/bundle/tests.mjs'),
});
for (const [name, source] of Object.entries(PROGRAMS)) {
  if (!existsSync(join(ROOT, source))) continue;
  const absent = join(ROOT, 'bench/bundle/absent.ts');
  await build({
    ...common,
    alias: { ...common.alias, esbuild: absent, puppeteer: absent },
    entryPoints: [join(ROOT, source)],
    outfile: join(staging, 'programs', `${name}.mjs`),
  });
}

cpSync(join(ROOT, 'test/fixtures'), join(staging, 'test/fixtures'), { recursive: true });
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).stdout?.trim();
writeFileSync(join(staging, 'version'), [version, commit].filter(Boolean).join('+'));
// Programs look for the package in the folder above theirs.
writeFileSync(join(staging, 'package.json'), JSON.stringify({ name: 'kindling', version, type: 'module' }));
copyFileSync(process.execPath, join(staging, 'node'));
chmodSync(join(staging, 'node'), 0o755);
const dawn = join(ROOT, 'node_modules/webgpu');
for (const file of ['package.json', 'index.js', 'LICENSE.md', 'dist/linux-x64/dawn.node']) {
  cpSync(join(dawn, file), join(staging, 'node_modules/webgpu', file));
}
mkdirSync(join(staging, 'lib'));
const loader = unpackedIcd()?.loader;
if (loader) cpSync(loader, join(staging, 'vulkan/libvulkan.so.1'));
const cache = spawnSync('ldconfig', ['-p'], { encoding: 'utf8' }).stdout ?? '';
for (const name of LIBRARIES) {
  const path = cache
    .split('\n')
    .find((line) => line.includes(name) && line.includes('x86-64'))
    ?.split('=> ')[1];
  if (path && existsSync(path)) copyFileSync(realpathSync(path), join(staging, 'lib', name));
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const archive = join(out, 'kindling-bench.tar.gz');
const packed = spawnSync('sh', ['-c', `tar -cf - -C "$1" . | gzip -9 > "$2"`, 'sh', staging, archive]);
if (packed.status !== 0) throw new Error(`tar failed: ${packed.stderr}`);
copyFileSync(join(ROOT, 'bench/bundle/run.sh'), join(out, 'run.sh'));
for (const name of ['torch_cuda.py', 'torch_cpu.py', 'workloads.py'])
  copyFileSync(join(ROOT, 'bench/torch', name), join(out, name));

const bytes = readdirSync(out).reduce((sum, name) => sum + statSync(join(out, name)).size, 0);
console.log(`${out}: ${(bytes / 1e6).toFixed(1)} MB`);
for (const name of readdirSync(out)) console.log(`  ${name} ${statSync(join(out, name)).size}`);
if (bytes > MOST_BYTES) throw new Error(`the bundle is larger than ${MOST_BYTES / 1e6} MB`);
