/** Singular values and the norms that are made of them, against PyTorch (fixtures/linalg_cases.py). */
import * as k from 'kindling';
import * as linalg from 'kindling/linalg';
import { describe, expect, test } from 'vitest';
import { build, close, plain, toTensor } from '../support/agree.js';
import { loadJson } from '../support/fixtures.js';
import { agreesWithPyTorch, type Case, isOrthonormal, noise, numbers, ORDERS, wave } from '../support/linalgCase.js';

const cases = await loadJson<Case[]>('singular.json');
const large = await loadJson<[string, number, number, number, number, number][]>('singularLarge.json');

type Order = (typeof ORDERS)[number];
const NAN = Number.NaN;

/** The gradient of a norm, and that of its sum with weights 1, 2, 3, …. */
function derivatives(a: k.Tensor, ord: Order): [k.Tensor, k.Tensor] {
  const [g] = k.grad(linalg.matrixNorm(a, { ord }), [a], { createGraph: true }) as [k.Tensor];
  const weights = k.arange(1, a.size + 1).reshape(a.shape);
  const [second] = k.grad(k.sum(k.mul(g, weights)), [a]) as [k.Tensor];
  return [g.detach(), second];
}

const leaf = (...rows: number[][]) => k.tensor(rows, { requiresGrad: true });

test.each(cases)('%s %j of %j', async (...given) => {
  await agreesWithPyTorch(given, (_, shape) => wave((i) => Math.sin(0.3 * i * i + i + 0.4), shape));
});

const formulas: Readonly<Record<string, (r: number, c: number) => number>> = {
  hilbert: (r, c) => 1 / (r + c + 1),
  kahan: (r, c) => 0.6 ** r * (c > r ? -0.8 : c === r ? 1 : 0),
  near: (r, c) => Math.exp(-Math.abs(r - c) / 10),
  columns: (r, c) => noise(r, c) * 10 ** (-c / 12),
  rows: (r, c) => noise(r, c) * 10 ** (-r / 12),
  noise,
};

test.each(large)('larger matrices: %s, %d × %d', async (name, m, n, greatest, least, total) => {
  const a = toTensor(build([m, n], (r = 0, c = 0) => formulas[name]?.(r, c) ?? NAN)).requiresGrad_();
  const [two, minusTwo, nuc] = await Promise.all(ORDERS.map((ord) => linalg.norm(a, { ord }).item()));
  expect(Math.abs(Number(two) / greatest - 1)).toBeLessThan(1e-6);
  expect(Math.abs(Number(nuc) / total - 1)).toBeLessThan(1e-6);
  // In f32 every value is known to 6e-8 of the largest.
  expect(Math.abs(Number(minusTwo) - least)).toBeLessThan(3e-7 * greatest);
  // Σ σᵢ uᵢ vᵢᵀ is the matrix, and without vectors the values are the same.
  const values = linalg.svdvals(a);
  await close('values', linalg.svdvals(a.detach()), plain(values.shape, await numbers(values)), {
    atol: 3e-7 * greatest,
  });
  const [back] = k.grad(values, [a], { gradOutputs: values.detach() }) as [k.Tensor];
  await close('the matrix', back, plain([m, n], await numbers(a)), { atol: 1e-6 * greatest });
  await isOrthonormal(a);
});

describe('second derivatives', () => {
  test('of rank one, as PyTorch has them', async () => {
    const [g, second] = derivatives(leaf([1, 2, 3], [2, 4, 6], [3, 6, 9]), 2);
    await close(
      'first',
      g,
      plain(
        [3, 3],
        [1, 2, 3, 2, 4, 6, 3, 6, 9].map((x) => x / 14),
      ),
    );
    const want = [0.0583090379, -0.0058309038, -0.0699708455, 0.1370262391, 0.029154519, -0.0787172012];
    await close('second', second, plain([3, 3], [...want, 0.2157434402, 0.0641399417, -0.0874635669]), { atol: 1e-6 });
  });

  test('of diag(1, 0)', async () => {
    const a = leaf([1, 0], [0, 0]);
    for (const [ord, want] of [
      [2, [0, 2, 3, 0]],
      [-2, [0, -3, -2, 0]],
      ['nuc', [0, -1, 1, 0]],
    ] as const) {
      await close(`${ord}`, derivatives(a, ord)[1], plain([2, 2], want));
    }
  });

  test('of the unit matrix: a sum has one, where PyTorch has NaN; extremes that are shared have none', async () => {
    const a = leaf([1, 0], [0, 1]);
    await close('nuc', derivatives(a, 'nuc')[1], plain([2, 2], [0, -0.5, 0.5, 0]));
    for (const ord of [2, -2] as const) {
      expect((await numbers(derivatives(a, ord)[1])).every(Number.isNaN)).toBe(true);
    }
  });

  test('there is no third', () => {
    const a = leaf([1, 2], [3, 5]);
    const [g] = k.grad(linalg.norm(a, { ord: 2 }), [a], { createGraph: true }) as [k.Tensor];
    const [second] = k.grad(k.sum(k.square(g)), [a], { createGraph: true }) as [k.Tensor];
    expect(() => k.grad(k.sum(second), [a])).toThrow('svdvals: has first and second derivatives, and no third');
  });
});
