/**
 * Gradients of gradients, of products, reductions, shapes, and several together; elementwise functions have a file of their own.
 * Numbers are from PyTorch, in doubles:
 *
 * ```python
 * import torch, torch.nn.functional as F
 * torch.set_default_dtype(torch.float64)
 * x = torch.tensor([[0.3, -0.8, 1.1], [0.6, 0.2, -0.5]], requires_grad=True)
 * w = torch.tensor([[0.5, -1.0], [0.25, 0.75], [-0.6, 0.4]], requires_grad=True)
 * c = torch.tensor([0.1, -0.2], requires_grad=True)
 * def twice(f, *inputs):
 *   gs = torch.autograd.grad((f(*inputs) ** 3).sum(), inputs, create_graph=True)
 *   return torch.autograd.grad(sum((g * g).sum() for g in gs), inputs)
 * ```
 */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { describe, expect, test } from 'vitest';
import { leaf, near, type Unary } from '../support/second.js';

/** d/dinputs of Σ g², the g being the gradients of Σ f³. */
function twice(f: (...inputs: k.Tensor[]) => k.Tensor, inputs: k.Tensor[]): k.Tensor[] {
  const gs = k.grad(k.pow(f(...inputs), 3).sum(), inputs, { createGraph: true });
  return k.grad(
    gs.map((g) => k.square(g).sum()).reduce((a, b) => a.add(b)),
    inputs,
  );
}

const X = [
  [0.3, -0.8, 1.1],
  [0.6, 0.2, -0.5],
];
const W = [
  [0.5, -1],
  [0.25, 0.75],
  [-0.6, 0.4],
];
const matrix = (): k.Tensor => leaf(X);

describe('products', () => {
  const BY_X = [-3.08181, -12.8379, 16.3612, 21.5381, -14.2558, -4.19004];
  const BY_W = [-7.90801, -12.028, 26.0287, 4.83441, -30.7442, 1.24765];

  test('matmul', async () => {
    const [x, w] = twice(k.matmul, [matrix(), leaf(W)]);
    await near('by x', x ?? k.zeros([0]), BY_X);
    await near('by w', w ?? k.zeros([0]), BY_W);
  });

  test('matmul of batches, and of a batch that broadcasts', async () => {
    const xs = k.tensor([X, X.map((row) => row.map((v) => 2 * v))], { requiresGrad: true });
    const ws = k.tensor([W, W.map((row) => row.map((v) => -v))], { requiresGrad: true });
    const [byX, byW] = twice(k.matmul, [xs, ws]);
    const later = [-64.6623, -351.128, 455.477, 397.371, -255.093, -5.9524];
    await near('by x', byX ?? xs, [...BY_X, ...later]);
    await near('by w', byW ?? xs, [...BY_W, 399.037, 346.437, -1158.21, -159.498, 1513.71, 51.9292]);
    const one = leaf([X]);
    const [spread, expanded] = [
      twice(k.matmul, [one, ws]),
      twice((a, b) => k.matmul(k.expand(a, [2, 2, 3]), b), [one, ws]),
    ];
    await near('by ws', spread[1] ?? xs, [...(await (expanded[1] ?? xs).data())]);
  });

  test('linear', async () => {
    const w = leaf([
      [0.5, 0.25, -0.6],
      [-1, 0.75, 0.4],
    ]);
    const [x, dw, db] = twice((a, b, c) => F.linear(a, b, c), [matrix(), w, leaf([0.1, -0.2])]);
    await near('by x', x ?? w, [43.8519, -48.9294, -0.770013, 97.8089, -50.7103, -43.2265]);
    await near('by weight', dw ?? w, [2.37928, 39.5965, -48.4713, -65.9166, 39.0556, -21.941]);
    await near('by bias', db ?? w, [-0.822439, -122.756]);
  });
});

describe('reductions', () => {
  const LINES: readonly (readonly [string, Unary, readonly number[]])[] = [
    ['sum', (x) => x.sum({ dim: 1 }), [23.328, 23.328, 23.328, 2.916, 2.916, 2.916]],
    ['mean', (x) => x.mean({ dim: 0 }), [0.820125, -0.243, 0.243, 0.820125, -0.243, 0.243]],
    ['prod', (x) => k.prod(x, { dim: 1 }), [0.596981, -0.296603, 0.219789, 0.000129548, 0.000295332, -0.000153405]],
    ['amax', (x) => k.amax(x, { dim: 1 }), [0, 0, 47.916, 7.776, 0, 0]],
    ['amin', (x) => k.amin(x, { dim: 0 }), [0.972, -18.432, 0, 0, 0, -4.5]],
    ['logsumexp', (x) => k.logsumexp(x, { dim: 1 }), [12.654, 2.29753, 51.6781, 17.9532, 9.24866, 3.17681]],
    ['softmax', (x) => k.softmax(x, 1), [-0.129029, -0.0248016, 0.153831, 0.0905981, -0.0759724, -0.0146258]],
    ['logSoftmax', (x) => k.logSoftmax(x, 0), [-10.5757, -80.3216, 278.655, 10.5757, 80.3216, -278.655]],
    ['variance', (x) => k.variance(x, { dim: 1 }), [6.17175, -61.7175, 55.5457, 0.415584, 0.0831169, -0.498701]],
    ['std', (x) => k.std(x, { dim: 1 }), [0.819, -8.19, 7.371, 1.395, 0.279, -1.674]],
    ['cumsum', (x) => k.cumsum(x, 1), [20.052, 12.492, 36.072, 96.588, 73.044, 20.628]],
  ];
  test.each(LINES)('%s', async (_, f, want) => {
    const [byX] = twice((x = matrix()) => f(x), [matrix()]);
    await near('by x', byX ?? matrix(), want);
  });
});

/** Every function that moves elements. */
const SHAPES: Readonly<Record<string, Unary>> = {
  reshape: (x) => x.reshape(3, 2),
  flatten: (x) => x.flatten(),
  squeeze: (x) => k.squeeze(k.unsqueeze(x, 1), 1),
  expand: (x) => x.expand(4, 2, 3),
  permute: (x) => x.permute(1, 0),
  transpose: (x) => x.transpose(0, 1),
  T: (x) => x.T,
  slice: (x) => k.slice(x, 1, 0, 3, 2),
  narrow: (x) => k.narrow(x, 1, 1, 2),
  select: (x) => k.select(x, 0, 1),
  flip: (x) => k.flip(x, [0, 1]),
  cat: (x) => k.cat([x, x.mul(2), k.ones([2, 1])], 1),
  stack: (x) => k.stack([x, x.neg()]),
  pad: (x) => k.pad(x, [1, 2, 0, 1], { value: 0.5 }),
  'pad by mirroring': (x) => k.pad(x, [2, 1], { mode: 'reflect' }),
  'pad in a circle': (x) => k.pad(x, [2, 1, 1, 0], { mode: 'circular' }),
  'pad by repeating': (x) => k.pad(x, [2, 1], { mode: 'replicate' }),
  roll: (x) => k.roll(x, [1, 2], [0, 1]),
  rot90: (x) => k.rot90(x, 3),
  repeat: (x) => k.repeat(x, 2, 1, 2),
  repeatInterleave: (x) => k.repeatInterleave(x, [2, 0, 1], { dim: 1 }),
  diagonal: (x) => k.diagonal(x, { offset: 1 }),
  diag: (x) => k.diag(k.flatten(x), -1),
  unfold: (x) => k.unfold(x, 1, 2, 1),
  'unfold of images': (x) => F.unfold(k.unsqueeze(x, 0), 2, { padding: 1 }),
  fold: (x) => F.fold(x.reshape(2, 3), [4, 1], [2, 1]),
  meshgrid: (x) => k.stack(k.meshgrid([k.flatten(x), k.select(x, 0, 1)], { indexing: 'xy' })),
  where: (x) => k.where(k.tensor([true, false, true]), x, x.mul(-3)),
  'where of numbers': (x) => k.where(k.gt(x, 0), x, 7),
  tril: (x) => k.tril(x),
  triu: (x) => k.triu(x, 1),
  indexSelect: (x) => k.indexSelect(x, 1, k.tensor([2, 0, 2], { dtype: 'i32' })),
  gather: (x) =>
    k.gather(
      x,
      1,
      k.tensor(
        [
          [2, 2],
          [0, 1],
        ],
        { dtype: 'i32' },
      ),
    ),
  cumsum: (x) => k.cumsum(x, 0),
};

describe('shapes', () => {
  test.each(Object.entries(SHAPES))('%s has first and second gradients', async (_, f) => {
    await k.gradcheck((x) => f(x).mul(1.5), [matrix()]);
    // Of Σ y³ for a linear y = S x: g = Sᵀ 3y², and of Σ g²: Sᵀ (6y · S 2g). Here S is f less its constant part.
    const x = matrix();
    const [twofold] = twice((t = x) => f(t), [x]);
    const linear = (t: k.Tensor): k.Tensor => k.noGrad(() => f(t).sub(f(k.zerosLike(t))));
    const y = k.noGrad(() => f(x));
    const [g] = k.grad(f(x), [x], { gradOutputs: k.square(y).mul(3) });
    const isWhere = f === SHAPES['where of numbers'];
    const moved = isWhere ? k.where(k.gt(x.detach(), 0), g.mul(2), 0) : linear(g.mul(2));
    const [want] = k.grad(f(x), [x], { gradOutputs: y.mul(6).mul(moved) });
    await near('twice', twofold ?? x, [...(await want.data())]);
  });
});

describe('together', () => {
  test('a gradient penalty', async () => {
    // f = Σ tanh(x w), penalty (‖df/dx‖ − 1)²; its gradient by w by central differences in doubles.
    const x = [0.4, -0.9];
    const w = [0.7, 0.3];
    const penalty = ([a = 0, b = 0]: number[]): number => {
      const t = Math.tanh((x[0] ?? 0) * a + (x[1] ?? 0) * b);
      return ((1 - t * t) * Math.hypot(a, b) - 1) ** 2;
    };
    const want = w.map((_, i) => {
      const moved = (by: number): number => penalty(w.map((value, j) => (i === j ? value + by : value)));
      return (moved(1e-6) - moved(-1e-6)) / 2e-6;
    });
    const [tx, tw] = [leaf([x]), leaf(w.map((value) => [value]))];
    const [slope] = k.grad(k.tanh(tx.matmul(tw)).sum(), [tx], { createGraph: true });
    const loss = k.square(k.sqrt(k.square(slope).sum()).sub(1));
    await near('penalty', loss, [penalty(w)]);
    loss.backward();
    await near('by w', tw.grad ?? tw, want);
  });

  test('a Hessian-vector product, inside a step and in a captured one', async () => {
    // f = Σ x⁴ / 12 + x₀ x₁: H = diag(x²) + the swap of the first two.
    const product = (x: k.Tensor, v: k.Tensor): k.Tensor => {
      const f = k
        .pow(x, 4)
        .sum()
        .div(12)
        .add(k.select(x, 0, 0).mul(k.select(x, 0, 1)));
      const [g] = k.grad(f, [x], { createGraph: true });
      return k.grad(g.mul(v).sum(), [x])[0];
    };
    const x = leaf([1, 2, 3]);
    const want = [1 + 5, 4 * 5 + 1, 9 * 7];
    const v = k.tensor([1, 5, 7]);
    await near('outside', product(x, v), want);
    await near(
      'step',
      k.step(() => product(x, v)),
      want,
    );
    const captured = k.capture((u: k.Tensor) => product(x, u));
    for (let call = 0; call < 3; call++) await near('captured', captured(v), want);
    expect(captured.stats().replays).toBe(1);
  });

  test('third derivatives', async () => {
    const x = leaf([0.3, -0.7]);
    let y = k.sin(x).mul(k.exp(x)).sum();
    // (eˣ sin x)‴ = 2 eˣ (cos x − sin x)
    for (let order = 0; order < 3; order++) y = k.grad(y, [x], { createGraph: true })[0].sum();
    await near('sum', y, [[0.3, -0.7].reduce((sum, t) => sum + 2 * Math.exp(t) * (Math.cos(t) - Math.sin(t)), 0)]);
  });

  test('backward with createGraph leaves gradients that can be differentiated', async () => {
    const x = leaf([1, 2]);
    k.pow(x, 3).sum().backward({ createGraph: true });
    const first = x.grad ?? k.zeros([2]);
    x.grad = null;
    first.sum().backward();
    await near('second', x.grad ?? first, [6, 12]);
    const w = leaf([3]);
    const y = w.mul(w);
    y.mul(4).backward();
    k.backward(y, { createGraph: true });
    await near('added up', w.grad ?? x, [6 * 4 + 6]);
    // From a gradient of more than one element, which may itself be on the tape.
    const [u, v] = [leaf([1, 2]), leaf([3, 5])];
    k.square(u).backward({ gradient: v.mul(1), createGraph: true });
    (u.grad as k.Tensor).sum().backward();
    await near('by the gradient', v.grad as k.Tensor, [2, 4]);
    expect(() => y.backward({ createGraf: true } as never)).toThrow(/^backward: .*createGraf.*createGraph/);
    expect(() => y.backward(3 as never)).toThrow(/^backward: /);
  });

  test('names a function whose gradient has no gradient', () => {
    const lost = k.defineFunction({
      name: 'lost',
      forward: (context, t: k.Tensor) => {
        const twice = t.mul(2);
        context.save(twice);
        return twice.mul(t);
      },
      backward: ({ saved: [twice] }, g) => [g.mul(twice as k.Tensor).mul(2)],
    });
    const x = leaf([1, 2]);
    const loss = lost(x).sum();
    expect(() => k.grad(loss, [x], { createGraph: true })).toThrow(/^lost: its gradient is not differentiable/);
    expect(k.grad(loss, [x])[0].shape).toEqual([2]);
  });

  test('a function of the user’s own, whatever its name', async () => {
    const exp = k.defineFunction({
      name: 'sub',
      forward: (context, t: k.Tensor) => {
        const y = k.exp(t);
        context.save(y);
        return y;
      },
      backward: ({ saved }, g) => saved.map((y) => g.mul(y)),
    });
    const x = leaf([0.5, 1]);
    const [g] = k.grad(exp(x).sum(), [x], { createGraph: true });
    await near('second', k.grad(g.sum(), [x])[0], [Math.exp(0.5), Math.exp(1)]);
    const lossy = k.defineFunction({
      name: 'lossy',
      forward: (context, t: k.Tensor) => {
        context.save(k.exp(t));
        return k.exp(t);
      },
      backward: ({ saved }, g) => saved.map((y) => g.mul(y)),
    });
    expect(() => k.grad(lossy(x).sum(), [x], { createGraph: true })).toThrow(
      'lossy: its gradient is not differentiable',
    );
    expect(k.grad(lossy(x).sum(), [x])[0].shape).toEqual([2]);
  });
});

test('what picked nothing is given nothing, back and forth', async () => {
  const twice = async (call: Unary, shape: readonly number[], outputs: readonly number[]) => {
    const [x, g] = [k.ones([...shape], { requiresGrad: true }), k.ones([...outputs], { requiresGrad: true })];
    const [dx] = k.grad(call(x), [x], { gradOutputs: g, createGraph: true });
    const [byG] = k.grad(dx.mul(k.full([...shape], 3)).sum(), [g]);
    return [...(await byG.data())];
  };
  const index = k.tensor([1, -1, 7], { dtype: 'i32' });
  expect(await twice((x) => k.indexSelect(x, 0, index), [2], [3])).toEqual([3, 0, 0]);
  expect(await twice((x) => k.gather(x, 1, index.reshape(1, 3)), [1, 2], [1, 3])).toEqual([3, 0, 0]);
  // A window whose taps all lie in the padding.
  const pool = (x: k.Tensor) => F.maxPool2d(x, { kernelSize: 2, padding: 1, dilation: 3 });
  expect(await twice(pool, [1, 2, 2, 2], [1, 2, 1, 1])).toEqual([0, 0]);
});
