/** What `npm run mutate` may break, and that marking the places changes no shader. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import type { Kernel } from '../../src/kernels/kernel.js';
import { catalogue } from '../../test/support/catalogue.js';
import { ROOT } from '../page.js';
import { instrument, instrumentKernels } from './instrument.js';
import { broken, tokens, unmarked } from './wgsl.js';

/** Everything that can become of a line, a place and a choice at a time. */
function changes(line: string): string[] {
  let count = 0;
  const source = instrument(`export const wgsl = \`${line}\`;`, () => count++);
  const marked = source.slice(source.indexOf('`') + 1, source.lastIndexOf('`'));
  const found: string[] = [];
  for (const token of tokens(marked)) {
    if (token.place === null) continue;
    for (let choice = 0; choice < token.changes.length; choice++) {
      found.push(unmarked(broken(marked, token.place, choice)?.text ?? 'nothing'));
    }
  }
  return found;
}

test.each<[string, string[]]>([
  ['a + b', ['a - b']],
  ['a * -b', ['a / -b', 'a + -b', 'a * b']],
  ['i < 3u', ['i <= 3u', 'i > 3u', 'i < 4u']],
  ['f(0.0, 0.5f, 1e-3)', ['f(1.0, 0.5f, 1e-3)', 'f(0.0, 1.0f, 1e-3)', 'f(0.0, 0.5f, 0.002)']],
  ['k += 0xffu', ['k -= 0xffu', 'k += 256u']],
  ['a == b && !c', ['a != b && !c', 'a == b || !c', 'a == b && c']],
  ['max(a, min(b, c))', ['min(a, min(b, c))', 'max(a, max(b, c))']],
  ['select(f(a, b), xs[0], c)', ['select( xs[0],f(a, b), c)', 'select(f(a, b), xs[1], c)']],
  ['k++', ['k--']],
  ['a >> 2u', ['a << 2u', 'a >> 3u']],
  ['let v: array<vec4<f32>, 4> = vec4<f32>(x); // 1 + 1', []],
  ['@compute @workgroup_size(64, 1)\nfn f(p: ptr<function, i32>) -> f32 { return g(&y); }', []],
])('%s', (line, wanted) => expect(changes(line)).toEqual(wanted));

test('a hole is a place where it holds a literal; the one that stands outermost counts', () => {
  const lines: number[] = [];
  const code = instrument(
    `const f = (n: number) => \`\${n}.0f\`;\nexport const a = \`x * \${f(2)} + \${3}u\`;\n`,
    (line) => lines.push(line) - 1,
  );
  const js = code.replace('(n: number)', '(n)').replaceAll('export ', '');
  const marked = new Function(`${js}return a;`)() as string;
  const literals = tokens(marked).filter(({ kind }) => kind === 'number');
  expect(literals.map(({ text, place, changes }) => [text, lines[place ?? -1], changes])).toEqual([
    ['2.0f', 2, ['4.0f']],
    ['3u', 2, ['4u']],
  ]);
});

test('the kernels with markers are the kernels', async () => {
  const { sources, places } = instrumentKernels();
  expect(places.length).toBeGreaterThan(1000);
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'test/support/catalogue.ts')],
    bundle: true,
    format: 'esm',
    write: false,
    alias: { '#host': join(ROOT, 'src/gpu/hosts/browser.ts') },
    plugins: [
      {
        name: 'marked',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) => ({
            contents: sources.get(path) ?? readFileSync(path, 'utf8'),
            loader: 'ts',
          })),
      },
    ],
  });
  const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? []).toString('base64')}`;
  const marked = (await import(/* @vite-ignore */ url)) as { catalogue: () => Kernel[] };
  // A marker before a piece that turns out empty keeps its blank line.
  const plain = ({ map, withTail, pooled, ...kernel }: Kernel) => ({
    ...kernel,
    name: unmarked(kernel.name),
    wgsl: unmarked(kernel.wgsl).replace(/\s+/g, ' '),
    tail: [map, withTail, pooled].map((one) => one !== undefined),
  });
  expect(marked.catalogue().map(plain)).toEqual(catalogue().map(plain));
});
