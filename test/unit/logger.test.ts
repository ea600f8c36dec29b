/** Where records go, in which order, and what becomes of errors. Tensors are logged in `test/gpu/logger.test.ts`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consoleSink, csvSink, jsonlSink, Logger, type LogRecord, type LogSink, logTo, MemoryFile } from 'kindling/log';
import type { TrainEvent } from 'kindling/train';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/page.js';
import { eventsIn } from '../support/eventFiles.js';

const folder = mkdtempSync(join(tmpdir(), 'kindling-logger-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const linesIn = (name: string): string[] => readFileSync(at(name), 'utf8').split('\n');

/** Logs, and closes. */
async function log(
  sinks: (LogSink | ((record: LogRecord) => unknown))[],
  body: (logger: Logger) => void,
): Promise<void> {
  const logger = new Logger({ sinks });
  body(logger);
  await logger.close();
}

const scalars =
  (tag: string, ...steps: number[]) =>
  (logger: Logger) => {
    for (const step of steps) logger.addScalar(tag, step / 4, step);
  };
/** Lines of CSV without their times, which differ. */
const timeless = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/,\d+(\.\d+)?,/, ',,'));

describe('CSV', () => {
  it('has a line a scalar, and is gone on with', async () => {
    await log([csvSink(at('a/b/s.csv'))], scalars('x', 1, 2));
    await log([csvSink(at('a/b/s.csv'))], (logger) => {
      logger.addScalar('a "quoted", tag', Number.NaN, 3);
      logger.addText('note', 'left out', 3);
    });
    expect(timeless(linesIn('a/b/s.csv'))).toEqual([
      'step,time,tag,value',
      '1,,x,0.25',
      '2,,x,0.5',
      '3,,"a ""quoted"", tag",NaN',
      '',
    ]);
  });

  it('loses a last line that was never written in full, and that alone', async () => {
    for (const [left, kept] of [
      ['step,time,tag,value\n1,5,x,1\n2,5,x', 'step,time,tag,value\n1,5,x,1\n'],
      ['step,time', 'step,time,tag,value\n'],
      [`step,time,tag,value\n${'9'.repeat(70_000)}`, 'step,time,tag,value\n'],
      [`step,time,tag,value\n${'1,5,x,1\n'.repeat(10_000)}`, `step,time,tag,value\n${'1,5,x,1\n'.repeat(10_000)}`],
    ] as const) {
      writeFileSync(at('broken.csv'), left);
      await log([csvSink(at('broken.csv'))], scalars('x', 3));
      const text = readFileSync(at('broken.csv'), 'utf8');
      expect(text.startsWith(kept)).toBe(true);
      expect(timeless([text.slice(kept.length)])).toEqual(['3,,x,0.75\n']);
    }
  });
});

describe('JSON Lines', () => {
  it('are records, of images the sizes', async () => {
    await log([jsonlSink(at('r.jsonl'))], (logger) => {
      logger.addScalar('x', Number.POSITIVE_INFINITY, 1);
      logger.addHistogram('h', [1, 2], 2);
      logger.addImage('i', { data: new Uint8Array(6), shape: [1, 2, 3] }, 3);
      logger.addHparams({ lr: 1 }, { loss: 2 });
    });
    const records = linesIn('r.jsonl')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    const time = expect.any(Number);
    expect(records[0]).toEqual({ type: 'scalar', tag: 'x', step: 1, time, value: 'Infinity' });
    expect(records[1]).toMatchObject({ type: 'histogram', histogram: { num: 2, sum: 3 } });
    expect(records[2]).toEqual({ type: 'image', tag: 'i', step: 3, time, width: 3, height: 2, channels: 1 });
    expect(records[3]).toEqual({ type: 'hparams', hparams: { lr: 1 }, metrics: { loss: 2 }, time });
  });
});

it('a run that goes back takes the lines that it makes anew out of files, whoever wrote them', async () => {
  const sinks = () => [csvSink(at('back.csv')), jsonlSink(at('back.jsonl'))];
  await log(sinks(), scalars('x', 1, 2, 3, 4));
  await log(sinks(), (logger) => {
    logger.purge(3);
    scalars('x', 3)(logger);
    logger.purge(2);
    scalars('x', 2, 3)(logger);
  });
  expect(timeless(linesIn('back.csv'))).toEqual(['step,time,tag,value', '1,,x,0.25', '2,,x,0.5', '3,,x,0.75', '']);
  expect(
    linesIn('back.jsonl')
      .slice(0, -1)
      .map((line) => JSON.parse(line).step),
  ).toEqual([1, 2, 3]);
});

it('a killed process leaves whole records, which the next goes on with', async () => {
  const source = `
    import { csvSink, jsonlSink, Logger, tensorBoardSink } from 'kindling/log';
    const at = ${JSON.stringify(at('killed'))};
    const logger = new Logger({ sinks: [tensorBoardSink(at), csvSink(at + '/s.csv'), jsonlSink(at + '/r.jsonl')] });
    for (let step = 0; ; step++) {
      for (let i = 0; i < 500; i++) logger.addScalar('x' + i, Math.random(), step);
      await logger.flush();
      if (step === 5) console.log('six');
    }`;
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await log([csvSink(at('killed/s.csv')), jsonlSink(at('killed/r.jsonl'))], scalars('last', 4));
  const [csv, jsonl] = [linesIn('killed/s.csv'), linesIn('killed/r.jsonl')];
  expect(csv.length).toBeGreaterThan(3000);
  for (const line of csv.slice(1, -1)) expect(line).toMatch(/^\d+,[\d.]+,\w+,[\d.e-]+$/);
  for (const line of jsonl.slice(0, -1)) expect(JSON.parse(line)).toMatchObject({ type: 'scalar' });
  expect(JSON.parse(jsonl.at(-2) ?? '')).toMatchObject({ tag: 'last' });
  const [name = ''] = readdirSync(at('killed')).filter((one) => one.includes('tfevents'));
  expect(eventsIn(readFileSync(join(at('killed'), name))).length).toBeGreaterThan(3000);
});

it('lines come to the file by themselves, within seconds', async () => {
  const logger = new Logger({ sinks: [csvSink(at('soon.csv'))] });
  scalars('x', 1)(logger);
  await expect
    .poll(() => readdirSync(folder).includes('soon.csv') && linesIn('soon.csv').length, { timeout: 8000 })
    .toBe(3);
  await logger.close();
});

describe('the console', () => {
  it('shows the scalars of a step in a line, of every so many', async () => {
    const lines: string[] = [];
    await log([consoleSink({ every: 2, print: (line) => lines.push(line) })], (logger) => {
      for (let step = 0; step < 4; step++) logger.addScalars('a', { b: step / 3, c: 1e-7 * step }, step);
      logger.addText('note', 'hello', 4);
      logger.addScalar('b', Number.NaN, 4);
    });
    expect(lines).toEqual([
      'step 0  a/b 0  a/c 0',
      'step 2  a/b 0.6667  a/c 2e-7',
      'step 4  note: hello',
      'step 4  b NaN',
    ]);
  });
});

describe('the logger', () => {
  it('hands records on in order, plain enough for a message, one sink waiting for the next', async () => {
    const seen: string[] = [];
    const slow = async (record: LogRecord): Promise<void> => {
      await new Promise((done) => setTimeout(done, 2));
      seen.push(`slow ${structuredClone(record).type}`);
    };
    const logger = new Logger({ sinks: [slow, (record) => seen.push(record.type)] });
    logger.addScalar('a', 1);
    logger.addText('b', 'c');
    expect(seen).toEqual([]);
    await logger.flush();
    expect(seen).toEqual(['slow scalar', 'scalar', 'slow text', 'text']);
    await logger.close();
    await logger.close();
    expect(() => logger.addScalar('a', 1)).toThrow('addScalar: the logger is closed');
  });

  it('tells by flush what failed, and goes on', async () => {
    const seen: unknown[] = [];
    const broken = (): never => {
      throw new Error('no room');
    };
    const logger = new Logger({ sinks: [broken, (record) => seen.push(record.type)] });
    logger.addScalar('a', 1);
    await expect(logger.flush()).rejects.toThrow('no room');
    expect(seen).toEqual(['scalar']);
    await logger.flush();
    logger.addScalar('a', 1);
    await expect(logger.close()).rejects.toThrow('no room');
  });

  it('tells which file cannot be written, and tries anew', async () => {
    writeFileSync(at('file'), '');
    const logger = new Logger({ sinks: [csvSink(at('file/s.csv'))] });
    logger.addScalar('a', 1);
    await expect(logger.flush()).rejects.toThrow(/csvSink: .*file\/s\.csv cannot be written \(/);
    rmSync(at('file'));
    logger.addScalar('a', 2);
    await logger.close();
    expect(timeless(linesIn('file/s.csv'))).toEqual(['step,time,tag,value', '0,,a,2', '']);
  });

  it.each<[string, (logger: Logger) => void]>([
    ["addScalar: a is '1', wants a number or a tensor", (logger) => logger.addScalar('a', '1' as never)],
    ['addScalar: the tag is empty', (logger) => logger.addScalar('', 1)],
    ['addScalar: step is 1.5, wants a whole number', (logger) => logger.addScalar('a', 1, 1.5)],
    [
      'addScalars: wants numbers by name, such as { train: 0.5 }, got 1',
      (logger) => logger.addScalars('a', 1 as never),
    ],
    ['addHistogram: a is 1, wants a tensor or an array of numbers', (logger) => logger.addHistogram('a', 1 as never)],
    [
      'addImage: no CHW of 1 to 4 channels: [5, 2, 2]; say',
      (logger) => logger.addImage('a', { data: new Uint8Array(20), shape: [5, 2, 2] }),
    ],
    [
      'addImage: 3 elements do not fit shape [1, 2, 2]',
      (logger) => logger.addImage('a', { data: new Uint8Array(3), shape: [1, 2, 2] }),
    ],
    ['addText: content is 1, wants a string', (logger) => logger.addText('a', 1 as never)],
    [
      'addHparams: lr is an object, wants a number or a string or a boolean',
      (logger) => logger.addHparams({ lr: {} as never }),
    ],
    ['purge: step is undefined, wants a whole number', (logger) => logger.purge(undefined as never)],
  ])('refuses: %s', (message, call) => {
    expect(() => call(new Logger({ sinks: [] }))).toThrow(message);
  });
});

it('files in memory are those on disk', async () => {
  const memory = new MemoryFile();
  await log([csvSink(memory)], scalars('x', 1, 2));
  const text = await memory.blob('text/csv').text();
  expect(timeless(text.split('\n'))).toEqual(['step,time,tag,value', '1,,x,0.25', '2,,x,0.5', '']);
});

it('what trainModel tells is logged under fixed names, and is on disk when a checkpoint is', async () => {
  const seen: string[] = [];
  let flushed = 0;
  const sink: LogSink = {
    write: (record) =>
      seen.push('tag' in record ? `${record.step} ${record.tag}` : `${record.type} ${JSON.stringify(record)}`),
    flush: () => flushed++,
  };
  const on = logTo(new Logger({ sinks: [sink] }), { everySteps: 2, batchSize: 32 });
  const figures = { nan: 1, inf: 2, max: 3, norm: 4 };
  const parameters = [{ name: 'fc.weight', size: 9, weight: figures, grad: null }];
  const place = (step: number) => ({ step, epoch: 1, batch: step });
  const events: TrainEvent[] = [
    { type: 'resume', adapter: 'any', ...place(4) },
    ...[5, 6, 7].map((step) => ({ type: 'step', loss: 1, learningRate: 0.1, ...place(step) }) as const),
    { type: 'health', health: { parameters, first: 'fc.weight' }, ...place(8) },
    { type: 'step', loss: 1, learningRate: null, ...place(8) },
    { type: 'checkpoint', ...place(8) },
    { type: 'evaluation', scores: { accuracy: 0.5 }, ...place(8) },
    { type: 'epoch', epoch: 1, step: 8, loss: 1, learningRate: null, scores: null },
  ];
  for (const event of events) {
    await on(event);
    await new Promise((done) => setTimeout(done, 2));
    if (event.type === 'checkpoint') expect(flushed).toBe(1);
  }
  expect(seen[0]).toMatch(/^purge \{"type":"purge","step":5,/);
  expect(seen.slice(1)).toEqual([
    ...['6 train/loss', '6 train/learning_rate'],
    ...['8 weight_norm/fc.weight', '8 weight_max/fc.weight', '8 health/nonfinite', '8 health/first'],
    ...['8 train/loss', '8 train/steps_per_second', '8 train/samples_per_second'],
    ...['8 eval/accuracy', '8 epoch/loss'],
  ]);
});
