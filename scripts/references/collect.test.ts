import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import figures from '../../examples/live/page/references/figures.json' with { type: 'json' };
import { ROOT } from '../page.js';
import { committedRuns, pytorchRuns } from './collect.js';

const folder = process.env.KINDLING_REFERENCE ?? join(ROOT, '../shared/reference');

it('has in the page what is committed in docs/results', () => {
  const known: unknown[] = figures.filter(({ by, data }) => by !== 'PyTorch' || data === 'synthetic');
  expect(known).toEqual(committedRuns());
});

it.runIf(existsSync(join(folder, 'study')))("has PyTorch's runs on real pictures", () => {
  const known: unknown[] = figures.filter(({ by, data }) => by === 'PyTorch' && data === 'cifar10');
  expect(known).toEqual(pytorchRuns(folder));
});
