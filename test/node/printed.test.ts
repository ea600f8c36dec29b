/** What Node's console shows of modules, alone and in what holds them, and that nothing holds them once they are unused. */

import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import { expect, test } from 'vitest';

test('the console shows a module as PyTorch prints it', () => {
  const relu = new nn.ReLU();
  const model = new nn.Sequential(new nn.Linear(1, 2), relu);
  expect(inspect(model)).toBe(String(model));
  expect(inspect({ relu, list: [relu] })).toBe('{ relu: ReLU(), list: [ ReLU() ] }');
  expect(inspect(new Map([['a', relu]]))).toBe("Map(1) { 'a' => ReLU() }");
});

test('modules that nobody refers to are collected', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const make = (): WeakRef<nn.Module> => {
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Tanh());
    model(k.ones([1, 2]))
      .sum()
      .backward();
    model.parameters();
    return new WeakRef(model);
  };
  const made = k.step(() => Array.from({ length: 20 }, make));
  for (let i = 0; i < 5; i++) {
    await k.sync();
    await new Promise((resolve) => setTimeout(resolve));
    collect();
  }
  expect(made.filter((model) => model.deref()).length).toBeLessThan(2);
});
