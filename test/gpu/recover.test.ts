/** `kindling/recover`: a device is lost, and what a snapshot held comes back on another. */
import * as k from 'kindling';
import { BatchNorm1d, CrossEntropyLoss, Linear, Module, Sequential } from 'kindling/nn';
import { Adam, LBFGS, lrScheduler, SGD } from 'kindling/optim';
import { onDeviceLost, recover, snapshot } from 'kindling/recover';
import { afterEach, describe, expect, test } from 'vitest';
import type { DataLoader } from '../../src/data/loader.js';
import { beforeUse, device } from '../../src/gpu/device.js';
import { countCalls } from '../support/calls.js';
import { Losses, takeDevice } from '../support/losses.js';
import { bitsOf, parts, rows, shuffledRows } from '../support/parts.js';

// Other files go on with the device that is there then.
afterEach(() => k.init());

/** Waits until the loss is known. */
async function lose(): Promise<void> {
  const gone = device().lost;
  takeDevice();
  await gone;
}

describe('a loop by hand', () => {
  const STEPS = 60;

  async function run(losses: Losses | null) {
    const { model, optimizer, train } = parts();
    const scheduler = new lrScheduler.OneCycleLR(optimizer, { maxLr: 0.05, totalSteps: STEPS });
    const loader = shuffledRows() as unknown as DataLoader<unknown, [never, never]>;
    const curve: number[] = [];
    const held: string[] = [];
    const all = { model, optimizer, scheduler, loader };
    let [saved, at] = [await snapshot(all), 0];
    for (let step = 0; step < STEPS; ) {
      try {
        for await (const [x, y] of loader) {
          const loss = await train(x, y).item();
          scheduler.step();
          curve[step++] = loss;
          losses?.tick();
          if (step === STEPS) break;
          if (step % 2 === 0) [saved, at] = [await snapshot(all), step];
        }
      } catch (error) {
        if (!(error instanceof k.DeviceLostError)) throw error;
        await recover(saved);
        step = at;
        const { buffers, bytes } = k.stats();
        held.push(`${buffers} buffers, ${bytes} bytes`);
      }
    }
    return { curve, bits: await bitsOf(model), held, random: k.randomState() };
  }

  test('has the bits of one undisturbed after 8 losses at random steps, and memory stays flat', async () => {
    const { held: none, ...whole } = await run(null);
    expect(none).toEqual([]);
    const losses = new Losses(8);
    const { held, ...disturbed } = await run(losses);
    expect(losses.made, `seed ${losses.seed}`).toBe(8);
    expect(disturbed, `seed ${losses.seed}`).toEqual(whole);
    // The first may come before the first step, when there are no moments.
    expect(new Set(held.slice(-5)).size, held.join('; ')).toBe(1);
  }, 300_000);
});

describe('what comes back', () => {
  test('objects are the same, their contents those of the call, though steps go on while it is under way', async () => {
    const { model, optimizer, train } = parts();
    const mask = k.tensor([1, 0, 1]);
    const count = k.tensor([7, 8], { dtype: 'i32' });
    const x = k.tensor(
      Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
      { shape: [4, 6] },
    );
    const y = k.tensor([1, 2, 3, 4], { dtype: 'i32' });
    for (let i = 0; i < 3; i++) train(x, y);
    const then = await bitsOf(model);
    const random = k.randomState();
    const outside = k.ones([2]);
    const taking = snapshot({ model, optimizer, others: [mask, { count }], x, y });
    const after: number[] = [];
    for (let i = 0; i < 3; i++) after.push(await train(x, y).item());
    mask.mul_(2);
    const saved = await taking;
    expect(saved.bytes).toBeGreaterThan(3 * 4 * 58);
    const weight = model.parameters()[0];
    await lose();
    const { description } = await recover(saved);
    expect(description).toBe(k.adapter().description);
    expect(model.parameters()[0]).toBe(weight);
    expect(await bitsOf(model)).toEqual(then);
    expect(await mask.array()).toEqual([1, 0, 1]);
    expect(await count.array()).toEqual([7, 8]);
    expect(k.randomState()).toEqual(random);
    // Captured again by itself, with the optimizer's moments and dropout's masks where they were.
    for (const loss of after) expect(await train(x, y).item()).toBe(loss);
    expect(() => outside.add(1)).toThrow('device that was lost');
    await recover(saved);
    expect(await bitsOf(model)).toEqual(then);
    for (const loss of after) expect(await train(x, y).item()).toBe(loss);
  });

  test('one submit, and nothing else of the device, for all tensors', async () => {
    const { model, optimizer, train } = parts();
    const x = k.ones([4, 6]);
    const y = k.zeros([4], { dtype: 'i32' });
    for (let i = 0; i < 3; i++) await train(x, y).item();
    await snapshot({ model, optimizer });
    const calls = countCalls(device());
    await snapshot({ model, optimizer });
    expect(calls.stop()).toMatchObject({ submit: 1, createBuffer: 0, createBindGroup: 0, createShaderModule: 0 });
  });

  test('moments that the snapshot does not know are zeros, also where two losses follow each other', async () => {
    const { model, optimizer, train } = parts();
    const [x, y] = [k.ones([4, 6]), k.zeros([4], { dtype: 'i32' })];
    const saved = await snapshot({ model, optimizer, x, y });
    const curve: number[] = [];
    for (let i = 0; i < 3; i++) curve.push(await train(x, y).item());
    await lose();
    await recover(saved);
    const none = await snapshot({ model, optimizer, x, y });
    await lose();
    await recover(none);
    for (const loss of curve) expect(await train(x, y).item()).toBe(loss);
  });

  test('gradients that add up over several steps; of those that went before nobody is told lies', async () => {
    k.manualSeed(5);
    const model = new Linear(3, 2);
    const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const x = k.tensor([[1, 2, 3]]);
    const add = k.capture(() => void model(x).square().sum().backward());
    const update = k.capture(() => {
      optimizer.step();
      optimizer.zeroGrad();
    });
    const cycle = async (back: () => Promise<void> = async () => {}): Promise<unknown> => {
      add();
      await back();
      add();
      add();
      update();
      return Promise.all([model.weight.array(), model.bias?.array()]);
    };
    for (let i = 0; i < 2; i++) await cycle();
    const at = await snapshot({ model, optimizer, x });
    const wanted = await cycle();
    await recover(at);
    const found = await cycle(async () => {
      const saved = await snapshot({ model, optimizer, x });
      const before = model.weight.grad;
      await lose();
      await recover(saved);
      expect(model.weight.grad).not.toBe(before);
      // It lay where others will write.
      await expect(before?.data()).rejects.toThrow('freed');
    });
    expect(found).toEqual(wanted);
  });

  test('everything that lies beside it in an optimizer, and all tensors in public fields of modules', async () => {
    class Scaled extends Module {
      inner = new Sequential(new Linear(2, 2), new BatchNorm1d(2));
      scales = [k.tensor([2, 3])];
      forward(x: k.Tensor): k.Tensor {
        return this.inner(x).mul(this.scales[0] as k.Tensor);
      }
    }
    const [a, b] = [new Scaled(), new Linear(2, 2)];
    const criterion = new CrossEntropyLoss({ weight: k.tensor([1, 3]) });
    const optimizer = new Adam([{ params: a.parameters() }, { params: b.parameters() }], { lr: 0.1 });
    const data = {
      x: k.tensor([
        [1, 2],
        [3, 5],
      ]),
      y: k.tensor([0, 1], { dtype: 'i32' }),
    };
    const train = k.capture((): k.Tensor => {
      optimizer.zeroGrad();
      const loss = criterion(b(a(data.x)), data.y);
      loss.backward();
      optimizer.step();
      return loss;
    });
    for (let i = 0; i < 3; i++) train();
    // `b` is found by the optimizer alone.
    const saved = await snapshot([a, criterion, optimizer, new Map([['data', data]])]);
    const wanted = [await train().item(), await train().item()];
    await lose();
    await recover(saved);
    expect([await train().item(), await train().item()]).toEqual(wanted);
  });

  test('what lies beside it, though the optimizer that laid it there is not named', async () => {
    const [a, b] = [new Linear(2, 2), new Linear(2, 2)];
    new SGD([...a.parameters(), ...b.parameters()], { lr: 0.1 });
    const wanted = await b.weight.data();
    const saved = await snapshot({ a });
    await lose();
    await recover(saved);
    expect(await b.weight.data()).toEqual(wanted);
  });

  test('the memory of LBFGS', async () => {
    const at = new k.Tensor([2], 'f32', k.tensor([-1.2, 1]).storage).requiresGrad_();
    const optimizer = new LBFGS([at], { maxIter: 3, lineSearchFn: 'strong_wolfe' });
    const closure = (): k.Tensor => {
      optimizer.zeroGrad();
      const loss = at
        .sub(k.tensor([1, 2]))
        .square()
        .mul(k.tensor([1, 10]))
        .sum();
      loss.backward();
      return loss;
    };
    await optimizer.step(closure);
    const saved = await snapshot({ at, optimizer });
    await optimizer.step(closure);
    const wanted = await at.data();
    await lose();
    await recover(saved);
    await optimizer.step(closure);
    expect(await at.data()).toEqual(wanted);
  });
});

describe('what is refused, and told', () => {
  test('a snapshot in a step or of nothing, and what is none', async () => {
    const x = k.ones([1]);
    const taken: Promise<unknown>[] = [];
    k.step(() => void taken.push(snapshot({ x })));
    await expect(taken[0]).rejects.toThrow(/^snapshot: inside a step/);
    await expect(snapshot({ rows, name: 'x' })).rejects.toThrow(/^snapshot: there are no tensors in an object/);
    await expect(recover(snapshot({ x }) as never)).rejects.toThrow(/wants what snapshot\(\) gives, got a Promise/);
  });

  test('a snapshot under way ends with the device, as every wait does', async () => {
    const slow = k.ones([256, 256]);
    const waits = [snapshot({ product: slow.matmul(slow).matmul(slow) }), slow.data()];
    takeDevice();
    for (const one of waits) await expect(one).rejects.toThrow(k.DeviceLostError);
  });

  test('listeners are told of each loss, whatever one of them does', async () => {
    const told: string[] = [];
    const [shown, error] = [[] as unknown[], console.error];
    console.error = (...said: unknown[]) => void shown.push(...said);
    try {
      const ends = [
        onDeviceLost(() => {
          throw new Error('mine');
        }),
        onDeviceLost((lost) => {
          expect(lost).toBeInstanceOf(k.DeviceLostError);
          told.push(lost.message);
        }),
      ];
      await lose();
      await k.init();
      k.destroy();
      await k.init();
      expect(told).toEqual([
        expect.stringMatching(/^the GPU device was lost/),
        expect.stringMatching(/given back by destroy\(\)/),
      ]);
      for (const end of ends) end();
      await lose();
      expect(told).toHaveLength(2);
      expect(shown).toEqual(['onDeviceLost: the listener threw', expect.any(Error)].concat(shown.slice(2) as never));
    } finally {
      console.error = error;
    }
  });

  test('options of the last init() hold; a device that comes late is waited for, and one that does not come is told of', async () => {
    k.destroy();
    await k.init({ assume: 'gpu' });
    const x = k.tensor([1, 2]);
    const saved = await snapshot({ x });
    let failures = 2;
    beforeUse(async () => {
      if (failures-- > 0) throw new Error('not this time');
      return [];
    });
    await lose();
    expect((await recover(saved)).description).toMatch(/ as a GPU$/);
    expect(await x.array()).toEqual([1, 2]);
    failures = 5;
    await lose();
    await expect(recover(saved)).rejects.toThrow(/no other now \(not this time\)\. In a page: load it again/);
    await recover(saved);
    expect(await x.array()).toEqual([1, 2]);
    k.destroy();
    await k.init({});
  });
});
