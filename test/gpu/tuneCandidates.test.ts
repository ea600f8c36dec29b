/** Every candidate of the tuner gives the same results; a default that another program may not have is stored by name. */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';
import { setTuning, useTuning } from 'kindling/tune';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { forgetChoices } from '../../src/tune/choices.js';
import { standardOf } from '../../src/tune/lists.js';

beforeAll(() => useTuning());
afterAll(() => useTuning(false));
afterEach(() => {
  setTuning('stored');
  forgetChoices();
});

/** A small net, forward, backward and update, from the same numbers each time. */
async function results(): Promise<Float32Array[]> {
  k.manualSeed(3);
  const x = k.randn([6, 3, 9, 9]);
  const shapes = [[8, 3, 3, 3], [8], [8, 8, 2, 2], [5, 32], [5]];
  const parameters = shapes.map((shape) => k.randn(shape).mul(0.2).detach().requiresGrad_());
  const [w1, b1, w2, w3, b3] = parameters as [k.Tensor, k.Tensor, k.Tensor, k.Tensor, k.Tensor];
  const optimizer = new Adam(parameters, { lr: 0.01 });
  const y = k.randint(0, 5, [6]);
  const output = k.step(() => {
    const pooled = F.maxPool2d(F.relu(F.conv2d(x, w1, b1)), 2);
    const hidden = k.sigmoid(F.relu(F.conv2d(pooled, w2)));
    const logits = F.linear(hidden.flatten(1).narrow(1, 0, 32), w3, b3);
    const loss = F.nllLoss(F.logSoftmax(logits.mul(k.tanh(logits)), 1), y);
    loss.backward();
    optimizer.step();
    return [loss, ...parameters.map(({ grad }) => grad as k.Tensor).map((grad) => grad.mul(1))];
  });
  return Promise.all([...output, ...parameters].map((one) => one.data() as Promise<Float32Array>));
}

test('every candidate gives the same results in a small net', async () => {
  setTuning('default');
  const expected = await results();
  setTuning('stored');
  const { collecting } = await import('../../src/tune/choose.js');
  const choices = new Map<string, readonly object[]>();
  const collect = (site: { key: string; candidates(): readonly object[]; run(): unknown }): void => {
    choices.set(site.key, site.candidates());
    site.run();
  };
  // Collecting by hand: what is measured does not matter here, only what may be chosen.
  await collecting(collect, results);
  expect(choices.size).toBeGreaterThan(4);
  const most = Math.max(...[...choices.values()].map((list) => list.length));
  for (let i = 0; i < most; i++) {
    const pick = [...choices].flatMap(([name, list]) => (list[i] ? [[name, list[i]]] : []));
    setTuning(Object.fromEntries(pick));
    const found = await results();
    found.forEach((values, t) => {
      const wanted = expected[t] as Float32Array;
      const scale = Math.max(...wanted.map(Math.abs));
      const error = Math.max(...values.map((value, j) => Math.abs(value - (wanted[j] ?? 0))));
      expect({ i, t, error: error <= 2e-5 * scale + 1e-7 }).toEqual({ i, t, error: true });
    });
  }
});

test('a default that another program may not have is stored by name', () => {
  const size = { batches: 1, rows: 64, columns: 288, outer: 1, inner: 10816, splittable: true };
  const standard = (otherWay: boolean | undefined): object | null =>
    standardOf({ size, abilities: { software: true, subgroups: true }, otherWay }, {});
  expect([true, false, undefined].map(standard)).toEqual([
    { variant: 'subgroups', otherWay: true },
    { variant: 'subgroups' },
    null,
  ]);
  expect(standardOf('flat', {})).toBeNull();
});
