/** What `bench:peers` trains from is what PyTorch's losses in `bench/peers/losses.json` are of, whoever makes it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readSafetensors } from 'kindling/io';
import { describe, expect, it } from 'vitest';
import { BATCH, NETWORKS, type Network, stepFlops } from '../../bench/peers/networks.js';
import { startFile, startOf } from '../../bench/peers/startFiles.js';
import { firstOf, WORKLOADS } from '../../bench/peers/workloads.js';

const file = new URL('../../bench/peers/losses.json', import.meta.url);
const known = JSON.parse(readFileSync(file, 'utf8')) as Record<Network, { sha256: string; losses: number[] }>;

describe.each(NETWORKS)('the start of %s', (network) => {
  const start = startOf(network);

  it("is the one that PyTorch's losses are of: else npx tsx bench/peers/losses.ts", () => {
    const sha256 = createHash('sha256').update(startFile(start)).digest('hex');
    expect(known[network].sha256).toBe(sha256);
    // At first, nothing is known of ten classes and 78 characters.
    expect(known[network].losses[0]).toBeCloseTo(Math.log(network === 'resnet' ? 10 : 78), 1);
  });

  it('travels to PyTorch as it is', () => {
    const { tensors } = readSafetensors(startFile(start));
    expect(tensors.size).toBe(start.parameters.size + 2 * start.batches.length);
    for (const [name, { shape, data }] of start.parameters) {
      expect(tensors.get(name)).toMatchObject({ dtype: 'f32', shape });
      expect(tensors.get(name)?.data).toEqual(data);
    }
    const [, y] = start.batches[1] ?? [];
    expect(tensors.get('batch.1.y')?.data).toEqual(y?.data);
  });

  it('has batches of the size that is measured, no two alike', () => {
    expect(start.batches.map(([{ shape }]) => shape[0])).toEqual(start.batches.map(() => BATCH[network]));
    expect(new Set(start.batches.map(([{ data }]) => String(data))).size).toBe(start.batches.length);
  });
});

it('counts the arithmetic of a step as its layers do', () => {
  // Multiply-adds of each parameter of a product, three times over, on every character; and attention's two products.
  const { parameters } = startOf('gpt');
  const matrices = [...parameters].filter(([name, { shape }]) => shape.length === 2 && !/tokens|positions/.test(name));
  const weights = matrices.reduce((sum, [, { data }]) => sum + data.length, 0);
  const attention = 2 * 2 * 64 * 64;
  expect(stepFlops('gpt')).toBe(6 * 16 * 64 * (weights + attention));
  // 3.2 M multiply-adds an image, as `npm run example:resnet` says; pictures need no gradient.
  expect(stepFlops('resnet') / 32 / 6).toBeGreaterThan(3e6);
  expect(stepFlops('resnet') / 32 / 6).toBeLessThan(3.3e6);
});

it('names first steps after their steps', () => {
  const names = WORKLOADS.filter(({ kind }) => kind === 'training').map(({ name }) => firstOf(name));
  expect(names).toEqual(['firstResnetStep', 'firstGptStep']);
});
