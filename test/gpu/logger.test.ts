/** Tensors in a log: read in the background, as they were when they were logged. */
import { capture, ones, randn, step, tensor } from 'kindling';
import { Logger, type LogRecord, logTo } from 'kindling/log';
import { trainModel } from 'kindling/train';
import { expect, test } from 'vitest';
import { BATCHES, parts, shelf, shuffledRows } from '../support/parts.js';

function recorded() {
  const records: LogRecord[] = [];
  return { records, logger: new Logger({ sinks: [(record) => records.push(record)] }) };
}

test('scalars of tensors are those of the moment, in order, and the tensor may go', async () => {
  const { records, logger } = recorded();
  const x = tensor([1]);
  for (let i = 0; i < 40; i++) {
    logger.addScalar('x', x, i);
    logger.addScalar('host', -i, i);
    x.copy_(Float32Array.of(i + 2));
  }
  x.dispose();
  const train = capture(() => ones([2]).sum());
  for (let i = 0; i < 3; i++) {
    const loss = train();
    logger.addScalar('loss', loss, i);
    loss.dispose();
  }
  logger.addScalar('true', tensor([true], { dtype: 'bool' }));
  await logger.close();
  const of = (tag: string): number[] =>
    records.flatMap((record) => (record.type === 'scalar' && record.tag === tag ? [record.value] : []));
  expect(of('x')).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  expect(of('loss')).toEqual([2, 2, 2]);
  expect(of('true')).toEqual([1]);
  expect(records.slice(0, 4).map((record) => 'tag' in record && record.tag)).toEqual(['x', 'host', 'x', 'host']);
});

test('histograms and images of tensors', async () => {
  const { records, logger } = recorded();
  const x = randn([300]);
  logger.addHistogram('h', x);
  logger.addImage('floats', tensor([0, 0.5, 1, 2, -1, Number.NaN], { shape: [1, 2, 3] }));
  logger.addImage('bytes', tensor([0, 7, 255, 256], { shape: [2, 2], dtype: 'i32' }), 1, { dataformats: 'HW' });
  logger.addImage('mask', tensor([true, false], { shape: [1, 2], dtype: 'bool' }), 1, { dataformats: 'HW' });
  await logger.close();
  const [histogram, ...images] = records;
  const values = [...(await x.data())];
  expect(histogram).toMatchObject({ histogram: { num: 300, min: Math.min(...values), max: Math.max(...values) } });
  expect(images.map((image) => image.type === 'image' && [...image.picture.data])).toEqual([
    [0, 128, 255, 255, 0, 0],
    [0, 7, 255, 255],
    [255, 0],
  ]);
});

test('what cannot be logged is refused at once, or told by flush', async () => {
  const { records, logger } = recorded();
  expect(() => logger.addScalar('x', ones([2]))).toThrow('addScalar: x is a tensor of 2 elements, wants one');
  expect(() => logger.addImage('x', ones([2]))).toThrow('addImage: no CHW of 1 to 4 channels: [2]');
  const inside = capture(() => logger.addScalar('x', ones([1])));
  inside();
  expect(() => inside()).toThrow('capture: a tensor is read inside a captured function');
  let left = ones([1]);
  step(() => {
    left = ones([1]).add(1);
  });
  logger.addScalar('freed', left, 3);
  logger.addScalar('after', 1, 3);
  await expect(logger.flush()).rejects.toThrow('freed');
  expect(records.map((record) => 'tag' in record && record.tag)).toEqual(['x', 'after']);
});

test('logTo logs a run of trainModel, and a resumed one goes on', async () => {
  const { records, logger } = recorded();
  const scalars = (tag: string): number[][] =>
    records.flatMap((record) => (record.type === 'scalar' && record.tag === tag ? [[record.step, record.value]] : []));
  const checkpoint = shelf();
  const [controller, losses] = [new AbortController(), [] as number[]];
  const log = logTo(logger);
  for (const resume of [false, true]) {
    const { model, optimizer, train } = parts();
    await trainModel(train, shuffledRows(), {
      ...{ epochs: 2, model, optimizer, checkpoint, resume, healthEvery: 6 },
      evaluate: () => ({ rate: 0.5 }),
      signal: resume ? undefined : controller.signal,
      async on(event) {
        await log(event);
        if (event.type === 'step') losses.push(event.loss);
        if (event.type === 'step' && event.step === 3) controller.abort();
      },
    });
  }
  await logger.close();
  expect(scalars('train/loss')).toEqual(losses.map((loss, i) => [i + 1, loss]));
  expect(losses).toHaveLength(2 * BATCHES);
  expect(scalars('train/learning_rate')).toEqual(losses.map((_, i) => [i + 1, 0.02]));
  expect(scalars('eval/rate').map(([at]) => at)).toEqual([6, 12]);
  expect(scalars('epoch/loss').map(([at]) => at)).toEqual([6, 12]);
  expect(scalars('health/nonfinite')).toEqual([
    [6, 0],
    [12, 0],
  ]);
  expect(scalars('grad_norm/0.weight').map(([at]) => at)).toEqual([6, 12]);
  // It was stopped with steps under way: what is logged next is the step after the last of them.
  const gone = records.findIndex(({ type }) => type === 'purge');
  expect(records[gone]).toMatchObject({ step: 6 });
  expect(records[gone + 1]).toMatchObject({ tag: 'weight_norm/0.weight', step: 6 });
});
