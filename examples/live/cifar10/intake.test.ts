import { beforeEach, expect, it } from 'vitest';
import { expectSame, parquetOf } from '../../../test/support/cifarParquet.js';
import { archive, batches, entries, pack, RECORDS } from '../../../test/support/cifarServer.js';
import { concat } from '../../../test/support/tar.js';
import { OWN, takeFiles } from './intake.js';
import { Parts } from './parts.js';
import { MemoryShelf } from './shelf.js';

let parts: Parts;
beforeEach(async () => {
  parts = await Parts.open(null, new MemoryShelf());
});

const file = (name: string, bytes: Uint8Array): File => new File([bytes.slice()], name);
const take = (...files: File[]): Promise<void> =>
  takeFiles(files, parts, new AbortController().signal, () => undefined);
const bins = batches.map(([name, bytes]) => file(name, bytes));
const train = concat(batches.slice(0, 5).map(([, bytes]) => bytes));
const test = concat(batches.slice(5).map(([, bytes]) => bytes));

async function expectAll(): Promise<void> {
  expect(parts.isWhole(OWN)).toBe(true);
  expectSame(await parts.first(OWN, 'train', 5 * RECORDS), train);
  expectSame(await parts.first(OWN, 'test', RECORDS), test);
}

it('takes the archive, in whatever order its files are', async () => {
  await take(file('cifar-10-binary.tar.gz', archive));
  await expectAll();
  await take(file('a.gz', pack(entries.toReversed())));
  await expectAll();
});

it('takes a folder of its files, and passes over what else is there', async () => {
  await take(...bins.toReversed(), file('readme.html', new Uint8Array(3)));
  await expectAll();
});

it('takes parquet files', async () => {
  await take(file('train-00000-of-00001.parquet', parquetOf(train, 30)), file('test-0.parquet', parquetOf(test, 30)));
  await expectAll();
});

it.each<[string, File[], string]>([
  ['a picture', [file('cat.jpg', Uint8Array.of(0xff, 0xd8, 1, 2))], 'cat.jpg is not CIFAR-10. Wanted are cifar-10-bin'],
  ['the training pictures alone', bins.slice(0, 5), 'There are no test pictures'],
  ['a file that is cut off', [file('test_batch.bin', test.subarray(1))], 'cut off'],
  [
    'other labels',
    [
      bins[0] as File,
      file(
        'test_batch.bin',
        test.map(() => 200),
      ),
    ],
    'test_batch.bin: picture 0 is of class',
  ],
  [
    'the version for Python',
    [file('x.tar.gz', pack([{ name: 'cifar-10-batches-py/data_batch_1', bytes: new Uint8Array(9) }]))],
    'x.tar.gz is the version for Python',
  ],
  ['an archive without a batch', [file('x.tar.gz', pack(entries.slice(0, 4)))], 'has 2 of the six files'],
  ['an archive that is cut off', [file('x.tar.gz', archive.subarray(0, 90_000))], 'the archive is cut off'],
  ['a gzip file that is no archive', [file('x.gz', pack([]))], 'x.gz has 0 of the six files'],
  ['a parquet file without a name', [file('0.parquet', parquetOf(test, 30))], 'whether it is train or test'],
])('refuses %s, and keeps nothing of it', async (_, files, why) => {
  await expect(take(...files)).rejects.toThrow(why);
  expect(parts.bytes).toBe(0);
});
