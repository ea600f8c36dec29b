/** Averages of a model's weights along its way: a model that often does better than the last of them. */
import { refuse } from '../gpu/errors.js';
import { atMost, checked, type Known, required, text } from '../gpu/options.js';
import type { AnyModule } from '../nn/anyModule.js';
import { BatchNorm1d, BatchNorm2d } from '../nn/batchnorm.js';
import { deepcopy } from '../nn/deepcopy.js';
import { Module, wantModule } from '../nn/module.js';
import { cast } from '../ops/cast.js';
import { add, div, mul, reciprocal, sub } from '../ops/elementwise/arithmetic.js';
import { eq } from '../ops/elementwise/comparison.js';
import { approach_, increment_ } from '../ops/inPlace.js';
import { where } from '../ops/shape.js';
import { ones, zeros } from '../tensor/create.js';
import { noGrad } from '../tensor/remember.js';
import { sameShape, show } from '../tensor/shape.js';
import { step } from '../tensor/step.js';
import { Tensor } from '../tensor/tensor.js';

/**
 * The next average of one tensor.
 *
 * @param averaged the average so far
 * @param current what joins it
 * @param numAveraged how many the average is of, a scalar of i32
 */
export type AvgFn = (averaged: Tensor, current: Tensor, numAveraged: Tensor) => Tensor;

/** As {@link AvgFn}, of all tensors at once, into which it writes the averages. */
export type MultiAvgFn = (averaged: readonly Tensor[], current: readonly Tensor[], numAveraged: Tensor) => void;

export interface AveragedModelOptions {
  /** How a tensor is averaged. Default: all models weigh alike. */
  avgFn?: AvgFn | undefined;
  /** How all are averaged at once, such as {@link getEmaMultiAvgFn}. Default: as `avgFn` says. */
  multiAvgFn?: MultiAvgFn | undefined;
  /** Whether buffers are averaged too; else they are those of the last model. Default: false. */
  useBuffers?: boolean | undefined;
}

const AVERAGED_MODEL: Known<AveragedModelOptions> = {
  avgFn: 'function',
  multiAvgFn: 'function',
  useBuffers: 'boolean',
};

/** Averages that are what joins them where there are none yet. */
const fromNothing = /* @__PURE__ */ new WeakSet<MultiAvgFn>();

/** The share of `current` in the next average, and that average of numbers that are not f32. */
function averagesBy(share: (numAveraged: Tensor) => Tensor, ofIntegers: AvgFn): MultiAvgFn {
  const averages: MultiAvgFn = (averaged, current, numAveraged) => {
    const by = share(numAveraged);
    averaged.forEach((to, i) => {
      const from = current[i] as Tensor;
      if (to.dtype === 'f32') approach_(to, from, by);
      else to.copy_(firstOr(ofIntegers, to, from, numAveraged));
    });
  };
  fromNothing.add(averages);
  return averages;
}

/** The next average, or, of none, what joins it. */
function firstOr(avgFn: AvgFn, averaged: Tensor, current: Tensor, numAveraged: Tensor): Tensor {
  const next = avgFn(averaged, current, numAveraged);
  if (!(next instanceof Tensor)) refuse(`AveragedModel: avgFn must return a tensor, got ${text(next)}`);
  return cast(where(eq(numAveraged, 0), current, next), averaged.dtype);
}

/** All tensors averaged, each by itself. */
function oneByOne(avgFn: AvgFn): MultiAvgFn {
  const averages: MultiAvgFn = (averaged, current, numAveraged) =>
    averaged.forEach((to, i) => {
      to.copy_(firstOr(avgFn, to, current[i] as Tensor, numAveraged));
    });
  fromNothing.add(averages);
  return averages;
}

/** The mean of all models: averaged + (current − averaged) / (numAveraged + 1). */
const swa = (): MultiAvgFn =>
  averagesBy(
    (n) => reciprocal(add(cast(n, 'f32'), 1)),
    (averaged, current, n) => add(averaged, div(sub(current, averaged), add(n, 1))),
  );

/**
 * For `multiAvgFn`: exponential averages, decay · averaged + (1 − decay) · current.
 *
 * @param decay from 0 to 1. Default: 0.999
 * @see https://pytorch.org/docs/stable/optim.html
 */
export function getEmaMultiAvgFn(decay = 0.999): MultiAvgFn {
  atMost('getEmaMultiAvgFn', 1, arguments);
  required('getEmaMultiAvgFn', { decay }, { decay: 'number' });
  if (!(decay >= 0 && decay <= 1)) refuse(`getEmaMultiAvgFn: decay ${decay} is not from 0 to 1`);
  return averagesBy(
    (n) => where(eq(n, 0), 1, 1 - decay),
    (averaged, current) => add(mul(averaged, decay), mul(current, 1 - decay)),
  );
}

/**
 * A copy of a model whose parameters are averages of those that the model had at each {@link AveragedModel.updateParameters};
 * the first are copied. It is called as the model itself. Everything lies on the GPU and takes part in captured steps, the
 * count too.
 *
 * Its state dict has PyTorch's names: `n_averaged`, and those of the model behind `module.`. The functions are not in it.
 *
 * @example
 * const averaged = new AveragedModel(model, { multiAvgFn: getEmaMultiAvgFn(0.999) });
 * const train = capture((x: Tensor, y: Tensor) => {
 *   …
 *   optimizer.step();
 *   averaged.updateParameters(model);
 * });
 * @see https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html
 */
export class AveragedModel<M extends AnyModule = Module> extends Module<never[], unknown> {
  readonly module: M;
  /** How many models the average is of, a scalar of i32. */
  nAveraged: Tensor;
  readonly useBuffers: boolean;
  readonly multiAvgFn: MultiAvgFn;

  constructor(model: M, options: AveragedModelOptions = {}) {
    super();
    const { avgFn, multiAvgFn, useBuffers = false } = checked('AveragedModel', options, AVERAGED_MODEL);
    wantModule('AveragedModel', model);
    if (avgFn && multiAvgFn) refuse('AveragedModel: takes avgFn or multiAvgFn, not both');
    this.module = deepcopy(model);
    this.nAveraged = this.registerBuffer('nAveraged', zeros([], { dtype: 'i32' }));
    this.useBuffers = useBuffers;
    this.multiAvgFn = multiAvgFn ?? (avgFn ? oneByOne(avgFn) : swa());
  }

  protected override keyOf(field: string): string {
    return field === 'nAveraged' ? 'n_averaged' : field;
  }

  override forward(...inputs: Parameters<M['forward']>): ReturnType<M['forward']> {
    return this.module.forward(...inputs) as ReturnType<M['forward']>;
  }

  /**
   * Lets a model's parameters join the average.
   *
   * @throws KindlingError where they are not as many as the average has, and of the same shapes
   */
  updateParameters(model: M): void {
    atMost('updateParameters', 1, arguments);
    wantModule('updateParameters', model);
    const { useBuffers, nAveraged, multiAvgFn, module } = this;
    const buffers = joinedUp(module.buffers(), model.buffers());
    const averaged = joinedUp(module.parameters(), model.parameters());
    if (useBuffers) averaged.push(...buffers);
    noGrad(() => {
      const [own, current] = [averaged.map(([to]) => to), averaged.map(([, from]) => from)];
      multiAvgFn(own, current, nAveraged);
      if (!fromNothing.has(multiAvgFn)) {
        for (const [to, from] of averaged) to.copy_(firstOr((next) => next, to, from, nAveraged));
      }
      if (!useBuffers) for (const [to, from] of buffers) to.copy_(from);
      increment_(nAveraged);
    });
  }
}

/** The tensors of the average, each with that of the model. */
function joinedUp(own: readonly Tensor[], theirs: readonly Tensor[]): [Tensor, Tensor][] {
  if (own.length !== theirs.length) {
    refuse(`updateParameters: the model has ${theirs.length} tensors, the average ${own.length}`);
  }
  return own.map((to, i) => {
    const from = theirs[i] as Tensor;
    if (!sameShape(to.shape, from.shape) || to.dtype !== from.dtype) {
      refuse(`updateParameters: a tensor of the model is ${show(from.shape)}, that of the average ${show(to.shape)}`);
    }
    return [to, from.detach()];
  });
}

/**
 * Sets the running statistics of batch normalisation anew, by one pass over the data: an averaged model has none of its own.
 *
 * @param loader batches: tensors, or arrays that begin with one, which the model is called with
 * @param model is in the mode in which it was, when this is done
 * @example await updateBN(loader, averaged);
 * @see https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.update_bn.html
 */
export async function updateBN(
  loader: Iterable<Tensor | readonly unknown[]> | AsyncIterable<Tensor | readonly unknown[]>,
  model: AnyModule,
): Promise<void> {
  atMost('updateBN', 2, arguments);
  const source: unknown = loader;
  const isLoader =
    Object(source) === source && [Symbol.iterator, Symbol.asyncIterator].some((way) => way in (source as object));
  if (!isLoader) refuse(`updateBN: wants a loader or a list of batches, got ${text(source)}`);
  wantModule('updateBN', model);
  const norms = model
    .modules()
    .filter((module) => module instanceof BatchNorm1d || module instanceof BatchNorm2d)
    .map((norm) => ({ norm, momentum: norm.momentum }));
  if (norms.length === 0) return;
  const wasTraining = model.training;
  model.train();
  for (const { norm } of norms) {
    norm.runningMean?.copy_(zeros([norm.numFeatures]));
    norm.runningVar?.copy_(ones([norm.numFeatures]));
    norm.numBatchesTracked?.copy_(zeros([], { dtype: 'i32' }));
    norm.momentum = null;
  }
  const call = model as unknown as Module<unknown[], unknown>;
  try {
    for await (const batch of loader) {
      const x: unknown = Array.isArray(batch) ? batch[0] : batch;
      step(() => noGrad(() => void call(x)));
    }
  } finally {
    for (const { norm, momentum } of norms) norm.momentum = momentum;
    model.train(wasTraining);
  }
}
