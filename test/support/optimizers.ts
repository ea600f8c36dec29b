/** Parameters, gradients and what becomes of them, of fixtures/optimizers.json. */
import { keep, type Tensor, tensor } from 'kindling';
import { expect } from 'vitest';

export type Values = number[] | number[][];

export const setGrads = (parameters: readonly Tensor[], grads: readonly (Values | null)[]): void =>
  parameters.forEach((parameter, i) => {
    const values = grads[i];
    parameter.grad = values ? keep(tensor(values)) : null;
  });

export async function expectClose(got: Tensor, want: Values): Promise<void> {
  const wanted = want.flat();
  const values = await got.data();
  expect(values.length).toBe(wanted.length);
  for (const [i, value] of values.entries()) {
    expect(Math.abs(value - (wanted[i] ?? Number.NaN))).toBeLessThanOrEqual(1e-6 + 1e-5 * Math.abs(wanted[i] ?? 0));
  }
}
