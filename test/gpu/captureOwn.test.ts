/** Captured functions that set or read what kindling itself keeps: options of groups, seeds, rates; one tensor given twice. */
import * as k from 'kindling';
import { Parameter } from 'kindling/nn';
import { Adam, ExponentialLR, SGD } from 'kindling/optim';
import { describe, expect, test } from 'vitest';

/** What calls with these arguments return. */
async function returns<T>(call: (given: T) => k.Tensor, given: readonly T[]): Promise<number[]> {
  const values: number[] = [];
  for (const one of given) values.push(await call(one).item());
  return values;
}

describe('options that the function itself sets hold for the launches behind them', () => {
  const made = (options: { lr: number; momentum?: number }) => {
    const p = new Parameter(k.tensor([0]));
    const optimizer = new SGD([p], options);
    const step = (): void => {
      optimizer.zeroGrad();
      p.sum().backward();
      optimizer.step();
    };
    const group = optimizer.paramGroups[0] as { lr: number };
    return { p, group, step };
  };
  const rates = [1, 10, 1, 10, 1, 10, 1];

  test('a rate that is an argument', async () => {
    const run = (wrap: typeof k.capture | typeof k.step) => {
      const { p, group, step } = made({ lr: 1 });
      const body = (lr: number): k.Tensor => {
        group.lr = lr;
        step();
        return p.clone();
      };
      return returns(wrap === k.capture ? k.capture(body) : (lr: number) => k.step(() => body(lr)), rates);
    };
    expect(await run(k.capture)).toEqual(await run(k.step));
  });

  test('two rates in one call, and one that is set back', async () => {
    const { p, group, step } = made({ lr: 1 });
    const call = k.capture((_: number) => {
      group.lr = 10;
      step();
      group.lr = 1;
      step();
      return p.clone();
    });
    expect(await returns(call, [0, 0, 0, 0])).toEqual([-11, -22, -33, -44]);
  });
});

test('a rate that a scheduler gives is read anew', async () => {
  const optimizer = new SGD([new Parameter(k.ones([1]))], { lr: 1 });
  const scheduler = new ExponentialLR(optimizer, { gamma: 0.5 });
  const call = k.capture((x: k.Tensor) => x.mul(scheduler.getLastLr()[0] ?? 0));
  const got: number[] = [];
  for (let i = 0; i < 5; i++) {
    got.push(await call(k.ones([1])).item());
    scheduler.step();
  }
  expect(got).toEqual([1, 0.5, 0.25, 0.125, 0.0625]);
});

test.each<[string, () => unknown, RegExp]>([
  ['manualSeed', () => k.manualSeed(3), /seeded inside.*Call manualSeed\(\) outside/],
  ['randomState', () => k.randomState(), /state of random numbers is read inside/],
  ['stateDict', () => new Adam([new Parameter(k.ones([1]))]).stateDict(), /./],
])('what a replay cannot do again is refused: %s', (_, act, message) => {
  const call = k.capture((x: k.Tensor) => {
    act();
    return x.add(1);
  });
  expect(() => {
    for (let i = 0; i < 3; i++) call(k.ones([1]));
  }).toThrow(message);
});

test('one tensor given twice is one inside, and two are two', async () => {
  const call = k.capture((q: k.Tensor, kv: k.Tensor) => (q === kv ? q.mul(10) : q.add(kv)));
  const [a, b] = [k.ones([1]), k.ones([1])];
  const got: number[] = [];
  for (const [q, kv] of [
    [a, a],
    [a, a],
    [a, a],
    [a, b],
    [a, b],
    [a, a],
  ] as const)
    got.push(await call(q, kv).item());
  expect(got).toEqual([10, 10, 10, 2, 2, 10]);
});
