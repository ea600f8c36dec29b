import { describe, expect, it } from 'vitest';
import { candidates, defaultVariant } from './candidates.js';

const size = { batches: 1, rows: 64, columns: 288, outer: 1, inner: 10816, splittable: true };

describe('candidates', () => {
  it.each([
    [{ software: false, subgroups: true }, 'workgroup'],
    [{ software: true, subgroups: true }, 'subgroups'],
    [{ software: true, subgroups: false }, 'registers'],
  ] as const)('%o: the default first, a dozen at most', (abilities, variant) => {
    expect(defaultVariant(abilities)).toBe(variant);
    const made = candidates(size, abilities);
    expect(made[0]).toEqual({ variant });
    expect(made.length).toBeGreaterThan(3);
    expect(made.length).toBeLessThanOrEqual(12);
    expect(new Set(made.map((candidate) => JSON.stringify(candidate))).size).toBe(made.length);
  });
  it('leaves out tiles that would be nearly empty', () => {
    const tall = candidates({ ...size, rows: 4 }, { software: true, subgroups: true });
    expect(tall.every(({ tile }) => (tile?.rows ?? 0) <= 16)).toBe(true);
  });
});
