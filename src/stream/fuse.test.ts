import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/page.js';
import { outcome, randomBatch } from '../../test/support/randomBatches.js';
import type { fused as Fused } from './fuse.js';

const SOURCE = readFileSync(join(ROOT, 'src/stream/fuse.ts'), 'utf8');

/** `fused` of a source that may have been changed, where adapters bind as many buffers as they like. */
async function fusedOf(source: string, most = 99): Promise<typeof Fused> {
  const { outputFiles } = await build({
    stdin: { contents: source, loader: 'ts', resolveDir: join(ROOT, 'src/stream') },
    bundle: true,
    format: 'esm',
    write: false,
    plugins: [
      {
        name: 'no device',
        setup: ({ onLoad }) =>
          onLoad({ filter: /gpu\/device\.ts$/ }, () => ({
            contents: `export const device = () => ({ limits: { maxStorageBuffersPerShaderStage: ${most} } });
              export const perDevice = (make) => { const made = make(); return () => made; };`,
            loader: 'js',
          })),
      },
    ],
  });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64');
  return ((await import(/* @vite-ignore */ `data:text/javascript;base64,${code}`)) as { fused: typeof Fused }).fused;
}

/** The first batch, if any, of which something else is seen when it is put together. */
function wrong(fused: typeof Fused, batches: number): number | undefined {
  for (let seed = 1; seed <= batches; seed++) {
    const batch = randomBatch(seed);
    const wanted = outcome(batch.commands, batch);
    try {
      if (outcome(fused(batch.commands, true), batch).join() !== wanted.join()) return seed;
    } catch {
      return seed;
    }
  }
  return undefined;
}

describe('fused', () => {
  it('leaves what is seen of a thousand random batches what it is, in fewer launches', async () => {
    const fused = await fusedOf(SOURCE);
    expect(wrong(fused, 1000)).toBeUndefined();
    const [before, after] = [0, 0].map((_, k) =>
      Array.from({ length: 100 }, (_, seed) => {
        const { commands } = randomBatch(seed);
        return k === 0 ? commands.length : fused(commands, true).length;
      }).reduce((a, b) => a + b),
    ) as [number, number];
    expect(after).toBeLessThan(0.85 * before);
  });

  // Each rule taken out, and what then must be seen to be wrong.
  it.each<[string, string, string]>([
    ['what is written was named before', ' ...outputs,', ''],
    ['what is read is written since', ', ...inputs)', ')'],
    ['nothing moves across a replay', 'Math.max(from, ', 'Math.max(0, '],
    ['in-place writes are no maps', 'map ? isOne : pools', 'map ?? pools'],
    ['what may still be named is stored', '!root.discarded || ', ''],
    ['what others read is stored', ' || inside.get(root) !== all.get(root)', ''],
    ['what is made here is read at its place', "way === '' ? ~step : Number.NaN", '~step'],
    ['a tail reads at its place', "base && way !== '' && way !== '[0u]'", 'false'],
    ['what is made here is read as a whole', 'made.some(({ root }) => root === memory.root)', 'false'],
    ['maps are of one size', 'if (first && size !==', 'if (first && 0 >'],
    ['a pool is of the ReLU', 'outputOf(relu) === command.memories[0] &&', ''],
    ['a pool is of a ReLU', "relu?.kernel.map?.line.name === 'relu' &&", 'relu &&'],
    ['a pool alone reads the ReLU', '!stored(next, all).slice(0, 2).includes(true)', 'true'],
    ['reads of another way are another', '{way}`;', '{""}`;'],
    ['later commands see names where they went', 'named.set(root, Math.max(place, named.get(root) ?? 0))', 'named'],
    ['later commands see writes where they went', 'wrote.set(root, Math.max(place, wrote.get(root) ?? 0))', 'wrote'],
  ])('%s', async (_, rule, instead) => {
    const parts = SOURCE.split(rule);
    expect(parts, `"${rule}" is in fuse.ts once`).toHaveLength(2);
    expect(wrong(await fusedOf(parts.join(instead)), 3000)).toBeDefined();
  });
});
