/**
 * Event files, read back by a reader of our own (`test/support/eventFiles.ts`) and, where it is installed, by Google's protobuf for
 * Python (`test/fixtures/events.py`; Debian: `apt-get install python3-protobuf`).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataFormat, Logger, MemoryFile, tensorBoardSink } from 'kindling/log';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../../scripts/page.js';
import { pythonWith } from '../../scripts/python.js';
import { crc32c } from '../../src/io/crc32.js';
import { all, eventsIn, fieldsOf, numberOf, one, type ReadEvent, textOf } from '../support/eventFiles.js';

const folder = mkdtempSync(join(tmpdir(), 'kindling-events-'));
afterAll(() => rmSync(folder, { recursive: true }));

const IMAGES: readonly [tag: string, format: DataFormat, shape: number[]][] = [
  ['grey', 'HW', [3, 5]],
  ['with alpha', 'HWC', [3, 5, 2]],
  ['colours', 'CHW', [3, 4, 2]],
  ['colours with alpha', 'HWC', [2, 3, 4]],
];
const bytes = (shape: readonly number[]): Uint8Array =>
  Uint8Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => (i * 37 + 11) % 256);
const VALUES = [1, -1, 0.5, -2.5, 1e-13, 0, 1e30, -1e30, 3, 3.05, Number.NaN, Number.POSITIVE_INFINITY];

let file: Uint8Array;
let events: ReadEvent[];
const tagged = (tag: string): ReadEvent[] => events.filter((event) => event.tag === tag);

beforeAll(async () => {
  const memory = new MemoryFile();
  const logger = new Logger({ sinks: [tensorBoardSink(memory)] });
  logger.addScalar('train/loss', 0.1, 7);
  logger.addScalar('train/loss', Number.NaN, 2 ** 40);
  logger.addScalar('Fehler · 損失', Number.NEGATIVE_INFINITY, -3);
  logger.addScalars('both', { a: 1, b: 2 }, 8);
  logger.addHistogram('values', VALUES, 9);
  logger.addHistogram('one', [2], 9);
  logger.addHistogram('none', [Number.NaN], 9);
  for (const [tag, dataformats, shape] of IMAGES)
    logger.addImage(tag, { data: bytes(shape), shape }, 10, { dataformats });
  logger.addText('note', '**bold** · 太', 11);
  logger.purge(5);
  logger.addHparams({ lr: 1e-3, optimizer: 'adam', nesterov: false, amsgrad: true }, { accuracy: 0.5, loss: 2 });
  await logger.close();
  file = await memory.bytes();
  events = eventsIn(file);
});

it('the checksum is that of RFC 3720', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
});

it('begins with the version; every event has its time', () => {
  expect(events[0]).toMatchObject({ version: 'brain.Event:2', step: 0 });
  const now = Date.now() / 1000;
  for (const { time } of events) expect(Math.abs(time - now)).toBeLessThan(300);
});

it('scalars have tag, value and step', () => {
  expect(tagged('train/loss').map(({ step, scalar }) => [step, scalar])).toEqual([
    [7, Math.fround(0.1)],
    [2 ** 40, Number.NaN],
  ]);
  expect(tagged('Fehler · 損失')).toMatchObject([{ step: -3, scalar: Number.NEGATIVE_INFINITY }]);
  expect([...tagged('both/a'), ...tagged('both/b')].map(({ step, scalar }) => [step, scalar])).toEqual([
    [8, 1],
    [8, 2],
  ]);
});

it('a histogram counts every finite value in the bucket that it lies in', () => {
  const finite = VALUES.filter(Number.isFinite);
  const { figures = [], limits = [], buckets = [] } = tagged('values')[0]?.histogram ?? {};
  const squares = finite.reduce((sum, x) => sum + x * x, 0);
  expect(figures).toEqual([-1e30, 1e30, finite.length, finite.reduce((sum, x) => sum + x, 0), squares]);
  expect(limits).toHaveLength(buckets.length);
  expect(limits).toEqual([...limits].sort((a, b) => a - b));
  for (const [i, limit] of limits.entries()) {
    const from = limits[i - 1] ?? Number.NEGATIVE_INFINITY;
    // Negative buckets are mirrored: their upper ends belong to the next.
    expect(buckets[i]).toBe(finite.filter((x) => x >= from && x < limit).length);
  }
  const [first, last] = [buckets[0], buckets.at(-1)];
  expect([first, (last ?? 0) > 0, (buckets[1] ?? 0) > 0]).toEqual([0, true, true]);
  const { limits: around = [] } = tagged('one')[0]?.histogram ?? {};
  expect([around.length, (around[0] ?? 9) <= 2, (around[1] ?? 0) > 2]).toEqual([2, true, true]);
  expect(tagged('none')[0]?.histogram?.figures).toEqual([0, 0, 0, 0, 0]);
});

it.each(IMAGES)('an image, %s, is a PNG of its bytes', (tag, format, shape) => {
  const [height, width, channels, hex] = tagged(tag)[0]?.image ?? [];
  const sizes = Object.fromEntries([...format].map((letter, i) => [letter, shape[i]]));
  expect([height, width, channels]).toEqual([sizes.H, sizes.W, sizes.C ?? 1]);
  const decoded = PNG.sync.read(Buffer.from(hex ?? '', 'hex'));
  const data = bytes(shape);
  const count = channels ?? 1;
  for (let pixel = 0; pixel < decoded.width * decoded.height; pixel++) {
    const samples = Array.from({ length: count }, (_, c) =>
      format === 'CHW' ? data[c * decoded.width * decoded.height + pixel] : data[pixel * count + c],
    );
    const [r, g = r, b = r] = count < 3 ? [samples[0]] : samples;
    const alpha = count % 2 === 0 ? samples.at(-1) : 255;
    expect([...decoded.data.subarray(4 * pixel, 4 * pixel + 4)]).toEqual([r, g, b, alpha]);
  }
});

it('text and hyperparameters are as their plugins want them', () => {
  expect(tagged('note/text_summary')[0]).toMatchObject({ plugin: 'text', text: '**bold** · 太', step: 11 });
  const contents = ['experiment', 'session_start_info', 'session_end_info'].map((name) => {
    const [event] = tagged(`_hparams_/${name}`);
    expect(event?.plugin).toBe('hparams');
    return Uint8Array.from(Buffer.from(event?.hparams ?? '', 'hex'));
  });
  const [experiment, start, end] = contents.map((content, i) => one(content, i + 2)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  expect(all(experiment, 4).map((info) => [textOf(one(info, 1)), numberOf(info, 4)])).toEqual([
    ['lr', 3],
    ['optimizer', 1],
    ['nesterov', 2],
    ['amsgrad', 2],
  ]);
  expect(all(experiment, 5).map((info) => textOf(one(one(info, 1), 2)))).toEqual(['accuracy', 'loss']);
  expect(all(start, 1).map((entry) => [textOf(one(entry, 1)), fieldsOf(one(entry, 2))[0]?.[0]])).toEqual([
    ['lr', 2],
    ['optimizer', 3],
    ['nesterov', 4],
    ['amsgrad', 4],
  ]);
  expect(numberOf(end, 1)).toBe(1);
  expect(tagged('accuracy')[0]?.scalar).toBe(0.5);
});

it('a run that goes back says so', () => {
  expect(events.filter(({ session }) => session !== undefined)).toMatchObject([{ session: 1, step: 5 }]);
});

it('a damaged byte is noticed, and a file that is cut off ends with its last whole record', () => {
  for (const at of [3, 9, 20, file.length - 2]) {
    const damaged = file.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 4;
    expect(() => eventsIn(damaged)).toThrow('damaged');
  }
  for (const less of [1, 15, 40]) {
    const cut = eventsIn(file.subarray(0, file.length - less));
    expect(cut).toEqual(events.slice(0, cut.length));
    expect(cut.length).toBeGreaterThan(events.length - 4);
  }
});

it('each process adds a file of its own to the folder', async () => {
  const runs = join(folder, 'runs/a/');
  for (const value of [1, 2]) {
    const logger = new Logger({ sinks: [tensorBoardSink(runs)] });
    logger.addScalar('x', value, value);
    await logger.close();
  }
  const names = readdirSync(runs);
  expect(names).toHaveLength(2);
  for (const name of names) expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\..+\.\d+$/);
  const values = names.map((name) => eventsIn(readFileSync(join(runs, name)))[1]?.scalar);
  expect(values.sort()).toEqual([1, 2]);
});

const python = pythonWith('google.protobuf');
it.skipIf(!python)("Google's protobuf reads the same", () => {
  const path = join(folder, 'file');
  writeFileSync(path, file);
  const script = join(ROOT, 'test/fixtures/events.py');
  const { status, stdout, stderr } = spawnSync(python as string, [script, path], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const theirs = JSON.parse(stdout) as (ReadEvent & Record<string, unknown>)[];
  const [experiment, start, end] = theirs.filter(({ plugin }) => plugin === 'hparams');
  expect(experiment).toMatchObject({
    infos: [
      ['lr', 3],
      ['optimizer', 1],
      ['nesterov', 2],
      ['amsgrad', 2],
    ],
    metrics: ['accuracy', 'loss'],
  });
  expect(start).toMatchObject({ values: { lr: 1e-3, optimizer: 'adam', nesterov: false, amsgrad: true } });
  expect(end).toMatchObject({ status: 1 });
  const same = theirs.map(({ infos: _i, metrics: _m, values: _v, status: _s, ...event }) => ({
    ...event,
    ...('scalar' in event ? { scalar: Number(String(event.scalar).replace('inf', 'Infinity')) } : {}),
  }));
  expect(same).toEqual(events);
});
