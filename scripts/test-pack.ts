/**
 * The package as a user gets it: packed, installed into an empty folder, type-checked, imported and run in Node and Deno, and
 * built for the browser by Vite, webpack, Rollup and esbuild, whose pages and workers train in Chromium.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { denoEnvironment, installedDeno } from './deno.js';
import { writeApp } from './pack/app.js';
import { BUNDLERS } from './pack/bundlers.js';
import { trainInChromium } from './pack/chromium.js';
import { strayReferences } from './pack/references.js';
import { ROOT } from './page.js';

const folder = mkdtempSync(join(tmpdir(), 'kindling-pack-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

function run(command: string, args: string[], cwd = folder, env = process.env): string {
  const { status, stdout } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}`);
  return stdout;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, unknown> };
const entries = Object.keys(manifest.exports)
  .filter((path) => !path.endsWith('.json'))
  .map((path) => path.replace('.', 'kindling'));

run('npm', ['run', '--silent', 'build'], ROOT);
const [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], ROOT)) as {
  filename: string;
  size: number;
  entryCount: number;
  files: { path: string }[];
}[];
if (!packed) throw new Error('npm pack made nothing');
const inside = new Set(packed.files.map(({ path }) => path));
const stray = [...inside].filter((path) => /\.test\.|^(test|scripts|examples|node_modules)\//.test(path));
if (stray.length > 0) throw new Error(`the package holds ${stray.join(', ')}`);
const astray = strayReferences(ROOT, inside);
if (astray.length > 0) throw new Error(`what these name is not in the package:\n${astray.join('\n')}`);

writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
run('npm', [
  'install',
  '--silent',
  '--offline',
  '--no-audit',
  '--no-fund',
  '--legacy-peer-deps',
  `./${packed.filename}`,
]);
// What a user would install beside it, taken from here so that no network is needed.
for (const name of ['webgpu', '@onirenaud/swiftshader-vulkan', '@sparticuz/chromium']) {
  mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
}

const program = `
${entries.map((entry, i) => `import * as m${i} from '${entry}';`).join('\n')}
import { init, tensor } from 'kindling';
const modules: readonly object[] = [${entries.map((_, i) => `m${i}`).join(', ')}];
const { description, host } = await init();
const x = tensor([1, 2, 3], { requiresGrad: true });
const y = x.mul(x).sum();
y.backward();
const got = [await y.item(), ...((await x.grad?.array()) as number[])].join();
if (got !== '14,2,4,6') throw new Error('x·x gives ' + got);
console.log(modules.map((m) => Object.keys(m).length).join(', ') + ' exports; ran on ' + description + ', in ' + host);
`;
writeFileSync(join(folder, 'program.ts'), program);
// TypeScript's own DOM library has WebGPU's types since 6; our declarations are checked against it, nothing skipped.
const compilerOptions = {
  ...{
    module: 'nodenext',
    target: 'esnext',
    lib: ['esnext', 'dom', 'dom.iterable'],
    types: [],
    rootDir: '.',
    outDir: 'out',
  },
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
};
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')]);
console.log(`${packed.entryCount} files, ${kib(packed.size)} packed; ${entries.length} entry points type-checked`);
console.log(run(process.execPath, ['out/program.js']).trim());

// In Deno the same program runs on Deno's own WebGPU: its `imports` choose another host.
const deno = installedDeno();
const env = denoEnvironment(join(folder, 'cache'));
const found = 'Deno.exit((await navigator.gpu?.requestAdapter()) ? 0 : 1)';
if (!deno) console.log('(not tried in Deno: it is not installed)');
else if (spawnSync(deno, ['eval', found], { cwd: folder, env }).status !== 0) {
  console.log('(not tried in Deno: it finds no adapter; `npm run test:hosts` says what it needs)');
} else {
  const said = run(deno, ['run', '--quiet', '--allow-all', 'out/program.js'], folder, env).trim();
  if (!said.endsWith('(wgpu)')) throw new Error(`Deno took another host than its own: ${said}`);
  console.log(said);
}

// Tree shaking must leave what the package's side effects put in place.
await build({
  entryPoints: [join(folder, 'program.ts')],
  outfile: join(folder, 'out/bundled.js'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  external: ['webgpu'],
  logLevel: 'error',
});
run(process.execPath, ['out/bundled.js']);

/** Bundles for a browser and makes sure that nothing of Node is left. @returns the bundle */
async function bundle(name: string, contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'error',
  });
  const [file] = outputFiles;
  const left = file && /.{0,40}(["']node:[a-z/]+["']|\brequire\(|\bprocess\.).{0,40}/.exec(file.text);
  if (!file || left) throw new Error(`the browser bundle of ${name} reaches for Node: ${left?.[0]}`);
  console.log(`browser bundle, ${name}: ${kib(file.contents.length)}, ${kib(gzipSync(file.contents).length)} gzipped`);
  return file.text;
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}

await bundle(
  'everything',
  entries.map((entry, i) => `import * as m${i} from '${entry}'; console.log(m${i});`).join('\n'),
);
const smallest = `import { init, tensor } from 'kindling';
  await init();
  console.log(await tensor([1, 2]).mul(2).array());`;
const alone = await bundle('tensors and autograd alone', `import 'kindling/winograd'; ${smallest}`);
const added = await bundle(
  'the same and kindling/winograd',
  `import { useWinograd } from 'kindling/winograd'; useWinograd(); ${smallest}`,
);
if (alone.includes('conv2d.winograd') || !added.includes('conv2d.winograd')) {
  throw new Error('Winograd is in the bundles of those who ask for it, and in no other');
}

// A page and a module worker train from each bundler's production build, which leaves out what it takes for unused.
const app = join(folder, 'app');
writeApp(app, entries);
for (const [name, build] of Object.entries(BUNDLERS)) await build(app, join(folder, 'built', name));
await trainInChromium(join(folder, 'built'), Object.keys(BUNDLERS), entries.length);
console.log('pack: 1 passed, 0 failed');
