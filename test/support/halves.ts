/** f16 in doubles, and tests of what adapters have that compute with it. */
import { ones } from 'kindling';
import { autocast, isAutocastAvailable } from 'kindling/amp';
import { expect, test } from 'vitest';
import { adapter } from '../../src/gpu/device.js';
import type { Plain } from './agree.js';

/** The f16 next to a number, ties to even. */
export function half(value: number): number {
  const size = Math.abs(value);
  if (!(size < 65520)) return size >= 65520 ? Math.sign(value) * Number.POSITIVE_INFINITY : value;
  const unit = 2 ** (Math.max(Math.floor(Math.log2(size)), -14) - 10);
  const [low, rest] = [Math.floor(size / unit), (size / unit) % 1];
  const up = rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? 1 : 0;
  return Math.sign(value) * (low + up) * unit;
}

export const halves = ({ shape, data }: Plain): Plain => ({ shape, data: data.map(half) });

/** Lavapipe computes with f16: a Deno on it that does not has lost what these tests run on. */
const mustHave = (): boolean => /llvmpipe|lavapipe/i.test(adapter().description);

/** A test of f16. Where the adapter has none, it is that autocast says so. */
export function onHalves(name: string, body: () => Promise<void>, timeout?: number): void {
  test(
    name,
    async () => {
      if (isAutocastAvailable()) return body();
      expect(mustHave()).toBe(false);
      expect(() => autocast(() => ones([1]))).toThrow(/autocast: this adapter has no f16 in shaders .*enabled: false/);
    },
    timeout,
  );
}
