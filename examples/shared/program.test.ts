import { afterEach, expect, it, vi } from 'vitest';
import { percent, verdict } from './program.js';

afterEach(() => vi.restoreAllMocks());

it('exits 0 where the target is reached, 1 and loudly where it is missed', () => {
  const said = vi.spyOn(console, 'log').mockReturnValue();
  const cried = vi.spyOn(console, 'error').mockReturnValue();
  expect(verdict({ what: 'accuracy', reached: 0.97, target: 0.97, format: percent }, 'made · ')).toBe(0);
  expect(verdict({ what: 'loss', reached: 1.5, target: 1.6, atMost: true })).toBe(0);
  expect(said.mock.calls).toEqual([
    ['made · accuracy 97.00 %, wanted at least 97.00 %: REACHED'],
    ['loss 1.500, wanted at most 1.600: REACHED'],
  ]);
  expect(verdict({ what: 'accuracy', reached: 0.9699, target: 0.97, format: percent })).toBe(1);
  expect(verdict({ what: 'loss', reached: 1.7, target: 1.6, atMost: true })).toBe(1);
  expect(verdict({ what: 'loss', reached: Number.NaN, target: 1.6, atMost: true })).toBe(1);
  expect(cried.mock.calls[0]).toEqual(['\naccuracy 96.99 %, wanted at least 97.00 %: MISSED\n']);
});
