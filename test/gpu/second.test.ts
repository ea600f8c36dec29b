/**
 * Second derivatives through whole networks, against PyTorch 1.13 in float64. Weights and inputs are waves, sin(i · frequency) ·
 * scale, so that both sides make the same. The numbers are of:
 *
 * ```python
 * def critic(x, p):
 *   h = F.leaky_relu(F.conv2d(x, p[0], p[1], stride=2, padding=1), 0.2)
 *   h = F.softplus(F.conv2d(F.layer_norm(h, h.shape[1:], p[2], p[3]), p[4], p[5]))
 *   return F.max_pool2d(h, 2).flatten(1) @ p[6]
 * g, = torch.autograd.grad(critic(x, p).sum(), x, create_graph=True)
 * torch.autograd.grad(((g.flatten(1).norm(2, dim=1) - 1) ** 2).mean(), p)
 * ```
 *
 * and likewise below; of each gradient its first three elements, and the sum of the absolute values of all.
 */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { expect, test } from 'vitest';

const sizeOf = (shape: readonly number[]): number => shape.reduce((n, length) => n * length, 1);
const wave = (shape: readonly number[], frequency: number, scale: number, requiresGrad = false): k.Tensor =>
  k.tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * frequency) * scale),
    { shape, requiresGrad },
  );
const leaf = (...[shape, frequency, scale]: readonly [readonly number[], number, number]): k.Tensor =>
  wave(shape, frequency, scale, true);

type Want = readonly [first: readonly number[], total: number];

async function near(made: readonly k.Tensor[], want: readonly Want[]): Promise<void> {
  for (const [i, [first, total]] of want.entries()) {
    const values = Array.from(await (made[i] as k.Tensor).data());
    const sum = values.reduce((all, value) => all + Math.abs(value), 0);
    expect(Math.abs(sum - total), `sum of gradient ${i}: ${sum}, not ${total}`).toBeLessThan(2e-4 * total + 1e-5);
    // An element is as exact as the largest ones are.
    const bound = 2e-3 * Math.max(...values.map(Math.abs)) + 1e-6;
    first.forEach((value, j) => {
      expect(Math.abs((values[j] ?? Number.NaN) - value), `element ${j} of gradient ${i}`).toBeLessThan(bound);
    });
  }
}

test('the gradient penalty of a WGAN, through convolutions, a normalisation and pooling', async () => {
  const parameters = [
    leaf([4, 3, 3, 3], 0.7, 0.3),
    leaf([4], 0.9, 0.2),
    leaf([4, 4, 4], 0.37, 0.8),
    leaf([4, 4, 4], 0.41, 0.1),
    leaf([6, 4, 3, 3], 0.53, 0.25),
    leaf([6], 1.1, 0.1),
    leaf([6, 1], 0.8, 0.7),
  ];
  const [w1, b1, scale, shift, w2, b2, out] = parameters as [
    k.Tensor,
    k.Tensor,
    k.Tensor,
    k.Tensor,
    k.Tensor,
    k.Tensor,
    k.Tensor,
  ];
  const x = leaf([2, 3, 8, 8], 0.31, 1);
  const found = k.step(() => {
    const first = F.leakyRelu(F.conv2d(x, w1, b1, { stride: 2, padding: 1 }), { negativeSlope: 0.2 });
    const normal = F.layerNorm(first, [4, 4, 4], { weight: scale, bias: shift });
    const pooled = F.maxPool2d(F.softplus(F.conv2d(normal, w2, b2)), 2);
    const [g] = k.grad(k.matmul(k.flatten(pooled, 1), out).sum(), [x], { createGraph: true });
    const penalty = k.mean(k.square(k.norm(k.flatten(g, 1), { dim: 1 }).sub(1)));
    return [penalty, ...k.grad(penalty, parameters)];
  });
  expect(await (found[0] as k.Tensor).item()).toBeCloseTo(0.770564, 4);
  await near(found.slice(1), [
    [[-0.000929889, -0.00876729, -0.00452189], 1.78924],
    [[-0.0156535, 0.0144917, 0.0409721], 0.108138],
    [[0.00618723, 0.0106959, 0.00982482], 1.53991],
    [[-0.00480095, -0.0112828, -0.013232], 0.34562],
    [[0, 0, 0], 7.12437],
    [[0, -0.0229351, -0.0340765], 0.0855378],
    [[-0.107416, -0.124939, -0.130928], 0.609301],
  ]);
});

test("a product with the Hessian of the study's network", async () => {
  const shapes = [[32, 3, 3, 3], [32], [64, 32, 3, 3], [64], [64, 64, 3, 3], [64], [64, 1024], [64], [10, 64], [10]];
  const weights = shapes.map((shape, i) => leaf(shape, 0.61 + 0.013 * i, shape.length > 1 ? 0.12 : 0.05));
  const directions = shapes.map((shape, i) => wave(shape, 0.29 + 0.017 * i, 0.01));
  const at = (i: number): k.Tensor => weights[i] as k.Tensor;
  const [x, target] = [wave([2, 3, 32, 32], 0.213, 1), k.tensor([3, 7], { dtype: 'i32' })];
  const found = k.step(() => {
    let h = F.maxPool2d(F.relu(F.conv2d(x, at(0), at(1))), 2);
    h = F.maxPool2d(F.relu(F.conv2d(h, at(2), at(3))), 2);
    h = k.flatten(F.relu(F.conv2d(h, at(4), at(5))), 1);
    h = F.linear(F.relu(F.linear(h, at(6), at(7))), at(8), at(9));
    const loss = F.nllLoss(F.logSoftmax(h, 1), target);
    const first = k.grad(loss, weights, { createGraph: true });
    const along = first.map((g, i) => g.mul(directions[i] as k.Tensor).sum()).reduce((a, b) => a.add(b));
    return [loss, ...k.grad(along, weights)];
  });
  expect(await (found[0] as k.Tensor).item()).toBeCloseTo(2.23409, 4);
  await near(found.slice(1), [
    [[0.154605, 0.1815, 0.200192], 88.0955],
    [[-0.152102, 0.136876, -0.043295], 3.44661],
    [[0.0222887, 0.0335818, 0.0468989], 438.658],
    [[0.110477, 0.0894061, 0.0811258], 4.40354],
    [[-0.0028899, 0.00297613, 0.00703742], 115.463],
    [[0.00494329, 0.0409014, -0.0503084], 2.38685],
    [[-0.00284909, 0, 0], 52.2745],
    [[-0.00102776, -0.00247453, -0.00381789], 0.0968849],
    [[0.00315065, -0.00172467, -0.00521612], 1.51604],
    [[-0.00304889, 0.00530602, 0.000550149], 0.0337597],
  ]);
});

test('a step within a step: MAML, through batch statistics', async () => {
  const weights = [
    leaf([3, 1, 3, 3], 0.71, 0.4),
    leaf([3], 0.5, 0.1),
    leaf([3], 0.9, 1),
    leaf([3], 1.3, 0.2),
    leaf([4, 12], 0.43, 0.5),
    leaf([4], 0.77, 0.1),
  ];
  const network = (x: k.Tensor, [w, b, scale, shift, out, offset]: readonly k.Tensor[]): k.Tensor => {
    const h = F.conv2d(x, w as k.Tensor, b as k.Tensor, { padding: 1 });
    const normal = F.batchNorm(h, { weight: scale as k.Tensor, bias: shift as k.Tensor, training: true });
    return F.linear(k.flatten(F.avgPool2d(F.relu(normal), 2), 1), out as k.Tensor, offset as k.Tensor);
  };
  const [support, query] = [wave([5, 1, 4, 4], 0.47, 1), wave([5, 1, 4, 4], 0.83, 1)];
  const [known, asked] = [
    [0, 1, 2, 3, 0],
    [2, 1, 0, 3, 1],
  ].map((classes) => k.tensor(classes, { dtype: 'i32' }));
  const found = k.step(() => {
    const inner = F.crossEntropy(network(support, weights), known as k.Tensor);
    const slopes = k.grad(inner, weights, { createGraph: true });
    const fast = weights.map((weight, i) => weight.sub((slopes[i] as k.Tensor).mul(0.4)));
    const outer = F.crossEntropy(network(query, fast), asked as k.Tensor);
    return [inner, outer, ...k.grad(outer, weights)];
  });
  expect(await (found[0] as k.Tensor).item()).toBeCloseTo(1.5885, 4);
  expect(await (found[1] as k.Tensor).item()).toBeCloseTo(1.3331, 4);
  await near(found.slice(2), [
    [[0, 0, 0], 0.693908],
    // A bias before a normalisation changes nothing.
    [[0, 0, 0], 0],
    [[0, -0.0250991, 0.0211468], 0.0462458],
    [[0, 0.0660016, 0.0307063], 0.0967079],
    [[0, 0, 0], 0.685358],
    [[0.0302188, -0.0460145, 0.0721525], 0.204742],
  ]);
});
