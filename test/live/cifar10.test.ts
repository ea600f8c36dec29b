/** Real pictures in the live study: fetched over a connection that breaks, kept over a reload, taken from files, deleted. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StudyResults } from '../../examples/cifar/results.js';
import { FILES } from '../../examples/live/shared/cifar10.js';
import { synthetic } from '../../src/data/synthetic.js';
import { parquetOf, RECORD } from '../support/cifarParquet.js';
import { archive } from '../support/cifarServer.js';
import { FileServer } from '../support/parquetServer.js';
import { seriousFindings } from './axe.js';
import { type Opened, Site } from './site.js';
import { Visitor } from './visitor.js';

const PLAN = '?from=/pictures/#data=cifar10&scenarios=baseline&seeds=0&epochs=1&train=128&test=40&batch=16';
const folder = mkdtempSync(join(tmpdir(), 'kindling-live-'));

function recordsOf(split: 'train' | 'test', count: number): Uint8Array {
  const { images, labels } = synthetic({ split, count });
  const records = new Uint8Array(count * RECORD);
  for (let i = 0; i < count; i++) {
    records[i * RECORD] = labels[i] as number;
    records.set(images.subarray(i * (RECORD - 1), (i + 1) * (RECORD - 1)), i * RECORD + 1);
  }
  return records;
}

const testRecords = recordsOf('test', 50);
const server = new FileServer({
  [FILES.train]: parquetOf(recordsOf('train', 150), 40),
  [FILES.test]: parquetOf(testRecords, 40),
});

let site: Site;
let opened: Opened;
let visitor: Visitor;

beforeAll(async () => {
  site = await Site.open({ beside: server.listener });
  opened = await site.visit(PLAN);
  visitor = new Visitor(opened.page);
  await visitor.saveTo(folder);
});

afterAll(async () => {
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

const saysOfPictures = (words: string): Promise<void> =>
  visitor.waits((wanted) => document.querySelector('.real')?.textContent?.includes(wanted) === true, words);

test('asks for nothing before it is told to, and does not train on what is not here', async () => {
  await saysOfPictures('Nothing has been asked for yet');
  await visitor.waits(() => document.querySelector('.go .hint')?.textContent?.includes('not here yet') === true);
  expect(await opened.page.$eval('.go button', ({ disabled }) => disabled)).toBe(true);
  expect(server.requests).toEqual([]);
  expect(await seriousFindings(opened.page)).toEqual([]);
});

test('fetches the pictures over a connection that breaks, and trains on their very bytes', async () => {
  server.manners = { breaks: 3, breakAfter: 60_000 };
  await visitor.press('Fetch');
  await saysOfPictures('150 training and 50 test pictures are here');
  expect(server.manners.breaks).toBe(0);
  await visitor.press('Start training');
  await visitor.waitsFor('Start again');
  expect(await visitor.text('.wall .note')).toContain('CIFAR-10 (from http://localhost');
  const shown = await opened.page.$$eval('.pictures canvas', (all) =>
    all.map((canvas) => [...((canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, 32, 32).data ?? [])]),
  );
  expect(shown).toHaveLength(20);
  for (const [i, pixels] of shown.entries()) {
    const planes = [0, 1, 2].flatMap((plane) => pixels.filter((_, at) => at % 4 === plane));
    expect(Buffer.compare(Buffer.from(planes), testRecords.subarray(i * RECORD + 1, (i + 1) * RECORD))).toBe(0);
  }
  const json = await visitor.download('Results, JSON', join(folder, 'results.json'));
  const { data } = JSON.parse(json.toString()) as StudyResults;
  expect(data).toMatchObject({ synthetic: false, path: 'cifar10' });
});

test('has them after a reload, and asks for nothing again', async () => {
  const asked = server.requests.length;
  await opened.page.reload();
  await saysOfPictures('150 training and 50 test pictures are here');
  // The study is here too, and the page checks that it comes out the same.
  await visitor.press('Start again');
  await visitor.waitsFor('Pause');
  await visitor.waitsFor('Start again');
  expect(await visitor.texts('.remark')).toEqual(['✓ 8 steps equal to last time, to the bit']);
  expect(server.requests.length).toBe(asked);
});

test('deletes them, and takes files instead, or says why it does not', async () => {
  await visitor.press('Delete the pictures');
  await saysOfPictures('Nothing has been asked for yet');
  const choose = async (name: string, bytes: Uint8Array): Promise<void> => {
    writeFileSync(join(folder, name), bytes);
    const field = await opened.page.$('.real input[type=file]:not([webkitdirectory])');
    await (field as Awaited<ReturnType<typeof opened.page.$<'input'>>>)?.uploadFile(join(folder, name));
  };
  await choose('notes.txt', new Uint8Array(100));
  await saysOfPictures('notes.txt is not CIFAR-10. Wanted are cifar-10-binary.tar.gz');
  await choose('cifar-10-binary.tar.gz', archive);
  await saysOfPictures('100 training and 20 test pictures are here');
  await visitor.waits(
    () => document.querySelector('.controls .hint')?.textContent?.includes('takes 128 and 40') === true,
  );
});

test('complained of nothing but the broken connections, and asked no other host', async () => {
  const { messages, foreign } = opened.complaints;
  expect(messages.filter((message) => !/net::ERR_/.test(message))).toEqual([]);
  expect(foreign).toEqual([]);
});
