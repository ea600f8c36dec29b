/** The tape, functions of the user's own, and gradcheck. */
import * as k from 'kindling';
import { describe, expect, test } from 'vitest';

const leaf = (data: k.Nested): k.Tensor => k.tensor(data, { requiresGrad: true });
const gradOf = async (x: k.Tensor): Promise<k.Nested | undefined> => x.grad?.array();

describe('backward', () => {
  test('adds up over several uses and several calls', async () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(x).add(x.mul(4)).sum();
    y.backward();
    expect(await gradOf(x)).toEqual([6, 8, 10]);
    y.backward();
    expect(await gradOf(x)).toEqual([12, 16, 20]);
    x.mul(-2).sum().backward();
    expect(await gradOf(x)).toEqual([10, 14, 18]);
    x.grad = null;
    x.sum().backward();
    expect(await gradOf(x)).toEqual([1, 1, 1]);
  });

  test('passes a tensor of a diamond once, with all of its gradient', async () => {
    const x = leaf([2]);
    let calls = 0;
    const square = k.defineFunction({
      name: 'square',
      forward: (context, a: k.Tensor) => {
        context.save(a);
        return a.mul(a);
      },
      backward: ({ saved }, grad) => {
        calls++;
        return saved.map((a) => grad.mul(2).mul(a));
      },
    });
    const top = square(x);
    const left = top.mul(3);
    const right = left.add(top);
    right.mul(left).sum().backward(); // (3x² + x²) · 3x² = 12x⁴
    expect(await gradOf(x)).toEqual([48 * 8]);
    expect(calls).toBe(1);
  });

  test('reaches only what requires a gradient', async () => {
    const x = leaf([1, 2]);
    const constant = k.tensor([3, 4]);
    const y = x.mul(constant);
    expect([y.requiresGrad, y.isLeaf, constant.add(1).requiresGrad]).toEqual([true, false, false]);
    y.sum().backward();
    expect(await gradOf(x)).toEqual([3, 4]);
    expect([constant.grad, y.grad]).toEqual([null, null]);
    expect(() => constant.sum().backward()).toThrow('backward: nothing that made this tensor requires a gradient');
  });

  test('of a leaf is 1', async () => {
    const x = leaf(5);
    x.backward();
    x.backward();
    expect(await gradOf(x)).toBe(2);
  });

  test('takes the gradient by what is no scalar, and only in its shape', async () => {
    const x = leaf([
      [1, 2],
      [3, 4],
    ]);
    const y = x.mul(x);
    expect(() => y.backward()).toThrow('backward: shape [2, 2] is no scalar');
    expect(() => y.backward(k.ones([2]))).toThrow('backward: gradient of shape [2] for a tensor of shape [2, 2]');
    const given = k.tensor([
      [1, 0],
      [-1, 2],
    ]);
    y.backward(given);
    expect(await gradOf(x)).toEqual([
      [2, 0],
      [-6, 16],
    ]);
    expect(await given.array()).toEqual([
      [1, 0],
      [-1, 2],
    ]);
  });

  test('leaves of one gradient have memory of their own', async () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const given = k.tensor([5, 6]);
    k.step(() => a.add(b).backward(given));
    a.grad?.copy_(Float32Array.of(0, 0));
    expect([await gradOf(a), await gradOf(b), await given.array()]).toEqual([
      [0, 0],
      [5, 6],
      [5, 6],
    ]);
  });

  test('retainGrad keeps the gradient of what is no leaf', async () => {
    const x = leaf([1, 2]);
    const y = x.mul(3).retainGrad();
    y.mul(y).sum().backward();
    expect(await gradOf(y)).toEqual([6, 12]);
    expect(await gradOf(x)).toEqual([18, 36]);
  });

  test('detach cuts the tape and shares the memory', async () => {
    const x = leaf([2, 3]);
    const cut = x.detach();
    expect([cut.requiresGrad, cut.isLeaf]).toEqual([false, true]);
    x.mul(x.mul(x).detach()).sum().backward();
    expect(await gradOf(x)).toEqual([4, 9]);
    cut.copy_(Float32Array.of(7, 8));
    expect(await x.array()).toEqual([7, 8]);
  });

  test('requiresGrad_ is for f32 leaves', async () => {
    const x = k.tensor([1, 2]);
    expect(x.requiresGrad_()).toBe(x);
    const y = x.mul(2);
    expect(() => y.requiresGrad_(false)).toThrow('requiresGrad_: only a leaf can change requiresGrad; use detach()');
    expect(() => k.tensor([1], { dtype: 'i32' }).requiresGrad_()).toThrow('only f32 tensors have gradients');
    expect(x.requiresGrad_(false).mul(2).requiresGrad).toBe(false);
    const z = y.detach().requiresGrad_();
    z.sum().backward();
    expect([await gradOf(z), x.grad]).toEqual([[1, 1], null]);
  });
});

describe('noGrad and enableGrad', () => {
  test('nest, and return what the function returns', () => {
    const x = leaf([1]);
    expect(k.isGradEnabled()).toBe(true);
    const [off, on] = k.noGrad(() => {
      expect(k.isGradEnabled()).toBe(false);
      const made = k.enableGrad(() => {
        expect(k.isGradEnabled()).toBe(true);
        return x.mul(2);
      });
      expect(k.isGradEnabled()).toBe(false);
      return [x.mul(2), made];
    });
    expect([off?.requiresGrad, off?.isLeaf, on?.requiresGrad]).toEqual([false, true, true]);
    expect(k.isGradEnabled()).toBe(true);
    expect(k.noGrad(() => k.zeros([1], { requiresGrad: true })).requiresGrad).toBe(true);
  });

  test('are left by an error too, and refuse async functions', () => {
    expect(() =>
      k.noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(k.isGradEnabled()).toBe(true);
    expect(() => k.noGrad(async () => 1)).toThrow('must not be async');
    expect(() => k.enableGrad(() => Promise.resolve())).toThrow(k.KindlingError);
    expect(k.isGradEnabled()).toBe(true);
  });
});

const cube = k.defineFunction({
  name: 'cube',
  forward: (context, x: k.Tensor) => {
    context.save(x);
    return x.mul(x).mul(x);
  },
  backward: ({ saved }, grad) => saved.map((x) => grad.mul(3).mul(x).mul(x)),
});

describe('defineFunction', () => {
  test('has the value of forward and the gradient of backward', async () => {
    const x = leaf([1, -2]);
    const y = cube(x);
    expect([y.requiresGrad, y.isLeaf]).toEqual([true, false]);
    expect(await y.array()).toEqual([1, -8]);
    y.mul(2).sum().backward();
    expect(await gradOf(x)).toEqual([6, 24]);
    expect(cube(k.tensor([2])).requiresGrad).toBe(false);
    await k.gradcheck(cube, [leaf([0.5, -1.25, 2])]);
  });

  test('tells backward which inputs want a gradient; null is none', async () => {
    const asked: boolean[][] = [];
    const scaled = k.defineFunction({
      name: 'scaled',
      forward: (context, a: k.Tensor, b: k.Tensor) => {
        context.save(a, b);
        return a.mul(b);
      },
      backward: (context, grad) => {
        asked.push([context.needsGrad(0), context.needsGrad(1), context.needsGrad(2)]);
        const [a, b] = context.saved;
        return [context.needsGrad(0) && b ? grad.mul(b) : null, context.needsGrad(1) && a ? grad.mul(a) : null];
      },
    });
    const [a, b] = [leaf([2, 3]), k.tensor([4, 5])];
    scaled(a, b).sum().backward();
    scaled(b, a).sum().backward();
    expect(asked).toEqual([
      [true, false, false],
      [false, true, false],
    ]);
    expect([await gradOf(a), b.grad]).toEqual([[8, 10], null]);
    await k.gradcheck(scaled, [leaf([1, 2]), leaf([0.5, -1])]);
  });

  test('may return its input, which stays what it was', async () => {
    const through = k.defineFunction({
      name: 'reverse',
      forward: (_, x: k.Tensor) => x,
      backward: (_, grad) => [grad.neg()],
    });
    const x = leaf([1, 2]);
    const y = through(x);
    expect([x.isLeaf, y.isLeaf]).toEqual([true, false]);
    y.mul(3).sum().backward();
    expect(await gradOf(x)).toEqual([-3, -3]);
  });

  test('is told of a gradient in the wrong shape', () => {
    const wrong = k.defineFunction({
      name: 'wrong',
      forward: (_, x: k.Tensor) => x.sum(),
      backward: (_, grad) => [grad],
    });
    expect(() => wrong(leaf([1, 2])).backward()).toThrow('wrong: backward made [] for an input of [2]');
  });

  test('is told of gradients that are missing, and of what is no list', () => {
    const forward = (_: unknown, a: k.Tensor, b: k.Tensor) => a.mul(b);
    const made = (backward: unknown) => k.defineFunction({ name: 'product', forward, backward: backward as () => [] });
    const run = (backward: unknown) => () => made(backward)(leaf([1]), leaf([2])).backward();
    const wanted = 'product: backward returns a list of 2, a gradient or null for each input';
    expect(run((_: unknown, grad: k.Tensor) => [grad])).toThrow(`${wanted}, got 1`);
    expect(run((_: unknown, grad: k.Tensor) => grad)).toThrow(`${wanted}, got a tensor`);
    expect(run(() => {})).toThrow(`${wanted}, got undefined`);
    expect(run((_: unknown, grad: k.Tensor) => [grad, null])).not.toThrow();
  });

  test('a tensor that backward hands on is not taken away from its owner', async () => {
    const slope = k.tensor([3, 4]);
    const linear = k.defineFunction({
      name: 'linear',
      forward: (_, x: k.Tensor) => x.mul(slope).sum(),
      backward: () => [slope],
    });
    const x = leaf([1, 1]);
    for (const want of [
      [3, 4],
      [6, 8],
    ]) {
      k.step(() => linear(x).backward());
      expect(await gradOf(x)).toEqual(want);
      expect(await slope.array()).toEqual([3, 4]);
    }
  });
});

describe('gradcheck', () => {
  test('accepts a right gradient, by every input that requires one', async () => {
    const weights = k.tensor([[0.5], [-1], [2]]);
    expect(await k.gradcheck((x, w) => x.matmul(w).exp(), [leaf([[0.1, 0.2, -0.3]]), weights])).toBe(true);
    expect(await k.gradcheck((x, y) => x.mul(y).sum(), [leaf([1, 2]), leaf([3, 4])])).toBe(true);
    expect(await k.gradcheck((x) => x.detach().mul(2).add(x.mul(0)), [k.tensor([1])]).catch(String)).toContain(
      'backward: nothing that made this tensor requires a gradient',
    );
  });

  test('leaves the inputs as they were', async () => {
    const x = leaf([1, 2]);
    await k.gradcheck((a) => a.mul(a), [x]);
    expect([x.grad, await x.array()]).toEqual([null, [1, 2]]);
  });

  test('throws on a wrong gradient, naming input and element', async () => {
    k.manualSeed(0); // Of a projection near 0 no difference would show.
    const wrong = k.defineFunction({
      name: 'wrong',
      forward: (_, a: k.Tensor, b: k.Tensor) => a.add(b),
      backward: (_, grad) => [grad, grad.mul(k.tensor([1, 1.2]))],
    });
    const check = k.gradcheck(wrong, [leaf([1, 2]), leaf([3, 4])]);
    await expect(check).rejects.toThrow(k.KindlingError);
    await expect(check).rejects.toThrow(/gradcheck: input 1, element 1: backward gives \S+, differences/);
    await expect(k.gradcheck((x) => x.mul(x.detach()), [leaf([1, 2])])).rejects.toThrow('input 0, element 0');
  });

  test('takes bounds', async () => {
    const off = k.defineFunction({
      name: 'off',
      forward: (_, x: k.Tensor) => x.mul(1),
      backward: (_, grad) => [grad.mul(1.2)],
    });
    await expect(k.gradcheck(off, [leaf([1, 2])], { rtol: 0.3, atol: 0.1 })).resolves.toBe(true);
    await expect(k.gradcheck(off, [leaf([1, 2])], { rtol: 0, atol: 1e-3 })).rejects.toThrow('gradcheck');
  });
});
