/** Models larger than one binding: their optimizers and clipping go over them in several launches, with the same results. */
import { capture, full, init, keep, step, sync, type Tensor, tensor } from 'kindling';
import { Adam, AdamW, clipGradNorm, SGD } from 'kindling/optim';
import { expect, test } from 'vitest';
import { device } from '../../src/gpu/device.js';
import { streamStats } from '../../src/stream/stream.js';

await init();

const LIMIT = 8192;

/** Runs `body` on a device whose kernels bind arrays of `most` bytes only. */
async function withBindings<T>(most: number, body: () => T | Promise<T>): Promise<T> {
  const gpu = device();
  const real = gpu.limits;
  const own = Reflect.getOwnPropertyDescriptor(gpu, 'limits');
  const get = (_: object, name: string): unknown =>
    name === 'maxStorageBufferBindingSize' ? most : Reflect.get(real, name);
  Object.defineProperty(gpu, 'limits', { configurable: true, value: new Proxy({}, { get }) });
  try {
    return await body();
  } finally {
    if (own) Object.defineProperty(gpu, 'limits', own);
    else Reflect.deleteProperty(gpu, 'limits');
  }
}

/** Whole arenas, parts of them, and what ends beside the boundary: 8,192 bytes are 2,048 elements. */
const SHAPES = [[700], [25, 48], [100], [2048], [3], [64, 31], [1], [1025]];
/** How many arenas these take. */
const ARENAS = 4;

/** Whole numbers, so that norms do not depend on the order of sums. */
const integers = (shape: number[], seed: number): Tensor => {
  const size = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from({ length: size }, (_, i) => (((i + 1) * (37 + seed)) % 19) - 9);
  return tensor(values, { shape });
};

const OPTIMIZERS = {
  SGD: (params: Tensor[]) => new SGD(params, { lr: 0.01, momentum: 0.9, weightDecay: 0.1 }),
  Adam: (params: Tensor[]) => new Adam(params, { lr: 0.01, amsgrad: true }),
  'AdamW, two groups': (params: Tensor[]) =>
    new AdamW([{ params: params.slice(0, 5) }, { params: params.slice(5), lr: 0.1, weightDecay: 0.2 }]),
};

interface Model {
  readonly params: readonly Tensor[];
  readonly optimizer: Made;
  /** One step; returns the norm where there is one, else the loss. */
  readonly run: () => Tensor;
}

type Made = ReturnType<(typeof OPTIMIZERS)[keyof typeof OPTIMIZERS]>;

/** @param normType of the norm by which gradients are clipped, if they are */
function modelOf(make: (params: Tensor[]) => Made, normType?: number): Model {
  const params = SHAPES.map((shape, i) => integers(shape, i).requiresGrad_());
  const factors = SHAPES.map((shape, i) => integers(shape, 3 * i + 1));
  const optimizer = make(params);
  const run = (): Tensor => {
    let loss = full([], 0);
    for (const [i, p] of params.entries()) {
      // Where squares are summed, gradients are whole numbers in each step.
      const term = normType === 2 ? p : p.mul(p);
      loss = loss.add(term.mul(factors[i] as Tensor).sum());
    }
    optimizer.zeroGrad();
    loss.backward();
    const told = normType ? clipGradNorm(params, 2, { normType }) : loss;
    optimizer.step();
    return told;
  };
  return { params, optimizer, run };
}

async function train({ run }: Model, captured = false, steps = 3): Promise<number[]> {
  const go = captured ? capture(run) : () => step(run);
  const told: number[] = [];
  for (let i = 0; i < steps; i++) told.push(await go().item());
  return told;
}

const valuesOf = ({ params }: Model): Promise<Float32Array[]> =>
  Promise.all(params.flatMap((p) => [p, p.grad ?? p]).map(async (one) => (await one.data()) as Float32Array));

test.each(Object.entries(OPTIMIZERS))('%s gives the same bits in several arenas as in one', async (_, make) => {
  for (const normType of [undefined, 2, Number.POSITIVE_INFINITY]) {
    const whole = modelOf(make, normType);
    const told = await train(whole);
    for (const captured of [false, true]) {
      const cut = await withBindings(LIMIT, () => modelOf(make, normType));
      expect(await withBindings(LIMIT, () => train(cut, captured))).toEqual(told);
      expect(await valuesOf(cut)).toEqual(await valuesOf(whole));
    }
  }
});

test('states go from several arenas to one, and back', async () => {
  const make = OPTIMIZERS.Adam;
  const [whole, cut] = [modelOf(make), await withBindings(LIMIT, () => modelOf(make))];
  const carry = (from: Model, to: Model): void => {
    from.params.forEach((param, i) => void to.params[i]?.copy_(param));
    to.optimizer.loadStateDict(from.optimizer.stateDict());
  };
  await train(cut);
  carry(cut, whole);
  await train(whole);
  await withBindings(LIMIT, () => train(cut));
  expect(await valuesOf(whole)).toEqual(await valuesOf(cut));
  await train(whole);
  await withBindings(LIMIT, () => {
    carry(whole, cut);
    return train(cut);
  });
  await train(whole);
  expect(await valuesOf(whole)).toEqual(await valuesOf(cut));
});

test('an arena takes one launch to update and two to clip; where there are several, clipping takes one more', async () => {
  const launches = async (body: () => void): Promise<number> => {
    await sync();
    const before = streamStats().dispatches;
    step(body);
    await sync();
    return streamStats().dispatches - before;
  };
  for (const [most, arenas] of [
    [LIMIT, ARENAS],
    [2 ** 20, 1],
  ] as const) {
    await withBindings(most, async () => {
      const { params, optimizer, run } = modelOf(OPTIMIZERS.Adam);
      step(run);
      expect(await launches(() => optimizer.step())).toBe(arenas);
      // The partial norms of several arenas are put together before.
      expect(await launches(() => void clipGradNorm(params, 1))).toBe(arenas === 1 ? 2 : 2 * arenas + 1);
    });
  }
});

test('gradients that lie in no arena are clipped together, however large they are together', async () => {
  const values = SHAPES.map((shape, i) => integers(shape, i));
  const square = (await Promise.all(values.map((one) => one.mul(one).sum().item()))).reduce((sum, one) => sum + one);
  const norm = await withBindings(LIMIT, () => {
    for (const one of values) one.grad = keep(one.mul(2));
    return clipGradNorm(values, Math.sqrt(square)).item();
  });
  expect(norm).toBeCloseTo(2 * Math.sqrt(square), 2);
  for (const one of values) {
    const [want, got] = await Promise.all([one.data(), one.grad?.data()]);
    expect(want.findIndex((value, i) => Math.abs(value - (got?.[i] ?? Number.NaN)) > 1e-5)).toBe(-1);
  }
});

test('of several arenas, only parameters that have a gradient are updated', async () => {
  await withBindings(LIMIT, async () => {
    const params = SHAPES.map((shape) => full(shape, 1, { requiresGrad: true }));
    const optimizer = new SGD(params, { lr: 0.5 });
    const without = [0, 3, 6];
    for (const [i, p] of params.entries()) if (!without.includes(i)) p.sum().backward();
    const norm = step(() => {
      const found = clipGradNorm(params, 1e6);
      optimizer.step();
      return found;
    });
    const sizes = params.map(({ size }, i) => (without.includes(i) ? 0 : size));
    expect(await norm.item()).toBeCloseTo(Math.sqrt(sizes.reduce((sum, size) => sum + size)), 3);
    for (const [i, p] of params.entries()) {
      expect(new Set(await p.data()), `parameter ${i}`).toEqual(new Set([without.includes(i) ? 1 : 0.5]));
    }
  });
});

test('a limit that is no size of a buffer counts as the next smaller one', async () => {
  await withBindings(8188, async () => {
    expect(() => full([2000], 1)).toThrow(/a tensor of 8000 bytes: this adapter allows 7680/);
    const params = [full([1850], 1, { requiresGrad: true }), full([90], 1, { requiresGrad: true })];
    const optimizer = new SGD(params, { lr: 0.5 });
    for (const p of params) p.sum().backward();
    step(() => optimizer.step());
    for (const p of params) expect(new Set(await p.data())).toEqual(new Set([0.5]));
  });
});

test('arenas begin as zeros, also in memory that was used before, and the host sends none of them', async () => {
  const params = [full([3], 1, { requiresGrad: true }), full([400], 1, { requiresGrad: true })];
  const used = Array.from({ length: 6 }, () => full([448], 7));
  await sync();
  for (const one of used) one.dispose();
  const { queue } = device();
  const real = queue.writeBuffer.bind(queue);
  let sent = 0;
  queue.writeBuffer = (buffer, offset, data, ...rest) => {
    sent += data.byteLength;
    real(buffer, offset, data, ...rest);
  };
  try {
    const optimizer = new SGD(params, { lr: 0.5, momentum: 0.5, dampening: 0.5 });
    for (const p of params) p.sum().backward();
    // The gaps between gradients count in their norm.
    expect(await clipGradNorm(params, 100).item()).toBeCloseTo(Math.sqrt(403), 4);
    optimizer.step();
    for (const p of params) expect(new Set(await p.data())).toEqual(new Set([0.5]));
    const momentum = optimizer.stateDict().state[1]?.momentum_buffer as Tensor;
    expect(new Set(await momentum.data())).toEqual(new Set([1]));
    expect(sent).toBeLessThan(1500);
  } finally {
    queue.writeBuffer = real;
  }
});
