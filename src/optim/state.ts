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

/** Fails unless the state of a parameter has the form of one, with the tensors that are named. */
export function checkState(
  { step, ...held }: ParamState,
  names: readonly string[],
  param: Tensor,
  number: number,
  fail: (message: string) => never,
): void {
  if (!Number.isSafeInteger(step) || step < 1) fail(`parameter ${number} has made ${step} steps in the state`);
  for (const [name, value] of Object.entries(held)) {
    if (Number.isFinite(value)) continue;
    const not: (why: string) => never = (why) => fail(`${name} of parameter ${number} is ${why}`);
    if (!(value instanceof Tensor)) not('neither tensor nor number');
    if (value.dtype !== 'f32') not(`${value.dtype}, not f32`);
    if (!sameShape(value.shape, param.shape)) not(`${show(value.shape)}, the parameter ${show(param.shape)}`);
  }
  for (const name of names) {
    if (!(held[name] instanceof Tensor)) fail(`the state has no ${name} for parameter ${number}`);
  }
}

/** Fails unless the options that a state has for group `g` are of the kinds of those in force. */
export function checkAlike(
  saved: object,
  group: object,
  defaults: object,
  g: number,
  fail: (message: string) => never,
): void {
  for (const [name, own] of Object.entries(group)) {
    const given: unknown = Reflect.get(saved, name);
    const added = given === undefined && !Object.hasOwn(defaults, name);
    if (own !== undefined && !added && !isAlike(given, own)) {
      fail(`${name} of group ${g} is ${JSON.stringify(given)} in the state, here ${JSON.stringify(own)}`);
    }
  }
}

/** Whether a number is finite on the GPU. */
export const isFloat = (value: number): boolean => Number.isFinite(Math.fround(value));

/** Whether a saved option is of the kind of the one in force; numbers are finite, as the GPU's too. */
export function isAlike(saved: unknown, own: unknown): boolean {
  if (Array.isArray(own)) {
    return Array.isArray(saved) && saved.length === own.length && own.every((one, i) => isAlike(saved[i], one));
  }
  return typeof saved === typeof own && (typeof saved !== 'number' || isFloat(saved));
}
