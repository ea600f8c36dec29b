/**
 * How a computed tensor remembers its function: a differentiable function computes its value and notes how gradients pass back
 * through it. `src/autograd` walks back what was noted.
 */
import { refuseAsync } from '../gpu/errors.js';
import { atMost, ofFunction } from '../gpu/options.js';
import { tick } from '../memory/overwrites.js';
import { seeField, writeField } from '../stream/recording.js';
import type { BackwardOf, GradientsOf } from './gradFn.js';
import { Tensor } from './tensor.js';

const mode = { noGrad: false };
let inspect: Inspector | null = null;

export type Backward = BackwardOf<Tensor>;
export type Gradients = GradientsOf<Tensor>;

/** Is shown every function that runs, recorded or not. Returns the way back to record. */
export type Inspector = ((
  name: string,
  inputs: readonly Tensor[],
  value: Tensor,
  backward: Backward,
  attributes: object | undefined,
) => Backward) & {
  /** It asks which tensors are read, and not what a function is made of. */
  readonly readsAlone?: boolean;
  /** Runs what is computed again in backward as it was the first time. */
  readonly again?: <T>(body: () => T) => T;
};

/** Lets `inspector` see every function from now on. Returns the one before. */
export function inspectBy(inspector: Inspector | null): Inspector | null {
  const before = inspect;
  inspect = inspector;
  return before;
}

/** Whether somebody is shown every function that runs. */
export const isInspected = (): boolean => inspect !== null;

/** Whether it matters to somebody what a function is made of. */
export const wantsParts = (): boolean => inspect !== null && !inspect.readsAlone;

/** Whether functions are recorded now. */
export function isGradEnabled(): boolean {
  atMost('isGradEnabled', 0, arguments);
  seeField(mode, 'noGrad');
  return !mode.noGrad;
}

/** Runs `body` without recording: for evaluation, and for arithmetic on parameters. */
export function noGrad<T>(body: () => T): T {
  ofFunction('noGrad', arguments);
  return within('noGrad', true, body);
}

/** Runs `body` with recording on, inside `noGrad`. */
export function enableGrad<T>(body: () => T): T {
  ofFunction('enableGrad', arguments);
  return within('enableGrad', false, body);
}

function within<T>(name: string, noGrad: boolean, body: () => T): T {
  seeField(mode, 'noGrad');
  const before = mode.noGrad;
  writeField(mode, 'noGrad');
  mode.noGrad = noGrad;
  try {
    const result = body();
    refuseAsync(name, result);
    return result;
  } finally {
    mode.noGrad = before;
  }
}

/**
 * Remembers `value` as a function of `inputs`, if any of them asks for a gradient.
 *
 * @param attributes what the value depends on besides its inputs, for whoever writes the function down elsewhere
 */
export function differentiable(
  name: string,
  inputs: readonly Tensor[],
  value: Tensor,
  ways: Gradients,
  attributes?: object,
): Tensor {
  const plain = ways.fused ?? ways.all ?? ((grad) => each(ways.by ?? [], inputs, grad));
  const backward = inspect?.(name, inputs, value, plain, attributes) ?? plain;
  if (isGradEnabled() && inputs.some((input) => input.requiresGrad)) {
    value.requiresGrad = true;
    value.gradFn = { name, inputs, order: tick(), backward, ways, attributes };
  }
  return value;
}

/** What `by` makes for those inputs that want a gradient. */
export const each = (
  by: readonly ((grad: Tensor) => Tensor)[],
  inputs: readonly Tensor[],
  grad: Tensor,
): (Tensor | null)[] => inputs.map((input, i) => (input.requiresGrad ? (by[i]?.(grad) ?? null) : null));

/** A slope that is the same but for steps, as a function of x all the same, to which it gives no gradient but zeros. */
export const stepwise = (slope: Tensor, x: Tensor): Tensor =>
  differentiable('stepwise', [slope, x], new Tensor(slope.shape, slope.dtype, slope.storage), {
    all: (grad) => [grad, null],
  });
