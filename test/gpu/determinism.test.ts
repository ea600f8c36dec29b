/** The same bits each time: eager or replayed, dropout included. */
import { expect, test } from 'vitest';
import { trainer } from '../support/training.js';

test('200 steps of the study’s network give the same bits twice, eager and replayed alike', async () => {
  const bits = async (eager: boolean): Promise<unknown> => {
    const { model, next } = trainer(4, 7, { dropoutConv: 0.2, dropoutDense: 0.2 }, { eager });
    const losses: Promise<number>[] = [];
    for (let step = 0; step < 200; step++) losses.push((await next()).item());
    const weights = model.parameters().map(async (weight) => [...(await weight.data())]);
    return [await Promise.all(losses), await Promise.all(weights)];
  };
  const replayed = await bits(false);
  expect(await bits(false)).toEqual(replayed);
  expect(await bits(true)).toEqual(replayed);
}, 900_000);
