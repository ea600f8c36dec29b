import { afterEach, beforeEach, expect, it } from 'vitest';
import { expectSame, parquetOf } from '../../../test/support/cifarParquet.js';
import { batch } from '../../../test/support/cifarServer.js';
import { FileServer } from '../../../test/support/parquetServer.js';
import { type Bringing, FILES } from '../shared/cifar10.js';
import { download, originOf } from './download.js';
import { Parts } from './parts.js';
import { MemoryShelf } from './shelf.js';

const records = { train: batch(1, 120), test: batch(2, 40) };
const files = { [FILES.train]: parquetOf(records.train, 10), [FILES.test]: parquetOf(records.test, 10) };
const largest = (files[FILES.train] as Uint8Array).length;

let server: FileServer;
let parts: Parts;
let told: Bringing[];
let shelf: MemoryShelf;

beforeEach(async () => {
  server = new FileServer(files);
  await server.listen();
  shelf = new MemoryShelf();
  parts = await Parts.open(null, shelf);
  told = [];
});
afterEach(() => server.close());

const fetchAll = (signal = new AbortController().signal): Promise<void> =>
  download({
    base: server.address,
    parts,
    signal,
    delay: 1,
    together: 60_000,
    tell: (bringing) => told.push(bringing),
  });

async function expectAll(): Promise<void> {
  const origin = await originOf(server.address);
  expect(parts.isWhole(origin)).toBe(true);
  for (const split of ['train', 'test'] as const) {
    const count = records[split].length / 3073;
    expectSame(await parts.first(origin, split, count), records[split]);
  }
  const last = told.at(-1);
  expect(last).toMatchObject({ pictures: 160, allPictures: 160, hitch: '', bytes: last?.allBytes });
}

it('fetches row groups and keeps their pictures, and asks for no part twice', async () => {
  await fetchAll();
  await expectAll();
  expect(server.requests.every((request) => /^GET \S+ bytes=\d+-\d*$/.test(request))).toBe(true);
  const asked = server.requests.length;
  await fetchAll();
  // Of each file how long it is, and what it has.
  expect(server.requests.length - asked).toBe(4);
  await expectAll();
});

it('goes on behind the last byte where connections break', async () => {
  server.manners = { breaks: 6, breakAfter: 20_000 };
  await fetchAll();
  await expectAll();
  expect(told.some(({ hitch }) => hitch.startsWith('The connection broke'))).toBe(true);
  const starts = server.requests.map((request) => Number(/bytes=(\d+)/.exec(request)?.[1]));
  expect(starts.filter((start) => starts.includes(start - 20_000)).length).toBeGreaterThanOrEqual(4);
});

it('gives up on a server that stays away, keeps what came, and needs only the rest then', async () => {
  const half = largest / 2;
  server.manners = { breaks: Number.POSITIVE_INFINITY, breakAfter: 0 };
  await expect(fetchAll()).rejects.toThrow('cannot be reached');
  let gone = false;
  server.manners.breaks = 0;
  server.manners.lie = (name, start, body) => {
    gone ||= name === FILES.train && start > half && start < largest - 1000 && body.length < 100_000;
    return body;
  };
  const giveUp = new AbortController();
  const begun = fetchAll(giveUp.signal);
  await new Promise((done) => {
    const timer = setInterval(() => {
      if (!gone) return;
      clearInterval(timer);
      done(null);
    }, 1);
  });
  giveUp.abort();
  await expect(begun).rejects.toThrow();
  const { train } = parts.have(await originOf(server.address));
  expect(train.count).toBeGreaterThan(0);
  expect(train.count).toBeLessThan(120);
  const asked = server.requests.length;
  server.manners = {};
  parts = await Parts.open(null, shelf);
  await fetchAll();
  await expectAll();
  const again = server.requests.slice(asked).map((request) => Number(/bytes=(\d+)-\d/.exec(request)?.[1]));
  expect(again).not.toContain(4);
});

it('takes the whole file of a server without ranges', async () => {
  server.manners = { ranges: false, breaks: 1, breakAfter: 30_000 };
  await fetchAll();
  await expectAll();
  expect(server.requests.length).toBe(3);
});

it('fetches damaged pictures again, and believes no server that goes on lying', async () => {
  let lies = 1;
  server.manners.lie = (_, start, body) => {
    if (start !== 4 || body.length > 100_000 || lies-- <= 0) return body;
    body[body.length >> 1] = (body[body.length >> 1] as number) ^ 8;
    return body;
  };
  await fetchAll();
  await expectAll();
  expect(told.some(({ hitch }) => hitch.startsWith('Damaged pictures'))).toBe(true);
  await parts.remove();
  lies = 100;
  await expect(fetchAll()).rejects.toThrow('the server gives damaged pictures: picture');
});

it('says what is wrong with an address', async () => {
  const other = { parts, signal: new AbortController().signal, delay: 1, tell: () => undefined };
  const empty = new FileServer({ [FILES.test]: new Uint8Array(500) });
  await empty.listen();
  await expect(download({ ...other, base: empty.address })).rejects.toThrow(`${FILES.test}: parquet`);
  empty.close();
  const none = new FileServer({});
  await none.listen();
  await expect(download({ ...other, base: none.address })).rejects.toThrow('the server answers 404');
  none.close();
});
