/** Figures of weights and gradients: right for every way in which they lie, at a launch or two, and without a trace in the run. */
import { capture, manualSeed, ones, randn, randomState, stats, step, type Tensor, tensor, zeros } from 'kindling';
import { type Figures, type Health, health } from 'kindling/log';
import { Linear, Module, Parameter, Sequential, Tanh } from 'kindling/nn';
import { Adam, SGD } from 'kindling/optim';
import { Diverged, type TrainEvent, trainModel } from 'kindling/train';
import { describe, expect, test } from 'vitest';
import { type HealthCut, healthKernel, healthPieces } from '../../src/kernels/health.js';
import { launch } from '../../src/tensor/launch.js';
import { bitsOf, parts, shuffledRows } from '../support/parts.js';

const [NAN, INF] = [Number.NaN, Number.POSITIVE_INFINITY];

/** By the definition, in doubles. */
function figuresOf(values: ArrayLike<number>): Figures {
  let [nan, inf, max, squares] = [0, 0, 0, 0];
  for (const value of Array.from(values)) {
    if (Number.isNaN(value)) nan++;
    else if (!Number.isFinite(value)) inf++;
    else {
      max = Math.max(max, Math.abs(value));
      squares += value * value;
    }
  }
  return { nan, inf, max, norm: Math.sqrt(squares) };
}

function expectFigures(got: Figures | null | undefined, values: ArrayLike<number>): void {
  const { norm, ...exact } = figuresOf(values);
  expect(got).toMatchObject(exact);
  expect(Math.abs((got?.norm ?? NAN) - norm)).toBeLessThanOrEqual(1e-6 * norm);
}

async function expectRight({ parameters }: Health, named: readonly (readonly [string, Tensor])[]): Promise<void> {
  expect(parameters.map(({ name, size }) => [name, size])).toEqual(named.map(([name, one]) => [name, one.size]));
  for (const [i, [, one]] of named.entries()) {
    expectFigures(parameters[i]?.weight, await one.data());
    if (one.grad) expectFigures(parameters[i]?.grad, await one.grad.data());
    else expect(parameters[i]?.grad).toBeNull();
  }
}

/** Values with every kind of what is not finite, here and there. */
function spoilt(size: number, ...places: number[]): Float32Array {
  const values = Float32Array.from({ length: size }, (_, i) => 3 * Math.sin(i * i + size));
  for (const [k, place] of places.entries()) values[place] = [NAN, INF, -INF][k % 3] as number;
  return values;
}

test.each([1, 3, 64, 1023, 1024, 1025, 5000, 70_001])('of tensors by name, %d elements', async (size) => {
  const named = {
    sound: tensor(spoilt(size)),
    first: tensor(spoilt(size, 0)),
    last: tensor(spoilt(size, size - 2, size - 1)),
    all: tensor(new Float32Array(size).fill(-INF)),
  };
  const found = await health(named);
  await expectRight(found, Object.entries(named));
  expect(found.first).toBe('first');
});

test('a NaN with a sign, largest and smallest numbers, zeros', async () => {
  const bits = Uint32Array.of(
    0xffc00000,
    0xff800001,
    0x7f800001,
    0x7fc00000,
    0x7f800000,
    0xff800000,
    0x7f7fffff,
    1,
    0x80000000,
  );
  const { parameters } = await health({ x: tensor(new Float32Array(bits.buffer)) });
  // The square of the largest is no f32.
  expect(parameters[0]?.weight).toEqual({ nan: 4, inf: 2, max: 3.4028234663852886e38, norm: INF });
});

test('millions of elements, in longer pieces', async () => {
  const { parameters } = await health({ x: ones([4_300_001]) });
  expect(parameters[0]?.weight).toMatchObject({ nan: 0, inf: 0, max: 1 });
  expect(parameters[0]?.weight.norm).toBeCloseTo(Math.sqrt(4_300_001), 6);
});

test.each<[string, HealthCut]>([
  ['an invocation a piece', { piece: 100, lanes: 1 }],
  ['pieces side by side in a workgroup', { piece: 256, lanes: 16 }],
  ['a workgroup a piece', { piece: 4000, lanes: 64 }],
  ['a workgroup of 128', { piece: 256, lanes: 128 }],
])('the kernel, with %s', async (_, cut) => {
  const [x, y] = [spoilt(5000, 99, 100, 4999), spoilt(5000, 7)];
  const stretches = [
    { start: 3, size: 97 },
    { start: 100, size: 1 },
    { start: 1000, size: 4000 },
  ];
  const { ends, of } = healthPieces(stretches, cut);
  const pieces = of.length;
  const found = await launch(
    healthKernel({ arrays: 2, pieces, cut }),
    [tensor(ends), tensor(x), tensor(y)],
    [pieces, 2, 4],
  ).array();
  for (const [p, both] of (found as number[][][]).entries()) {
    const [from, to] = ends.subarray(4 * p, 4 * p + 2);
    for (const [n, [nan, inf, max, squares = NAN]] of both.entries()) {
      const values = (n === 0 ? x : y).subarray(from, to);
      expectFigures({ nan, inf, max, norm: Math.sqrt(squares) } as Figures, values);
    }
  }
});

/** A step of a model, with gradients left behind. */
function trained(make: (params: Tensor[]) => { zeroGrad(): void; step(): void }) {
  manualSeed(1);
  const model = new Sequential(new Linear(5, 33), new Tanh(), new Linear(33, 7), new Tanh(), new Linear(7, 1));
  const optimizer = make(model.parameters());
  const body = (x: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = model(x).mul(model(x)).mean();
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { model, optimizer, body };
}

/** Dispatches and submits of a look, the second time. */
async function cost(model: Module<[Tensor], Tensor>): Promise<number[]> {
  await health(model);
  const before = stats();
  await health(model);
  const { dispatches, submits, pipelines } = stats();
  return [dispatches - before.dispatches, submits - before.submits, pipelines - before.pipelines];
}

describe('of a model', () => {
  const makers = {
    captured: { run: capture, make: (params: Tensor[]) => new Adam(params, { lr: 0.1 }), dispatches: 1 },
    step: {
      run: (body: (x: Tensor) => Tensor) => (x: Tensor) => step(() => body(x)),
      make: (params: Tensor[]) => new SGD([{ params: params.slice(0, 3) }, { params: params.slice(3) }], { lr: 0.1 }),
      // A launch a group, and one to put both together.
      dispatches: 3,
    },
  };
  test.each(Object.entries(makers))(
    'after a step, %s: right, and in few launches',
    async (_, { run, make, dispatches }) => {
      const { model, body } = trained(make);
      const train = run(body);
      for (let i = 0; i < 3; i++) train(randn([4, 5]));
      const found = await health(model);
      await expectRight(found, model.namedParameters());
      expect(found.parameters.every(({ grad }) => (grad?.norm ?? 0) > 0)).toBe(true);
      expect(found.first).toBeNull();
      expect(await cost(model)).toEqual([dispatches, 1, 0]);
      expect(structuredClone(found)).toEqual(found);
    },
  );

  test('a poisoned weight is found and named, whichever it is', async () => {
    const { model, body } = trained((params) => new Adam(params, { lr: 0.1 }));
    step(() => body(randn([4, 5])));
    for (const [name, param] of model.namedParameters().toReversed()) {
      const values = (await param.data()) as Float32Array;
      param.copy_(values.with(values.length - 1, NAN));
      const found = await health(model);
      expect(found.first).toBe(name);
      await expectRight(found, model.namedParameters());
    }
  });

  test('of gradients the last that is not finite is where it began', async () => {
    const { model, body } = trained((params) => new Adam(params, { lr: 0.1 }));
    step(() => body(randn([4, 5])));
    for (const name of ['0.weight', '2.weight', '2.bias']) {
      const param = model.namedParameters().find(([known]) => known === name)?.[1];
      param?.grad?.copy_(spoilt(param.size, 2));
      expect((await health(model)).first).toBe(`${name}.grad`);
    }
  });

  test('gradients of some, gradients by hand, parameters without elements', async () => {
    const model = new Sequential(new Linear(3, 4), new Linear(4, 5));
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    step(() => {
      model
        .forward(ones([2, 3]))
        .sum()
        .backward();
      optimizer.step();
    });
    const [a, b, c, d] = model.parameters() as [Tensor, Tensor, Tensor, Tensor];
    b.grad = null;
    c.grad = tensor(spoilt(20, 5)).reshape([5, 4]);
    await expectRight(await health(model), model.namedParameters());
    expect([a.grad === null, d.grad === null]).toEqual([false, false]);

    class Empty extends Module<[Tensor], Tensor> {
      none = new Parameter(zeros([0, 3]));
      some = new Parameter(ones([2]));
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    const empty = new Empty();
    await expectRight(await health(empty), empty.namedParameters());
    const nothing = { weight: { nan: 0, inf: 0, max: 0, norm: 0 }, grad: null };
    expect((await health({ none: zeros([0]) })).parameters).toEqual([{ name: 'none', size: 0, ...nothing }]);
    expect(await health({})).toEqual({ parameters: [], first: null });
    new SGD(empty.parameters(), { lr: 1 });
    await expectRight(await health(empty), empty.namedParameters());
  });

  test('one tensor under two names, integers, another optimizer later', async () => {
    const { model, body } = trained((params) => new Adam(params, { lr: 0.1 }));
    step(() => body(randn([4, 5])));
    const [weight] = model.parameters() as [Tensor];
    const twice = { a: weight, b: weight };
    await expectRight(await health({ ...twice, whole: zeros([3], { dtype: 'i32' }) }), Object.entries(twice));
    new SGD([weight], { lr: 0.1 });
    await expectRight(await health(model), model.namedParameters());
  });

  test('what it looks at is what is there when it is called', async () => {
    const { model } = trained((params) => new Adam(params, { lr: 0.1 }));
    const looking = health(model);
    model.parameters()[0]?.copy_(new Float32Array(165).fill(NAN));
    expect((await looking).first).toBeNull();
    expect((await health(model)).first).toBe('0.weight');
  });
});

test('what it cannot do is refused', async () => {
  await expect(health(3 as never)).rejects.toThrow('health: wants a model, or tensors by name, got 3');
  await expect(health({ a: [1] } as never)).rejects.toThrow('health: a is [1], wants a tensor');
  let inside: Promise<unknown> = Promise.resolve();
  const train = capture(() => {
    inside = health({ x: ones([2]) });
    inside.catch(() => {});
  });
  train();
  expect(() => train()).toThrow('capture: health is called inside a captured function. Call it after');
  await expect(inside).rejects.toThrow('health is called');
});

describe('of trainModel', () => {
  test('the run has the same bits, and its event tells of the step that it names', async () => {
    const runs = [];
    for (const healthEvery of [undefined, 4]) {
      const { model, optimizer, train } = parts();
      const events: TrainEvent[] = [];
      const options = { epochs: 2, model, optimizer, healthEvery, on: (event: TrainEvent) => void events.push(event) };
      await trainModel(train, shuffledRows(), options);
      const losses = events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
      runs.push({ losses, bits: await bitsOf(model), random: randomState() });
      const looks = events.flatMap((event) => (event.type === 'health' ? [event] : []));
      expect(looks.map(({ step, epoch, batch }) => [step, epoch, batch])).toEqual(
        healthEvery
          ? [
              [4, 1, 4],
              [8, 2, 2],
              [12, 2, 6],
            ]
          : [],
      );
      const last = looks.at(-1);
      if (last) await expectRight(last.health, model.namedParameters());
      if (last) expect(events.at(events.indexOf(last) + 1)).toMatchObject({ type: 'step', step: last.step });
    }
    expect(runs[1]).toEqual(runs[0]);
  });

  test('a run that diverges has told where before it ends', async () => {
    const { model, optimizer, train } = parts();
    let made = 0;
    const poisoned = (x: Tensor, y: Tensor): Tensor => {
      const loss = train(x, y);
      const weight = model.namedParameters().find(([name]) => name === '4.weight')?.[1];
      if (++made === 5) weight?.copy_(new Float32Array(weight.size).fill(INF));
      return loss;
    };
    const told: (string | null)[] = [];
    const on = (event: TrainEvent): void => {
      if (event.type === 'health') told.push(event.health.first);
    };
    const run = trainModel(poisoned, shuffledRows(), { epochs: 2, model, optimizer, healthEvery: 1, on });
    await expect(run).rejects.toThrow(Diverged);
    expect(told.slice(0, 5)).toEqual([null, null, null, null, '4.weight']);
    expect(told).toHaveLength(6);
  });

  test('refuses what is no number of steps', async () => {
    const { model, train } = parts();
    const run = trainModel(train, shuffledRows(), { epochs: 1, model, healthEvery: 0 });
    await expect(run).rejects.toThrow('trainModel: healthEvery is 0, wants a whole number from 1 on');
  });
});
