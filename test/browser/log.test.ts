/** Logs in a page: files of the origin private file system, and pictures. Node has tests of its own. */
import { readFileIfThere, writeFileAtomic } from 'kindling/io';
import { csvSink, jsonlSink, Logger, type LogRecord, MemoryFile, tensorBoardSink } from 'kindling/log';
import { expect, test } from 'vitest';
import { eventsIn } from '../support/eventFiles.js';

const read = async (path: string): Promise<string> =>
  new TextDecoder().decode((await readFileIfThere(path)) ?? undefined);
const timeless = (text: string): string => text.replace(/,[\d.]+,/g, ',,');

async function log(
  sinks: ConstructorParameters<typeof Logger>[0]['sinks'],
  body: (logger: Logger) => void,
): Promise<void> {
  const logger = new Logger({ sinks });
  body(logger);
  await logger.close();
}

test('lines are added to files that are there, and taken out where a run goes back', async () => {
  const sinks = () => [csvSink('log/run/s.csv'), jsonlSink('log/run/r.jsonl')];
  await log(sinks(), (logger) => logger.addScalar('x', 1, 1));
  await log(sinks(), (logger) => {
    for (let step = 2; step < 5; step++) logger.addScalar('x', step, step);
  });
  expect(timeless(await read('log/run/s.csv'))).toBe('step,time,tag,value\n1,,x,1\n2,,x,2\n3,,x,3\n4,,x,4\n');
  await log(sinks(), (logger) => {
    logger.purge(3);
    logger.addScalar('x', 30, 3);
  });
  expect(timeless(await read('log/run/s.csv'))).toBe('step,time,tag,value\n1,,x,1\n2,,x,2\n3,,x,30\n');
  expect((await read('log/run/r.jsonl')).split('\n')).toHaveLength(4);
});

test('a last line that was never written in full is cut off', async () => {
  await writeFileAtomic('log/broken.csv', 'step,time,tag,value\n1,5,x,1\n2,5');
  await log([csvSink('log/broken.csv')], (logger) => logger.addScalar('x', 3, 3));
  expect(timeless(await read('log/broken.csv'))).toBe('step,time,tag,value\n1,,x,1\n3,,x,3\n');
});

test('event files, with pictures that the page decodes, in memory and on disk', async () => {
  const memory = new MemoryFile();
  const records: LogRecord[] = [];
  await log([tensorBoardSink(memory), tensorBoardSink('log/board'), (record) => records.push(record)], (logger) => {
    logger.addScalar('x', 0.5, 1);
    logger.addImage('i', { data: Uint8Array.of(255, 0, 0, 0, 0, 255), shape: [1, 2, 3] }, 2, { dataformats: 'HWC' });
  });
  const events = eventsIn(await memory.bytes());
  expect(events[1]).toMatchObject({ tag: 'x', step: 1, scalar: 0.5 });
  const hex = events[2]?.image?.[3] ?? '';
  const png = Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
  const bitmap = await createImageBitmap(new Blob([png], { type: 'image/png' }));
  const context = new OffscreenCanvas(2, 1).getContext('2d');
  context?.drawImage(bitmap, 0, 0);
  expect([...(context?.getImageData(0, 0, 2, 1).data ?? [])]).toEqual([255, 0, 0, 255, 0, 0, 255, 255]);
  expect(structuredClone(records)).toEqual(records);

  const folder = await (await (await navigator.storage.getDirectory()).getDirectoryHandle('log')).getDirectoryHandle(
    'board',
  );
  const names: string[] = [];
  for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
  expect(names).toHaveLength(1);
  expect(names[0]).toMatch(/^events\.out\.tfevents\.\d{10}\.page\.[0-9a-f]{8}\.\d+$/);
  const content = await readFileIfThere(`log/board/${names[0]}`);
  expect(eventsIn(content ?? new Uint8Array()).slice(1)).toEqual(events.slice(1));
});

test('what cannot be written is told by flush', async () => {
  await writeFileAtomic('log/file', 'x');
  const logger = new Logger({ sinks: [csvSink('log/file/within.csv')] });
  logger.addScalar('x', 1);
  await expect(logger.flush()).rejects.toThrow('csvSink: log/file/within.csv cannot be written (');
});
