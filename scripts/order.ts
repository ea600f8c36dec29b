/**
 * `npm run order`: looks for the order of modules in which bundles are smallest, gzipped, and writes it to `src/order.ts`. Bundlers
 * keep modules in the order in which they are first named, and gzip finds what it has seen in the last 32 kB only: modules that are
 * alike are best side by side. Two minutes of trying (annealing: one module or a few go elsewhere in the list, and it is kept
 * where that is shorter, or by chance not much longer) spare the study's network some 0.4 kB.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Command } from 'commander';
import { build, transform } from 'esbuild';
import { bundleSizes, minimal } from '../bench/peers/size.js';
import { ROOT } from './page.js';

const ORDER = 'src/order.ts';
/** Modules that the library's main entry names anyway, in every host. */
const INNER = /^src\/(autograd|choose|gpu(?!\/hosts)|kernels|memory|ops|stream|tensor)\//;
/** How much longer a list may be, in bytes, to be kept by chance in the beginning. */
const HEAT = 6;

/** The text that each module adds to a bundle, and what it imports. */
interface Program {
  readonly entry: string;
  readonly texts: ReadonlyMap<string, string>;
  readonly imports: ReadonlyMap<string, readonly string[]>;
}

async function load(file: string): Promise<Program> {
  // With line breaks esbuild names the module that a piece of the bundle is of.
  const built = await build({
    ...minimal(file),
    minify: false,
    minifyIdentifiers: true,
    minifySyntax: true,
    metafile: true,
  });
  const { inputs } = built.metafile;
  const texts = new Map<string, string>();
  let module = '';
  for (const line of (built.outputFiles[0]?.text ?? '').split('\n')) {
    const named = /^\/\/ (\S+)$/.exec(line)?.[1];
    if (named && named in inputs) module = named;
    else texts.set(module, `${texts.get(module) ?? ''}${line}\n`);
  }
  for (const [name, text] of texts) {
    texts.set(name, (await transform(text, { minifyWhitespace: true, target: 'es2023' })).code);
  }
  const imports = Object.entries(inputs).map(
    ([name, input]) => [name, input.imports.filter(({ external }) => !external).map(({ path }) => path)] as const,
  );
  return { entry: `bench/peers/minimal/${file}.ts`, texts, imports: new Map(imports) };
}

/** Bytes of a program, gzipped, whose modules are first named in this order. */
function sizeOf({ entry, texts, imports }: Program, order: readonly string[]): number {
  const seen = new Set<string>();
  const pieces: string[] = [];
  const visit = (module: string): void => {
    if (seen.has(module)) return;
    seen.add(module);
    for (const other of module === ORDER ? order : (imports.get(module) ?? [])) visit(other);
    pieces.push(texts.get(module) ?? '');
  };
  visit(entry);
  return gzipSync(pieces.join(''), { level: 9 }).length;
}

const below = (n: number): number => Math.floor(Math.random() * n);

/** The list with one module more or less, or with some of them elsewhere. */
function changed(order: readonly string[], modules: readonly string[]): string[] {
  const made = [...order];
  const kind = Math.random();
  const another = modules[below(modules.length)] ?? '';
  if (kind < 0.2) return made.filter((one) => one !== another).toSpliced(below(made.length), 0, another);
  const moved = made.splice(below(made.length), kind < 0.65 ? 1 : 1 + below(5));
  return kind < 0.28 ? made : made.toSpliced(below(made.length + 1), 0, ...moved);
}

const { seconds } = new Command('order')
  .description('Looks for the order of modules in which bundles are smallest.')
  .option('--seconds <n>', 'how long to look', Number, 120)
  .parse()
  .opts<{ seconds: number }>();
const file = join(ROOT, ORDER);
const [head = ''] = readFileSync(file, 'utf8').split(/^export/m);
const written = [...readFileSync(file, 'utf8').matchAll(/from '\.\/(.*)\.js'/g)].map(([, path]) => `src/${path}.ts`);
const programs = [await load('kindling'), await load('kindling.perceptron')];
const modules = [...(programs[0]?.texts.keys() ?? [])].filter((name) => INNER.test(name));
/** The network's bytes count, those of the perceptron, of which it has most, a little. */
const cost = (order: readonly string[]): number =>
  programs.reduce((sum, program, i) => sum + sizeOf(program, order) / 10 ** i, 0);

let order = written.filter((name) => modules.includes(name));
let size = cost(order);
let best = { order, size };
const begun = performance.now();
for (let left = 1; left > 0; left = 1 - (performance.now() - begun) / (1000 * seconds)) {
  const tried = changed(order, modules);
  const bytes = cost(tried);
  if (bytes > size && Math.random() > Math.exp((size - bytes) / (HEAT * left))) continue;
  [order, size] = [tried, bytes];
  if (size < best.size) best = { order, size };
}
writeFileSync(file, `${head}${best.order.map((name) => `export {} from './${name.slice(4, -3)}.js';\n`).join('')}`);
console.table(await bundleSizes(['kindling']));
