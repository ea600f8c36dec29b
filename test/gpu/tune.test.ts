/** Tuning: a choice is made, stored, loaded, refused where kernels have changed, pinned; captured functions follow. */

import * as k from 'kindling';
import { Adam } from 'kindling/optim';
import { setTuning, type Tuned, type TuneProgress, tune, tuning, useTuning } from 'kindling/tune';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { clearChoices, loadChoices, saveChoices } from '#host';
import { tuned } from '../../src/choose/tuned.js';
import { interned, type Kernel, kernel } from '../../src/kernels/kernel.js';
import { launch } from '../../src/tensor/launch.js';
import { addChoices, anyChoice, forgetChoices } from '../../src/tune/choices.js';

/** y = 2 x, by a sum of so many equal parts that some candidates take far longer than others. */
interface Toy {
  readonly parts: number;
}
const toyKernel = interned(
  ({ parts, size }: Toy & { size: number }): Kernel =>
    kernel({
      name: 'toy',
      read: { xs: 'f32' },
      write: { ys: 'f32' },
      workgroups: [size / 32, 1, 1],
      // Lavapipe leaves loops after 65,535 turns, so an invocation has no more.
      wgsl: `@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
  for (var i = group.x * 32u; i < group.x * 32u + 32u; i++) {
    var sum = 0.0;
    for (var part = 0u; part < ${parts}u; part++) { sum += xs[i] * ${2 / parts}f; }
    ys[i] = sum;
  }
}`,
    }),
);

let run: number[] = [];
const CANDIDATES: readonly Toy[] = [{ parts: 1024 }, { parts: 1 }, { parts: 512 }];
const toy = (x: k.Tensor): k.Tensor =>
  tuned(
    'toy',
    { size: x.size },
    () => CANDIDATES,
    (candidate: Toy = { parts: 256 }) => {
      run.push(candidate.parts);
      return launch(toyKernel({ ...candidate, size: x.size }), [x], x.shape);
    },
  );

const key = 'toy {"size":4096}';
const quiet = { store: false, again: true };

beforeAll(() => useTuning());
afterAll(() => useTuning(false));
afterEach(() => {
  setTuning('stored');
  forgetChoices();
  run = [];
});

describe('tune', () => {
  test('takes the fastest candidate', async () => {
    const x = k.ones([4096]);
    const seen: TuneProgress[] = [];
    const found = await tune(() => k.step(() => toy(x)), { ...quiet, onProgress: (one) => void seen.push(one) });
    expect(found.map(({ key, choice, uses }) => ({ key, choice, uses }))).toEqual([
      { key, choice: { parts: 1 }, uses: 1 },
    ]);
    expect(found[0]?.ms).toBeLessThan(0.5 * (found[0]?.defaultMs ?? 0));
    expect(seen.map(({ done, total, family }) => [done, total, family])).toEqual([
      [1, 3, 'toy'],
      [2, 3, 'toy'],
      [3, 3, 'toy'],
    ]);
    run = [];
    expect(await toy(x).sum().item()).toBe(8192);
    expect(run).toEqual([1]);
    expect(tuning()).toEqual({ [key]: { parts: 1 } });
  });

  test('works on the tensors of the step, frees them, and leaves results alone', async () => {
    const leaf = k.full([4096], 3).requiresGrad_();
    let inner: k.Tensor | null = null;
    let y: k.Tensor | null = null;
    await tune(() => {
      y = k.step(() => {
        inner = leaf.mul(2);
        inner.add(leaf).sum().backward();
        return toy(inner);
      });
      return y;
    }, quiet);
    expect((inner as k.Tensor | null)?.storage.isFreed).toBe(true);
    expect(new Set(await leaf.grad?.data())).toEqual(new Set([3]));
    expect(await (y as k.Tensor | null)?.sum().item()).toBe(4096 * 12);
  });

  test('what a step does not use is not measured', async () => {
    const x = k.ones([4096]);
    const found = await tune(
      () =>
        k.step(() => {
          toy(x);
          return toy(k.ones([128]));
        }),
      quiet,
    );
    expect(found.map((one) => one.key)).toEqual(['toy {"size":128}']);
  });

  test('kernels that write in place are measured on other tensors', async () => {
    const p = k.ones([4096]).requiresGrad_();
    const optimizer = new Adam([p], { lr: 0.1 });
    const found = await tune(() => {
      p.mul(p).sum().backward();
      optimizer.step();
    }, quiet);
    expect(found.some(({ family }) => family === 'adam')).toBe(true);
    // One step of Adam moves by the learning rate.
    for (const value of new Set(await p.data())) expect(value).toBeCloseTo(0.9, 5);
  });

  test('an abort ends it; what was found counts', async () => {
    const controller = new AbortController();
    const [x, y] = [k.ones([4096]), k.ones([2048])];
    const body = () => k.step(() => [toy(x), toy(y)]);
    let calls = 0;
    const onProgress = () => void (++calls === 4 && controller.abort(new Error('enough')));
    await expect(tune(body, { ...quiet, onProgress, signal: controller.signal })).rejects.toThrow('enough');
    expect(Object.keys(tuning())).toEqual([key]);
  });

  test('a captured function is recorded anew', async () => {
    const x = k.ones([4096]);
    const double = k.capture((a: k.Tensor) => toy(a));
    for (let i = 0; i < 3; i++) expect(await double(x).sum().item()).toBe(8192);
    expect(run).toEqual([256, 256]);
    await tune(double, quiet);
    run = [];
    for (let i = 0; i < 3; i++) expect(await double(x).sum().item()).toBe(8192);
    expect(run).toEqual([1]);
    expect(double.stats().recordings).toBe(2);
  });

  test('a captured function that was not called yet', async () => {
    await expect(tune(k.capture(() => k.ones([1])))).rejects.toThrow('call the captured function twice');
  });
});

describe('choices', () => {
  const candidate = { parts: 512 };
  const measured = async (): Promise<string> => {
    const x = k.ones([4096]);
    const kernels: Kernel[] = [];
    const { watching } = await import('../../src/tensor/launch.js');
    const { hashOf } = await import('../../src/tune/choose.js');
    watching(
      (one) => void kernels.push(one),
      () => launch(toyKernel({ ...candidate, size: x.size }), [x], x.shape),
    );
    return hashOf(kernels);
  };

  test('are used while their kernels are what was measured', async () => {
    addChoices([{ key, choice: candidate, hash: await measured() }]);
    for (let i = 0; i < 2; i++) toy(k.ones([4096]));
    expect(run).toEqual([512, 512]);
  });

  test.each([
    ['other kernels, once', candidate, 'other', [512, 256]],
    ['a candidate that is no more', { parts: 3 }, 'other', [256, 256]],
    ['the default', null, 'other', [256, 256]],
  ] as const)('%s', async (_, choice, hash, expected) => {
    addChoices([{ key, choice, hash }]);
    for (let i = 0; i < 2; i++)
      expect(
        await toy(k.ones([4096]))
          .sum()
          .item(),
      ).toBe(8192);
    expect(run).toEqual(expected);
    expect(tuning()).toEqual({});
  });

  test('pinned', async () => {
    addChoices([{ key, choice: candidate, hash: await measured() }]);
    const pin = tuning();
    setTuning('default');
    toy(k.ones([4096]));
    forgetChoices();
    setTuning(JSON.parse(JSON.stringify(pin)));
    toy(k.ones([4096]));
    expect(run).toEqual([256, 512]);
    expect(tuning()).toEqual(pin);
    await expect(tune(() => {})).rejects.toThrow('pinned');
    setTuning({ [key]: { parts: 3 } });
    expect(() => toy(k.ones([4096]))).toThrow('no candidate');
    setTuning('stored');
    expect(anyChoice()).toBe(false);
  });
});

describe('the store', () => {
  const [first, second] = ['test adapter 1', 'test adapter 2'];

  test('keeps choices per adapter, the last for a key', async () => {
    await clearChoices();
    expect(await loadChoices(first)).toEqual({ found: [], notes: [] });
    const entry = (name: string, parts: number) => ({ key: name, choice: { parts }, hash: 'h' });
    await Promise.all([saveChoices(first, [entry('a', 1), entry('b', 2)]), saveChoices(second, [entry('a', 3)])]);
    await saveChoices(first, [{ key: 'a', choice: null, hash: 'i' }]);
    const { found, notes } = await loadChoices(first);
    addChoices(found);
    expect(notes).toEqual([]);
    expect(tuning()).toEqual({ b: { parts: 2 } });
    expect((await loadChoices(second)).found.map(({ choice }) => choice)).toEqual([{ parts: 3 }]);
    await clearChoices();
    expect((await loadChoices(first)).found).toEqual([]);
  });
});

test('the report of tune is plain', async () => {
  const found: Tuned[] = await tune(() => k.step(() => toy(k.ones([64]))), quiet);
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
});

test('useTuning(false) goes back to the defaults, whatever was pinned', async () => {
  const x = k.ones([4096]);
  setTuning({ [key]: { parts: 1 } });
  await toy(x).sum().item();
  await useTuning(false);
  await toy(x).sum().item();
  expect([run, tuning()]).toEqual([[1, 256], {}]);
  await useTuning();
  await toy(x).sum().item();
  expect(run).toEqual([1, 256, 256]);
});
