import { expect, it } from 'vitest';
import { expectSame } from '../../../test/support/cifarParquet.js';
import { batch } from '../../../test/support/cifarServer.js';
import { checkCounts } from './download.js';
import { Parts } from './parts.js';
import { apart, type Bytes, countsOf } from './records.js';
import { MemoryShelf } from './shelf.js';

const records = batch(5, 30) as Bytes;
const part = (first: number, count: number) =>
  [
    { origin: 'hub', split: 'train', first, count, total: 30 } as const,
    records.slice(first * 3073, (first + count) * 3073),
  ] as const;

it('gives the first pictures of those that follow one another', async () => {
  const parts = await Parts.open(null, new MemoryShelf());
  await parts.put(...part(20, 10));
  expect(parts.have('hub').train).toEqual({ count: 0, total: 30 });
  await parts.put(...part(0, 12));
  expect(parts.have('hub').train).toEqual({ count: 12, total: 30 });
  await expect(parts.first('hub', 'train', 13)).rejects.toThrow('12 pictures, not 13');
  await parts.put(...part(12, 8));
  expect(parts.have('hub')).toEqual({ train: { count: 30, total: 30 }, test: { count: 0, total: null } });
  expect(parts.isWhole('hub')).toBe(false);
  expectSame(await parts.first('hub', 'train', 25), records.subarray(0, 25 * 3073));
  expect(await parts.counts('hub', 'train')).toEqual(countsOf(records));
});

it('finds again what was kept, and takes no part that is not what its name says', async () => {
  const kept = new MemoryShelf();
  const before = await Parts.open(kept, new MemoryShelf());
  await before.put(...part(0, 10));
  await before.put(...part(10, 20));
  await kept.write('notes.txt', new Uint8Array(3));
  const [, second = ''] = await kept.names();
  await kept.write(second, (await kept.read(second)).slice(0, 5000));
  const after = await Parts.open(kept, new MemoryShelf());
  expect(after.have('hub').train.count).toBe(30);
  expect((await after.first('hub', 'train', 10)).labels).toEqual(apart([records], 10).labels);
  await expect(after.first('hub', 'train', 11)).rejects.toThrow('pictures 10 to 29 of train are damaged');
  expect(after.have('hub').train.count).toBe(10);
  expect(await kept.names()).not.toContain(second);
});

it('holds in memory what the browser has no room for, and says so', async () => {
  class FullShelf extends MemoryShelf {
    override async write(): Promise<void> {
      throw new DOMException('no room', 'QuotaExceededError');
    }
  }
  const kept = new FullShelf();
  const parts = await Parts.open(kept, new MemoryShelf());
  expect(parts.notKept).toBe('');
  await parts.put(...part(0, 30));
  expect(parts.notKept).toContain('no more room');
  expect((await parts.first('hub', 'train', 30)).labels.length).toBe(30);
  expect(await kept.names()).toEqual([]);
  await parts.remove();
  expect(parts.bytes).toBe(0);
});

it('keeps no whole split whose classes are not of one size', async () => {
  const labelled = (label: (i: number) => number): Bytes => {
    const bytes = new Uint8Array(10_000 * 3073);
    for (let i = 0; i < 10_000; i++) bytes[i * 3073] = label(i);
    return bytes;
  };
  const parts = await Parts.open(null, new MemoryShelf());
  const stretch = { origin: 'hub', split: 'test', first: 0, count: 10_000, total: 10_000 } as const;
  await parts.put(
    stretch,
    labelled((i) => i % 10),
  );
  await checkCounts(parts, 'hub', 'test');
  await parts.remove();
  await parts.put(
    stretch,
    labelled((i) => (i === 9 ? 0 : i % 10)),
  );
  await expect(checkCounts(parts, 'hub', 'test')).rejects.toThrow('1000 test pictures of each class; these are 1001,');
  expect(parts.bytes).toBe(0);
});
