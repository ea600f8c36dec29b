/** Dicts and lists of modules and parameters. */
import { capture, ones, type Tensor, zeros } from 'kindling';
import * as nn from 'kindling/nn';
import { ModuleDict, ParameterList } from 'kindling/nn';
import { describe, expect, test } from 'vitest';
import { layerCases } from '../support/layerCases.js';

test('lists and dicts print as PyTorch’s', async () => {
  expect(
    [
      new ParameterList([ones([2, 3]), ones([])]),
      new ParameterList([ones([3])]),
      new ParameterList(),
      new ModuleDict({ 10: new nn.ReLU() }).set('2', new nn.Linear(2, 3)),
    ].map(String),
  ).toEqual((await layerCases()).prints.map((text) => text.replaceAll('torch.float32', 'f32')));
});

describe('ModuleDict', () => {
  test('keeps modules by name, in their order', async () => {
    class Heads extends nn.Module {
      heads = new ModuleDict([
        ['10', new nn.Linear(2, 3)],
        ['2', new nn.Linear(2, 1)],
      ]);
      forward(x: Tensor, name: string): Tensor {
        return this.heads.get(name)(x);
      }
    }
    const net = new Heads();
    expect(Object.keys(net.stateDict())).toEqual([
      'heads.10.weight',
      'heads.10.bias',
      'heads.2.weight',
      'heads.2.bias',
    ]);
    expect(net.parameters().length).toBe(4);
    expect([net(ones([1, 2]), '10').shape, net(ones([1, 2]), '2').shape]).toEqual([
      [1, 3],
      [1, 1],
    ]);
    expect(() => net(ones([1, 2]), 'main')).toThrow("ModuleDict: no module 'main'; there are 10, 2");
    const { heads } = net;
    expect([[...heads.keys()], heads.length, heads.has('2'), [...heads].length, [...heads.values()].length]).toEqual([
      ['10', '2'],
      2,
      true,
      2,
      2,
    ]);
    heads.update(new Map([['forward', new nn.Linear(2, 2)]]));
    expect(net(ones([1, 2]), 'forward').shape).toEqual([1, 2]);
    expect([heads.delete('2'), heads.delete('2'), heads.length]).toEqual([true, false, 2]);
    net.eval();
    expect(heads.get('10').training).toBe(false);
    heads.clear();
    expect(net.parameters()).toEqual([]);
  });

  test('refuses other names, other values, and calls', () => {
    const dict = new ModuleDict();
    for (const name of ['', 'a.b']) expect(() => dict.set(name, new nn.ReLU())).toThrow('neither empty nor has a dot');
    for (const wrong of [{ a: 1 }, [['a']], 'ab', null]) {
      expect(() => new ModuleDict(wrong as never)).toThrow('ModuleDict: wants modules by name, got');
    }
    expect(() => (dict as unknown as () => void)()).toThrow('a dict has no forward');
  });

  test('is looked after in captured steps', async () => {
    const dict = new ModuleDict({ a: new nn.Linear(2, 1), b: new nn.Linear(2, 1) });
    const run = capture((x: Tensor) => dict.get('a')(x));
    const x = ones([1, 2]);
    for (let i = 0; i < 3; i++) run(x);
    dict.set('a', dict.get('b'));
    expect(await run(x).data()).toEqual(await dict.get('b')(x).data());
  });
});

test('ParameterList holds parameters by position; ModuleList.append and ParameterList.append put more behind', async () => {
  const shared = new nn.Parameter(ones([2]));
  const list = new ParameterList([shared, zeros([3])]).append(ones([1])).extend([ones([4]), ones([5])]);
  expect(list[0]).toBe(shared);
  expect(Object.keys(list.stateDict())).toEqual(['0', '1', '2', '3', '4']);
  expect([...list].map(({ requiresGrad, size }) => [requiresGrad, size])).toEqual(
    [2, 3, 1, 4, 5].map((n) => [true, n]),
  );
  expect([list.length, list.parameters().length]).toEqual([5, 5]);
  expect(() => new ParameterList([1] as never)).toThrow('ParameterList: wants parameters, got [1]');
  expect(() => (list as unknown as () => void)()).toThrow('a list has no forward');
  const modules = new nn.ModuleList([new nn.Linear(1, 2)]).append(new nn.Linear(2, 3)).append(new nn.Linear(3, 4));
  expect(Object.keys(modules.stateDict()).filter((key) => key.endsWith('weight'))).toEqual(
    ['0', '1', '2'].map((i) => `${i}.weight`),
  );
  expect(modules[2]?.outFeatures).toBe(4);
  expect(() => modules.append(3 as never)).toThrow('append: wants a module, got [3]');
});
