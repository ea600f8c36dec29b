/** Which fields of a module hold what it trains and saves, under which names, and what is said of those that nobody sees. */
import { mean, type Tensor, tensor } from 'kindling';
import * as nn from 'kindling/nn';
import { Module, Parameter } from 'kindling/nn';
import { SGD } from 'kindling/optim';
import { expect, test } from 'vitest';
import { warningsOf } from '../support/warnings.js';

const names = (module: Module): string[] => module.namedParameters().map(([name]) => name);
const small = (): nn.Linear => new nn.Linear(1, 1, { bias: false });

class Base extends Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}

test('arrays, Maps, Sets and plain objects of modules and parameters belong to a module', async () => {
  class Net extends Base {
    layers = [small(), [small()]];
    byName = new Map([['aux', small()]]);
    set = new Set([small()]);
    heads = { main: small() };
    scales = [new Parameter(tensor([1]))];
    numbers = [1, 2, 3];
  }
  const net = new Net();
  const wanted = [
    'scales.0',
    'layers.0.weight',
    'layers.1.0.weight',
    'byName.aux.weight',
    'set.0.weight',
    'heads.main.weight',
  ];
  expect(names(net)).toEqual(wanted);
  expect(Object.keys(net.stateDict())).toEqual(wanted);
  expect(net.modules()).toHaveLength(6);
  expect(String(net)).toContain('(layers.1.0): Linear');
  net.eval();
  expect(net.heads.main.training).toBe(false);
  expect(await warningsOf(() => net.parameters())).toEqual([]);
});

test('layers in an array are trained', async () => {
  class Net extends Base {
    layers = [small(), small()];
    override forward(x: Tensor): Tensor {
      return this.layers.reduce((h, layer) => layer.forward(h), x);
    }
  }
  const net = new Net();
  const before = await Promise.all(net.parameters().map((parameter) => parameter.item()));
  const optimizer = new SGD(net.parameters(), { lr: 0.5 });
  mean(net.forward(tensor([[1]]))).backward();
  optimizer.step();
  const after = await Promise.all(net.parameters().map((parameter) => parameter.item()));
  expect(after).toHaveLength(2);
  for (const [i, value] of after.entries()) expect(value).not.toBe(before[i]);
});

test('a container that holds itself ends', () => {
  class Net extends Base {
    items: unknown[] = [small()];
  }
  const net = new Net();
  net.items.push(net.items);
  expect(names(net)).toEqual(['items.0.weight']);
});

test('of a graph of plain objects every node is looked at once', () => {
  interface Node {
    layer: nn.Linear;
    next: Node[];
  }
  class Net extends Base {
    nodes: Node[] = Array.from({ length: 20 }, () => ({ layer: small(), next: [] }));
    constructor() {
      super();
      for (const node of this.nodes) node.next = this.nodes.filter((other) => other !== node);
    }
  }
  const net = new Net();
  expect(net.parameters()).toHaveLength(20);
  expect(Object.keys(net.stateDict())).toHaveLength(20);
});

test('a module that holds one above it is trained and saved', () => {
  class Child extends Base {
    layer = small();
    parent: Module;
    constructor(parent: Module) {
      super();
      this.parent = parent;
    }
  }
  class Parent extends Base {
    all: Module[] = [this];
    child = new Child(this);
  }
  const net = new Parent();
  expect(names(net)).toEqual(['child.layer.weight']);
  expect(Object.keys(net.stateDict())).toEqual(['child.layer.weight']);
});

test('tensors whose names meet are refused, not lost', () => {
  const [first, second] = [small(), small()];
  const containers: unknown[] = [
    new Map<unknown, Module>([
      [1, first],
      ['1', second],
    ]),
    new Map<unknown, Module>([
      [{}, first],
      [{}, second],
    ]),
    { 'b.c': first, b: { c: second } },
  ];
  for (const heads of containers) {
    class Net extends Base {
      heads = heads;
    }
    const net = new Net();
    expect(net.parameters()).toHaveLength(2);
    expect(() => net.stateDict()).toThrow(/two tensors are called heads\..*weight$/);
    expect(() => net.loadStateDict({})).toThrow('two tensors are called');
  }
  class Shared extends Base {
    a = first;
    b = new Map<unknown, Module>([
      [1, first],
      ['1', first],
    ]);
  }
  expect(Object.keys(new Shared().stateDict())).toEqual(['a.weight', 'b.1.weight']);
});

test('keys are the names of fields as they are written', () => {
  class Net extends Base {
    LayerNorm = small();
    AuxLogits = small();
    fc1Out = small();
    bn = new nn.BatchNorm1d(1);
    myScale = new Parameter(tensor([1]));
    constructor() {
      super();
      this.registerBuffer('meanOfAll', tensor([1]));
    }
  }
  expect(Object.keys(new Net().stateDict())).toEqual([
    'myScale',
    'meanOfAll',
    'LayerNorm.weight',
    'AuxLogits.weight',
    'fc1Out.weight',
    'bn.weight',
    'bn.bias',
    'bn.running_mean',
    'bn.running_var',
    'bn.num_batches_tracked',
  ]);
  expect(Object.keys(new nn.MultiheadAttention(2, 1).stateDict())).toEqual([
    'in_proj_weight',
    'in_proj_bias',
    'out_proj.weight',
    'out_proj.bias',
  ]);
});

test('loadStateDict renames', async () => {
  const net = new nn.Sequential(small());
  const state = { 'module.0.weight': tensor([[5]]) };
  expect(() => net.loadStateDict(state)).toThrow('missing: 0.weight');
  net.loadStateDict(state, { rename: (key) => key.replace('module.', '') });
  expect(await net.parameters()[0]?.item()).toBe(5);
  const twice = { a: tensor([[1]]), b: tensor([[2]]) };
  expect(() => net.loadStateDict(twice, { rename: () => '0.weight' })).toThrow(
    'rename makes 0.weight of b and of another',
  );
});

test('a layer in a private field is warned of by name, once', async () => {
  class Hidden extends Base {
    head = small();
    #body = new nn.Sequential(small(), new nn.ReLU());
    #scale = new Parameter(tensor([1]));
    override forward(x: Tensor): Tensor {
      return this.head.forward(this.#body.forward(x)).mul(this.#scale);
    }
  }
  class Outer extends Base {
    inner = new Hidden();
  }
  const outer = new Outer();
  const said = await warningsOf(() => expect(outer.parameters()).toHaveLength(1));
  expect(said).toHaveLength(1);
  expect(said[0]).toContain(`${Outer.name}: ${nn.Linear.name} made in its constructor`);
  expect(await warningsOf(() => outer.parameters())).toEqual([]);
  const inside = await warningsOf(() => outer.inner.parameters());
  expect(inside[0]).toContain(`${Hidden.name}: ${nn.Linear.name}, a Parameter made in its constructor`);
});

test('a layer under a symbol or not enumerable is warned of', async () => {
  const layer = Symbol('layer');
  class Hidden extends Base {
    [layer] = small();
    constructor() {
      super();
      Object.defineProperty(this, 'other', { value: small() });
    }
  }
  expect(await warningsOf(() => new Hidden().parameters())).toHaveLength(1);
});

test('a head that was replaced before the parameters are asked for is not warned of', async () => {
  class Net extends Base {
    body = small();
    head: Module = new nn.Sequential(small(), new nn.ReLU());
  }
  class Derived extends Net {
    constructor() {
      super();
      this.head = small();
    }
  }
  const net = new Net();
  net.head = small();
  const said = await warningsOf(() => expect(net.parameters().length + new Derived().parameters().length).toBe(4));
  expect(said).toEqual([]);
});

test('what is shared, replaced, frozen or made elsewhere is not warned of', async () => {
  class Tied extends Base {
    embedding = new nn.Embedding(4, 2);
    decoder = new nn.Linear(2, 4, { bias: false });
    own = new Parameter(tensor([1]));
    #teacher = small().requiresGrad_(false);
    constructor() {
      super();
      this.decoder.weight = this.embedding.weight;
      this.own = new Parameter(tensor([2]));
    }
    override forward(x: Tensor): Tensor {
      return this.#teacher.forward(x);
    }
  }
  const [first, stray, second] = [new Tied(), small(), new Tied()];
  const said = await warningsOf(() => {
    expect(first.parameters().length + stray.parameters().length + second.parameters().length).toBe(5);
  });
  expect(said).toEqual([]);
});
