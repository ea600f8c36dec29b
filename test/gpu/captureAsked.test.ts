/** Captured functions see what they ask of objects: whether a field is there, which there are, what a getter says. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import { SGD } from 'kindling/optim';
import { describe, expect, test } from 'vitest';

class Asking extends nn.Module {
  extra?: number;
  #scale = 1;
  #head: nn.Module = new nn.Tanh();
  #shift = k.zeros([1]);

  constructor(readonly ask: (self: Asking) => number) {
    super();
  }

  get scale(): number {
    return this.#scale;
  }
  set scale(value: number) {
    this.#scale = value;
  }
  get head(): nn.Module {
    return this.#head;
  }
  get shift(): k.Tensor {
    return this.#shift.reshape(1);
  }
  /** Made anew each time it is asked for. */
  get ones(): k.Tensor {
    return k.ones([1]).mul(1);
  }
  hide(parts: { head?: nn.Module; shift?: k.Tensor }): void {
    this.#head = parts.head ?? this.#head;
    this.#shift = parts.shift ?? this.#shift;
  }

  forward(x: k.Tensor): k.Tensor {
    return this.head
      .forward(x.mul(this.ask(this)))
      .add(this.shift)
      .mul(this.ones);
  }
}

const key = Symbol('key');
type Edit = (model: Asking) => void;

/** What is asked, an edit that changes the answer, and one that changes it back. */
const questions: Record<string, [ask: (self: Asking) => number, edit: Edit, back: Edit]> = {
  'whether a field is there': [
    (self) => ('extra' in self ? 2 : 1),
    (model) => void Reflect.deleteProperty(model, 'extra'),
    (model) => Object.assign(model, { extra: undefined }),
  ],
  'whether it is its own': [
    (self) => (Object.hasOwn(self, 'more') ? 2 : 1),
    (model) => Object.assign(model, { more: undefined }),
    (model) => void Reflect.deleteProperty(model, 'more'),
  ],
  'how many there are': [
    (self) => Object.keys(self).length,
    (model) => Object.assign(model, { more: undefined }),
    (model) => void Reflect.deleteProperty(model, 'more'),
  ],
  'which can be counted': [
    (self) => Object.keys(self).length,
    (model) => void Object.defineProperty(model, 'extra', { enumerable: false }),
    (model) => void Object.defineProperty(model, 'extra', { enumerable: true }),
  ],
  'what a description of it says': [
    (self) => Object.getOwnPropertyDescriptor(self, 'extra')?.value ?? 1,
    (model) => Object.assign(model, { extra: 3 }),
    (model) => Object.assign(model, { extra: 1 }),
  ],
  'what lies under a symbol': [
    (self) => (Reflect.get(self, key) as number | undefined) ?? 1,
    (model) => Object.assign(model, { [key]: 3 }),
    (model) => void Reflect.deleteProperty(model, key),
  ],
  'what a getter says': [
    (self) => self.scale,
    (model) => {
      model.scale = 3;
    },
    (model) => {
      model.scale = 1;
    },
  ],
  'which module a getter gives': [
    () => 1,
    (model) => model.hide({ head: new nn.ReLU() }),
    (model) => model.hide({ head: new nn.Sigmoid() }),
  ],
  'which tensor a getter gives': [
    () => 1,
    (model) => model.hide({ shift: k.ones([1]) }),
    (model) => model.hide({ shift: k.full([1], 2) }),
  ],
};

const eager =
  (body: (x: k.Tensor) => k.Tensor) =>
  (x: k.Tensor): k.Tensor =>
    k.step(() => body(x));

describe('what changes the answer is noticed, and is replayed afterwards', () => {
  test.each(Object.keys(questions))('%s', async (name) => {
    const [ask, edit, back] = questions[name] as (typeof questions)[string];
    const course = async (train: (x: k.Tensor) => k.Tensor, model: Asking) => {
      const seen: number[] = [];
      const calls = async (n: number) => {
        for (let i = 0; i < n; i++) seen.push(await train(k.full([1], 0.5)).item());
      };
      await calls(4);
      edit(model);
      await calls(3);
      back(model);
      await calls(3);
      return seen;
    };
    const [model, other] = [new Asking(ask), new Asking(ask)];
    const captured = k.capture((x: k.Tensor) => model.forward(x));
    expect(await course(captured, model)).toEqual(
      await course(
        eager((x) => other.forward(x)),
        other,
      ),
    );
    expect(captured.stats().replays).toBeGreaterThanOrEqual(6);
  });
});

test('what the function sets through a setter is set by replays too', async () => {
  const run = async (wrap: (body: (x: k.Tensor) => k.Tensor) => (x: k.Tensor) => k.Tensor) => {
    const model = new Asking((self) => self.scale);
    const f = wrap((x) => {
      model.scale = 5;
      return model.forward(x);
    });
    const seen: number[] = [];
    for (let i = 0; i < 6; i++) {
      model.scale = i;
      seen.push(await f(k.full([1], 0.5)).item(), model.scale);
    }
    return seen;
  };
  expect(await run(k.capture)).toEqual(await run(eager));
});

test("an optimizer's defaults", async () => {
  const sgd = new SGD([new nn.Parameter(k.ones([1]))], { lr: 1 });
  const f = k.capture((x: k.Tensor) => {
    sgd.zeroGrad();
    return x.mul(sgd.defaults.lr).mul((Reflect.get(sgd, 'mine') as number | undefined) ?? 1);
  });
  const seen: number[] = [];
  for (let i = 0; i < 9; i++) {
    if (i === 3) sgd.defaults.lr = 2;
    if (i === 6) Object.assign(sgd, { mine: 3 });
    seen.push(await f(k.ones([1])).item());
  }
  expect(seen).toEqual([1, 1, 1, 2, 2, 2, 6, 6, 6]);
});

test('fields that the user gives a parameter', async () => {
  const p = Object.assign(new nn.Parameter(k.ones([1])), { scale: 1 });
  const other: k.Tensor & { scale?: number } = new nn.Parameter(k.ones([1]));
  const f = k.capture((x: k.Tensor) =>
    x
      .mul(p)
      .mul(p.scale)
      .mul(other)
      .mul(other.scale ?? 1),
  );
  const seen: number[] = [];
  for (let i = 0; i < 9; i++) {
    if (i === 3) p.scale = 2;
    if (i === 6) other.scale = 5;
    seen.push(await f(k.ones([1])).item());
  }
  expect(seen).toEqual([1, 1, 1, 2, 2, 2, 10, 10, 10]);
});

describe('getters that make something anew', () => {
  class Many extends nn.Module {
    blocks = new Map([['tanh', new nn.Tanh()]]);
    weight = new nn.Parameter(k.ones([1]));
    #scale = 1;

    get layers(): Iterable<nn.Module> {
      return this.blocks.values();
    }
    get config(): { act: (x: k.Tensor) => k.Tensor } {
      return { act: (x) => k.relu(x) };
    }
    get parts(): { w: k.Tensor; scale: number } {
      return { w: this.weight, scale: this.#scale };
    }
    rescale(to: number): void {
      this.#scale = to;
    }
    forward(x: k.Tensor): k.Tensor {
      const { w, scale } = this.parts;
      let y = this.config.act(x).mul(w).mul(scale);
      for (const layer of this.layers) y = layer.forward(y);
      return y;
    }
  }

  test('are no reason to record anew, and numbers beside tensors are looked at', async () => {
    const model = new Many();
    const f = k.capture((x: k.Tensor) => model.forward(x));
    for (let i = 0; i < 5; i++) expect(await f(k.full([1], 0.5)).item()).toBeCloseTo(Math.tanh(0.5), 6);
    expect(f.stats().replays).toBeGreaterThanOrEqual(2);
    model.rescale(3);
    for (let i = 0; i < 3; i++) expect(await f(k.full([1], 0.5)).item()).toBeCloseTo(Math.tanh(1.5), 6);
  });
});

test('a setter without a getter, and one whose getter says it otherwise', async () => {
  class Rated extends nn.Module {
    #rate = 1;
    #size = [1, 1];
    set rate(to: number) {
      if (typeof to !== 'number') throw new Error('no rate');
      this.#rate = to;
    }
    set size(n: number) {
      this.#size = [n, n];
    }
    get size(): unknown {
      return this.#size;
    }
    forward(x: k.Tensor): k.Tensor {
      return x.mul(this.#rate).mul(this.#size[1] ?? 0);
    }
  }
  const model = new Rated();
  const f = k.capture((x: k.Tensor) => {
    model.rate = 0.5;
    model.size = 4;
    return model.forward(x);
  });
  for (let i = 0; i < 5; i++) expect(await f(k.ones([1])).item()).toBe(2);
  expect(await model.forward(k.ones([1])).item()).toBe(2);
  expect(model.size).toEqual([4, 4]);
});
