/** What an optimizer remembers, as it is saved and comes back. */
import { sameShape, show } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';

/** What an optimizer remembers of a parameter, under PyTorch's names: `step`, and tensors such as `exp_avg`. */
export type ParamState = { step: number } & { [name: string]: Tensor | number };

/** As PyTorch's: parameters are numbered through all groups. The tensors are the optimizer's own. */
export interface OptimizerState {
  /** Which optimizer's it is: `'Adam'`. Not given, it is taken for the right one's. */
  kind?: string;
  state: Record<number, ParamState>;
  paramGroups: ({ params: number[]; lr: number } & Record<string, unknown>)[];
}

/** Fails unless the state of a parameter has the form of one. */
export function checkState(
  { step, ...held }: ParamState,
  param: Tensor,
  number: number,
  fail: (message: string) => never,
): void {
  if (!Number.isSafeInteger(step) || step < 1) fail(`parameter ${number} has made ${step} steps in the state`);
  for (const [name, value] of Object.entries(held)) {
    if (typeof value === 'number' && Number.isFinite(value)) continue;
    if (!(value instanceof Tensor)) fail(`${name} of parameter ${number} is neither tensor nor number`);
    if (value.dtype !== 'f32') fail(`${name} of parameter ${number} is ${value.dtype}, not f32`);
    if (!sameShape(value.shape, param.shape)) {
      fail(`${name} of parameter ${number} is ${show(value.shape)}, the parameter ${show(param.shape)}`);
    }
  }
}

/** Whether a saved option is of the kind of the one in force; numbers are finite, as the GPU's too. */
export function isAlike(saved: unknown, own: unknown): boolean {
  if (Array.isArray(own)) {
    return Array.isArray(saved) && saved.length === own.length && own.every((one, i) => isAlike(saved[i], one));
  }
  if (typeof saved === 'number') return typeof own === 'number' && Number.isFinite(Math.fround(saved));
  return typeof saved === typeof own;
}
