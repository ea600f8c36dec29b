/** Modules are called as functions, and are objects of their classes in all else. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import { describe, expect, test } from 'vitest';

const numbers = async (x: k.Tensor): Promise<unknown> => x.array();

class Scale extends nn.Module {
  factor = 2;
  forward(x: k.Tensor): k.Tensor {
    return x.mul(this.factor);
  }
}

describe('a call runs forward', () => {
  test('of layers, containers and losses', async () => {
    const [x, target] = [k.randn([2, 3]), k.randn([2, 3])];
    const linear = new nn.Linear(3, 3);
    const model = new nn.Sequential(linear, new nn.Tanh());
    const criterion = new nn.MSELoss();
    expect(await numbers(linear(x))).toEqual(await numbers(linear.forward(x)));
    expect(await numbers(model(x))).toEqual(await numbers(linear.forward(x).tanh()));
    expect(await numbers(criterion(model(x), target))).toEqual(await numbers(criterion.forward(model(x), target)));
    criterion(model(x), target).backward();
    expect(linear.weight.grad?.shape).toEqual([3, 3]);
  });

  test('with all arguments, whatever it returns, and the module as this', async () => {
    class Pair extends nn.Module {
      seen: unknown[] = [];
      forward(x: k.Tensor, mask: k.Tensor | null, ...rest: number[]): [k.Tensor, this] {
        this.seen = [mask, ...rest];
        return [x, this];
      }
    }
    const [pair, x] = [new Pair(), k.ones([1])];
    const [same, self] = pair(x, null, 1, 2);
    expect([same === x, self === pair, pair.seen]).toEqual([true, true, [null, 1, 2]]);
    const [, called] = Reflect.apply(pair, { other: true }, [x, null]) as [k.Tensor, Pair];
    expect(called === pair).toBe(true);
    const attention = new nn.MultiheadAttention(2, 1, { batchFirst: true });
    const q = k.randn([1, 3, 2]);
    expect(attention(q, q, q, { needWeights: false })[1]).toBeNull();
  });

  test('that is async, or throws', async () => {
    class Later extends nn.Module {
      async forward(x: k.Tensor): Promise<number> {
        if (x.size !== 1) throw new k.KindlingError('Later: wants one element');
        return x.item();
      }
    }
    const later = new Later();
    expect(await later(k.tensor([3]))).toBe(3);
    await expect(later(k.ones([2]))).rejects.toThrow('Later: wants one element');
    expect(() => new nn.Linear(3, 3)(k.ones([2, 2]))).toThrow(k.KindlingError);
    expect(() => (new nn.ModuleList() as unknown as () => void)()).toThrow('ModuleList: a list has no forward');
  });

  test('in the place of a function', async () => {
    const scale = new Scale();
    expect(await Promise.all([k.tensor([1]), k.tensor([2])].map(scale).map((y) => y.item()))).toEqual([2, 4]);
    const x = k.tensor([3], { requiresGrad: true });
    k.checkpoint(scale, x).backward();
    expect(await x.grad?.array()).toEqual([2]);
  });

  test('that was put there later', async () => {
    const scale = new Scale();
    scale.forward = (x) => x.add(1);
    expect(await scale(k.tensor([1])).item()).toBe(2);
    Reflect.deleteProperty(scale, 'forward');
    expect(await scale(k.tensor([1])).item()).toBe(2);
    scale.factor = 5;
    expect(await scale(k.tensor([1])).item()).toBe(5);
  });
});

describe('classes', () => {
  test('with private fields and methods, getters, setters and statics', async () => {
    class Secret extends nn.Module {
      static made = 0;
      #factor = 3;
      readonly #add = (x: k.Tensor): k.Tensor => x.add(this.#factor);
      constructor() {
        super();
        Secret.made++;
      }
      #times(x: k.Tensor): k.Tensor {
        return x.mul(this.#factor);
      }
      get factor(): number {
        return this.#factor;
      }
      set factor(to: number) {
        this.#factor = to;
      }
      static isSecret(value: object): boolean {
        return #factor in value;
      }
      forward(x: k.Tensor): k.Tensor {
        return this.#add(this.#times(x));
      }
    }
    const secret = new Secret();
    expect(await secret(k.tensor([1])).item()).toBe(6);
    secret.factor = 4;
    expect(await secret(k.tensor([1])).item()).toBe(8);
    expect([secret.factor, Secret.made, Secret.isSecret(secret), Secret.isSecret(new Scale())]).toEqual([
      ...[4, 1, true, false],
    ]);
    expect(Object.keys(secret)).toEqual([]);
  });

  test('of classes, by super', async () => {
    class Twice extends Scale {
      before = this.factor;
      after: number;
      constructor(readonly bias: number) {
        super();
        this.after = this.before + bias;
      }
      override forward(x: k.Tensor, more = 0): k.Tensor {
        return super.forward(super.forward(x)).add(this.bias + more);
      }
    }
    class Last extends Twice {
      override factor = 3;
    }
    const last = new Last(1);
    expect(await last(k.tensor([1])).item()).toBe(10);
    expect(await last(k.tensor([1]), 5).item()).toBe(15);
    expect({ ...last }).toEqual({ factor: 3, before: 2, bias: 1, after: 3 });
    expect([last instanceof Last, last instanceof Scale, last instanceof nn.Module]).toEqual([true, true, true]);
    expect([Object.getPrototypeOf(last) === Last.prototype, last.constructor === Last]).toEqual([true, true]);
    expect(last instanceof nn.Linear).toBe(false);
  });

  test('whose prototype another gives', () => {
    const made = Reflect.construct(Scale, [], nn.Identity) as unknown;
    expect([made instanceof nn.Identity, made instanceof Scale]).toEqual([true, false]);
  });

  test('of which no instance makes another', () => {
    expect(() => Reflect.construct(new Scale() as never, [])).toThrow(TypeError);
  });
});

describe("nothing of a function's is in the way", () => {
  const NAMES = ['name', 'length', 'prototype', 'arguments', 'caller', 'call', 'bind'];

  test('there are no fields but those of the class', () => {
    const scale = new Scale();
    expect(NAMES.filter((name) => name in scale || Object.hasOwn(scale, name))).toEqual([]);
    expect(NAMES.map((name) => Reflect.get(scale, name))).toEqual(NAMES.map(() => undefined));
    expect([Reflect.ownKeys(scale), Reflect.ownKeys(new nn.Identity())]).toEqual([['factor'], []]);
    expect([typeof scale, (scale as unknown) instanceof Function]).toEqual(['function', false]);
  });

  test('its names are free', async () => {
    class Named extends nn.Module {
      override name = 'a';
      override length = 3;
      override prototype = { b: 1 };
      override arguments = [1];
      override caller = null;
      forward(x: k.Tensor): k.Tensor {
        return x.mul(this.length);
      }
    }
    const named = new Named();
    const fields = { name: 'a', length: 3, prototype: { b: 1 }, arguments: [1], caller: null };
    expect({ ...named }).toEqual(fields);
    expect(Object.keys(named)).toEqual(Object.keys(fields));
    expect(JSON.parse(JSON.stringify({ named }))).toEqual({ named: fields });
    named.name = 'b';
    named.length = 4;
    expect([named.name, await named(k.tensor([1])).item()]).toEqual(['b', 4]);
    Reflect.deleteProperty(named, 'name');
    expect(['name' in named, named.name, Object.keys(named).length]).toEqual([false, undefined, 4]);
    const order: string[] = [];
    for (const key in named) order.push(key);
    expect(order).toEqual(['length', 'prototype', 'arguments', 'caller']);
    expect(Object.getOwnPropertyDescriptor(named, 'length')).toEqual({
      ...{ value: 4, writable: true, enumerable: true, configurable: true },
    });
    const other = Object.assign(new Scale(), { name: new nn.Linear(1, 1), length: new nn.Parameter(k.ones([1])) });
    expect(Object.keys(other.stateDict())).toEqual(['length', 'name.weight', 'name.bias']);
  });

  test('print and JSON are of the class', () => {
    const model = new nn.Sequential(new nn.Linear(2, 1), new nn.ReLU());
    const printed = 'Sequential(\n  (0): Linear(in_features=2, out_features=1, bias=True)\n  (1): ReLU()\n)';
    expect([String(model), `${model}`, model.toString()]).toEqual([printed, printed, printed]);
    const custom: unknown = Reflect.get(model, Symbol.for('nodejs.util.inspect.custom'));
    expect(Reflect.apply(custom as () => string, model, [])).toBe(printed);
    expect(JSON.stringify([new nn.Dropout(0.25), new Scale()])).toBe('[{"p":0.25},{"factor":2}]');
  });

  test('a frozen one stays as it is', async () => {
    const scale = Object.freeze(new Scale());
    expect(() => Object.assign(scale, { factor: 3 })).toThrow(TypeError);
    expect(await scale(k.tensor([1])).item()).toBe(2);
    expect(Object.isFrozen(scale)).toBe(true);
  });
});

test('modules in modules are found, named, saved and switched', () => {
  class Net extends nn.Module {
    list = new nn.ModuleList([new nn.Linear(1, 1), new nn.Dropout()]);
    array = [new nn.Linear(1, 1)];
    map = new Map([['a', new nn.Sequential(new nn.Linear(1, 1))]]);
    heads = { main: new nn.Linear(1, 1) };
    act = (x: k.Tensor): k.Tensor => x.relu();
    forward(x: k.Tensor): k.Tensor {
      for (const layer of this.list) x = layer(x);
      return x;
    }
  }
  const net = new Net();
  expect(net.namedChildren().map(([name]) => name)).toEqual(['list', 'array.0', 'map.a', 'heads.main']);
  expect(Object.keys(net.stateDict()).filter((key) => key.endsWith('weight'))).toEqual([
    ...['list.0.weight', 'array.0.weight', 'map.a.0.weight', 'heads.main.weight'],
  ]);
  const seen: string[] = [];
  expect(net.apply((module) => void seen.push(module.constructor.name)) === net).toBe(true);
  expect(seen).toEqual(['Linear', 'Dropout', 'ModuleList', 'Linear', 'Linear', 'Sequential', 'Linear', Net.name]);
  expect(
    net
      .eval()
      .modules()
      .every(({ training }) => !training),
  ).toBe(true);
  const copy = new nn.ModuleList(new nn.Sequential(...net.array));
  expect([copy.length, copy[0] === net.array[0]]).toEqual([1, true]);
});
