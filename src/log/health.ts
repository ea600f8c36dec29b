/** What NaN, infinities, largest values and norms there are in parameters and gradients, at the price of a launch or two. */
import { adapter } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import { atMost, isTensor, text, wantTensor } from '../gpu/options.js';
import { GPU_HEALTH, type HealthCut, healthKernel, healthPieces, SOFTWARE_HEALTH } from '../kernels/health.js';
import { AnyModule } from '../nn/anyModule.js';
import { joined } from '../optim/clip.js';
import { refuseInCapture } from '../stream/recording.js';
import { scoped } from '../stream/scope.js';
import { tensor } from '../tensor/create.js';
import { launch, widest } from '../tensor/launch.js';
import { noGrad } from '../tensor/remember.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Lying, lyingOf } from './lying.js';

/** Of the elements of a tensor. */
export interface Figures {
  /** How many are NaN, and how many infinite. */
  readonly nan: number;
  readonly inf: number;
  /** The largest |x| among the others; 0 where there are none. */
  readonly max: number;
  /** The root of the sum of squares of the others. */
  readonly norm: number;
}

/** Of a parameter. */
export interface ParameterHealth {
  readonly name: string;
  /** Its elements. */
  readonly size: number;
  readonly weight: Figures;
  /** Null where it has no gradient. */
  readonly grad: Figures | null;
}

/** Plain data, fit for `postMessage`. */
export interface Health {
  /** In the model's order. */
  readonly parameters: readonly ParameterHealth[];
  /**
   * Where it went wrong first, null where everything is finite: the first weight that is not, as `0.weight`; else the last gradient
   * that is not, as `0.weight.grad`, for gradients are computed from the last layer to the first, and spread that way.
   */
  readonly first: string | null;
}

/**
 * Counts NaN and infinities in parameters and in their gradients, and finds their largest values and norms. It looks at them as
 * they are when it is called; the next step need not wait for the answer. The parameters of an optimizer's group are one launch,
 * gradients included, others one each; 16 bytes come back for each thousand elements, or fewer where there are millions.
 *
 * Call it after a step, captured or not, every so many: gradients are there until `zeroGrad`. `healthEvery` of
 * `trainModel` does. A norm is infinite where the sum of squares is more than 3.4e38, and misses elements below 1e-19.
 *
 * @param of a model, or f32 tensors by name; of other types they are passed over
 * @throws KindlingError inside a captured function
 * @example
 * const { first, parameters } = await health(model);
 * if (first) throw new Error(`step ${i}: ${first} is not finite`);
 * for (const { name, grad } of parameters) logger.addScalar(`grad_norm/${name}`, grad?.norm ?? 0, i);
 */
export async function health(of: AnyModule | Readonly<Record<string, Tensor>>): Promise<Health> {
  atMost('health', 1, arguments);
  refuseInCapture('health is called', 'Call it after the captured function has run: gradients are still there.');
  const named = namedOf(of).filter(([, { dtype }]) => dtype === 'f32');
  const sums = named.map(([, { grad }]) => (grad ? [new Sums(), new Sums()] : [new Sums()]));
  const cut = adapter().isSoftware ? SOFTWARE_HEALTH : { ...GPU_HEALTH, lanes: widest() };
  const looks = lyingOf(named.map(([, one]) => one)).map((lying) => ({
    ...lying,
    ...healthPieces(lying.stretches, cut),
  }));
  if (looks.length > 0) {
    // Not a step: the numbers that dropout draws go by the count of steps.
    const figures = scoped(
      () => noGrad(() => joined(looks.map(look))),
      ({ storage }) => [storage],
    );
    const values = await figures.data();
    figures.dispose();
    let at = 0;
    for (const { arrays, stretches, of: pieces } of looks) {
      for (const piece of pieces) {
        const { index = 0 } = stretches[piece] ?? {};
        for (const n of arrays.keys()) {
          sums[index]?.[n]?.add(values.subarray(at, at + 4));
          at += 4;
        }
      }
    }
  }
  const parameters = named.map(([name, { size }], i) => {
    const [weight = new Sums(), grad] = sums[i] ?? [];
    return { name, size, weight: weight.figures, grad: grad?.figures ?? null };
  });
  return { parameters, first: firstOf(parameters) };
}

/** Tensors by name. @throws KindlingError where it is neither a model nor that */
function namedOf(of: AnyModule | Readonly<Record<string, Tensor>>): [string, Tensor][] {
  if (of instanceof AnyModule) return of.namedParameters();
  if (typeof of !== 'object' || of === null || isTensor(of)) {
    refuse(`health: wants a model, or tensors by name, got ${text(of)}`);
  }
  const named = Object.entries(of);
  for (const [name, one] of named) wantTensor('health', name, one);
  return named;
}

/** One launch. */
function look({ arrays, ends, cut }: Lying & { readonly ends: Uint32Array; readonly cut: HealthCut }): Tensor {
  const pieces = ends.length / 4;
  const { length } = arrays;
  return launch(healthKernel({ arrays: length, pieces, cut }), [tensor(ends), ...arrays], [pieces * length * 4]);
}

/** The pieces of a tensor put together. */
class Sums {
  readonly #of = [0, 0, 0, 0] as [number, number, number, number];

  add([nan = 0, inf = 0, max = 0, squares = 0]: ArrayLike<number> & Iterable<number>): void {
    const of = this.#of;
    of[0] += nan;
    of[1] += inf;
    of[2] = Math.max(of[2], max);
    of[3] += squares;
  }

  get figures(): Figures {
    const [nan, inf, max, squares] = this.#of;
    return { nan, inf, max, norm: Math.sqrt(squares) };
  }
}

/** See {@link Health.first}. */
function firstOf(parameters: readonly ParameterHealth[]): string | null {
  const isBad = (figures: Figures | null): boolean => figures !== null && figures.nan + figures.inf > 0;
  const weight = parameters.find((one) => isBad(one.weight));
  if (weight) return weight.name;
  const grad = parameters.findLast((one) => isBad(one.grad));
  return grad ? `${grad.name}.grad` : null;
}
