/** `gridSample` against PyTorch's values and gradients (`test/fixtures/spatial_cases.py`). */
import { grad, type Nested, tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { close, plain } from '../support/agree.js';
import { loadJson } from '../support/fixtures.js';

interface Case {
  options: F.GridSampleOptions;
  value: Nested;
  gradients: Nested[];
}

const given = await loadJson<{ x: Nested; grid: Nested; seed: Nested; cases: Case[] }>('gridSample.json');
const bounds = { rtol: 1e-5, atol: 4e-6 };
const listed = (shape: readonly number[], nested: Nested | undefined) => plain(shape, [nested].flat(9) as number[]);

test.each(given.cases)('$options', async ({ options, value, gradients }) => {
  const [x, grid] = [given.x, given.grid].map((data) => tensor(data).requiresGrad_()) as [
    ReturnType<typeof tensor>,
    ReturnType<typeof tensor>,
  ];
  const y = F.gridSample(x, grid, options);
  await close('value', y, listed([2, 2, 3, 2], value), bounds);
  const [byX, byGrid] = grad(y, [x, grid], { gradOutputs: tensor(given.seed) });
  await close('gradient by x', byX as typeof x, listed(x.shape, gradients[0]), bounds);
  await close('gradient by the grid', byGrid as typeof x, listed(grid.shape, gradients[1]), bounds);
});

test('what lies outside is zeros, and a NaN stays one', async () => {
  const x = tensor([[[[1, 2, 3]]]]);
  const at = [Number.NaN, -9, 1e30, -0.5];
  const grid = tensor([[at.map((column) => [column, 0])]]);
  expect(await F.gridSample(x, grid, { alignCorners: true }).array()).toEqual([[[[Number.NaN, 0, 0, 1.5]]]]);
});

test('shapes that do not fit are refused', () => {
  const image = tensor([[[[1, 2, 3]]]]);
  expect(() => F.gridSample(image, tensor([[[[0, 0, 0]]]]))).toThrow(
    'gridSample: wants f32 input [N, C, H, W] and grid [N, OH, OW, 2], got f32 [1, 1, 1, 3] and f32 [1, 1, 1, 3]',
  );
});
