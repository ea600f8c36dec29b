/** Quasi-Newton steps. Vectors lie on the GPU; the host decides by the few numbers that come back for each evaluation. */
import { zeroGrad } from '../autograd/zeroGrad.js';
import { refuse } from '../gpu/errors.js';
import { atMost, type Complete, checked, itemsOf, type Known, required, text } from '../gpu/options.js';
import { reshape, sum } from '../ops/broadcast.js';
import { abs, add, mul } from '../ops/elementwise/arithmetic.js';
import { narrow } from '../ops/parts.js';
import { dot } from '../ops/products.js';
import { amax } from '../ops/reduce.js';
import { insideScope } from '../stream/scope.js';
import { full, zeros } from '../tensor/create.js';
import { enableGrad, noGrad } from '../tensor/remember.js';
import { step } from '../tensor/step.js';
import { Tensor } from '../tensor/tensor.js';
import { opaque, refuseInCapture } from '../tensor/watched.js';
import { defined, isGroup, type ParamGroup } from './groups.js';
import { checkMemory, joined, Memory, read } from './lbfgsMemory.js';
import { isAlike, type OptimizerState, type ParamState } from './state.js';
import { strongWolfe, type Trial } from './strongWolfe.js';

export interface LBFGSOptions {
  /** Learning rate. Default: 1. */
  lr?: number | undefined;
  /** Iterations of one step, at most. Default: 20. */
  maxIter?: number | undefined;
  /** Evaluations of the closure in one step, at most; the line search may go beyond. Default: ⌊1.25 · maxIter⌋. */
  maxEval?: number | undefined;
  /** A step ends where no entry of the gradient is larger. Default: 1e-7. */
  toleranceGrad?: number | undefined;
  /** A step ends where loss or parameters change by less. Default: 1e-9. */
  toleranceChange?: number | undefined;
  /** Changes of gradient and parameters that are remembered, at most. Default: 100. */
  historySize?: number | undefined;
  /** How step lengths are found; null takes `lr` as it is. Default: null. */
  lineSearchFn?: 'strong_wolfe' | null | undefined;
}

type Options = Complete<LBFGSOptions>;

const LBFGS_OPTIONS: Known<Options> = {
  lr: 'number',
  maxIter: 'count',
  maxEval: 'count',
  toleranceGrad: 'number',
  toleranceChange: 'number',
  historySize: 'size',
  lineSearchFn: 'string?',
};

/** Loss and gradient at a point. */
interface Point extends Trial {
  /** By all parameters, one after the other. */
  readonly grad: Tensor;
  /** Its largest entry. */
  readonly largest: number;
  /** What the closure returned. */
  readonly returned: Tensor;
}

/**
 * L-BFGS: directions by the changes of gradient and parameters so far, which stand for the inverse of the Hessian. For losses of
 * all data at once: with batches that change, what it remembers says little.
 *
 * A step evaluates the closure several times and reads its losses, so it is awaited, and stands outside of steps and captured
 * functions. The closure may itself be a captured function, which is then replayed; any other runs as a {@link step} does.
 * There are no parameter groups, and it is no {@link Optimizer} but in what it can do: schedulers and checkpoints take it.
 *
 * @example
 * const optimizer = new LBFGS(model.parameters(), { lineSearchFn: 'strong_wolfe' });
 * const loss = await optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const loss = criterion(model(x), y);
 *   loss.backward();
 *   return loss;
 * });
 * @see https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
 */
export class LBFGS {
  /** The only group; its `lr` and other options may be changed between steps. */
  readonly paramGroups: [Options & ParamGroup];
  readonly defaults: Options;
  readonly #params: readonly Tensor[];
  readonly #size: number;
  #memory = new Memory();

  constructor(params: Iterable<Tensor>, options: LBFGSOptions = {}) {
    const given = defined(checked('LBFGS', options, LBFGS_OPTIONS));
    refuseInCapture('an optimizer is given parameters', 'Make it outside.');
    const { maxIter = 20 } = given;
    this.defaults = {
      ...{ lr: 1, maxIter, maxEval: Math.floor(maxIter * 1.25), toleranceGrad: 1e-7, toleranceChange: 1e-9 },
      ...{ historySize: 100, lineSearchFn: null, ...given },
    };
    const how = 'new LBFGS(model.parameters(), …)';
    const isItem = (item: unknown): boolean => item instanceof Tensor || isGroup(item);
    const items = itemsOf<unknown>('LBFGS', 'parameters', params, how, isItem);
    if (items.length === 0) refuse('LBFGS: there are no parameters');
    this.#params = items.map((param) => {
      if (!(param instanceof Tensor)) refuse(`LBFGS: has no parameter groups; write ${how}`);
      if (!param.isLeaf || param.dtype !== 'f32') refuse(`LBFGS: ${param} is no f32 leaf`);
      return param;
    });
    if (new Set(this.#params).size < items.length) refuse('LBFGS: a parameter is given twice');
    this.#size = this.#params.reduce((size, param) => size + param.size, 0);
    this.paramGroups = [{ ...this.defaults, params: [...this.#params] }];
    checkOptions(this.paramGroups[0]);
  }

  /** Its name, which a state dict carries. */
  get kind(): string {
    return 'LBFGS';
  }

  /** @internal */
  get [opaque](): true {
    return true;
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    atMost('optimizer.zeroGrad', 0, arguments);
    zeroGrad(this.#params);
  }

  /**
   * Up to `maxIter` iterations.
   *
   * @param closure forgets the gradients, computes the loss, calls `backward()` and returns the loss
   * @returns the loss that the closure returned first
   * @throws KindlingError inside a step or a captured function
   */
  step(closure: () => Tensor): Promise<Tensor> {
    atMost('optimizer.step', 1, arguments);
    required('LBFGS', { closure }, { closure: 'function' });
    const remedy = 'Call its step() outside; the closure that it is given may be a captured function.';
    refuseInCapture('LBFGS makes a step, which waits for losses,', remedy);
    if (insideScope()) refuse(`LBFGS: makes a step, which waits for losses, inside a step, which cannot. ${remedy}`);
    checkOptions(this.paramGroups[0]);
    // A captured function has memory of its own, and replays outside of steps alone.
    const evaluate = 'stats' in closure ? closure : (): Tensor => step(closure);
    return this.#iterate(() => enableGrad(evaluate));
  }

  async #iterate(closure: () => Tensor): Promise<Tensor> {
    const [{ lr, maxIter, maxEval, toleranceGrad, toleranceChange, historySize, lineSearchFn }] = this.paramGroups;
    const memory = this.#memory;
    const end = memory.evaluations + maxEval;
    const first = await this.#evaluate(closure);
    let now = first;
    for (let i = 1; i <= maxIter && !(now.largest <= toleranceGrad); i++) {
      const before = now;
      const d = await memory.turn(before.grad, historySize);
      const numbers = await read(() => [dot(before.grad, d), sum(abs(before.grad)), amax(abs(d))]);
      const [slope = 0, length = 0, longest = 0] = Array.from(numbers);
      memory.t = memory.iterations === 1 ? Math.min(1, 1 / length) * lr : lr;
      if (slope > -toleranceChange) break;
      const from = joined(this.#params);
      const tried: Point[] = [];
      const evaluateAt = async (t: number): Promise<Point> => {
        this.#goTo(from, t, d);
        const point = await this.#evaluate(closure, t, d);
        tried.push(point);
        return point;
      };
      if (lineSearchFn) {
        const start: Point = { ...before, t: 0, slope };
        now = await strongWolfe(start, memory.t, evaluateAt, toleranceChange / longest);
        memory.t = now.t;
        this.#goTo(from, now.t, d);
      } else if (i < maxIter) now = await evaluateAt(memory.t);
      else this.#goTo(from, memory.t, d); // With batches that change, nobody needs the loss of this one.
      for (const { grad } of tried) if (grad !== now.grad) grad.dispose();
      from.dispose();
      if (memory.evaluations >= end || longest * Math.abs(memory.t) <= toleranceChange) break;
      if (Math.abs(now.loss - before.loss) < toleranceChange) break;
    }
    if (now.grad !== memory.grad) now.grad.dispose();
    return first.returned;
  }

  /** Loss and gradient where the parameters are, `t` times `d` from where they were. */
  async #evaluate(closure: () => Tensor, t = 0, d?: Tensor): Promise<Point> {
    const returned = closure();
    if (!(returned instanceof Tensor) || returned.size !== 1) {
      refuse(`LBFGS: the closure returns the loss, a scalar, not ${text(returned)}`);
    }
    this.#memory.evaluations++;
    const grad = joined(this.#params.map(({ grad, shape }) => grad ?? zeros(shape)));
    const slope = (): Tensor[] => (d ? [dot(grad, d)] : []);
    const numbers = await read(() => [reshape(returned, []), amax(abs(grad)), ...slope()]);
    const [loss = 0, largest = 0, along = 0] = Array.from(numbers);
    return { t, loss, slope: along, grad, largest, returned };
  }

  /** Moves the parameters to `t` times `d` from a point. */
  #goTo(from: Tensor, t: number, d: Tensor): void {
    step(() =>
      noGrad(() => {
        const point = add(from, mul(d, full([], t)));
        let at = 0;
        for (const param of this.#params) {
          param.copy_(reshape(narrow(point, 0, at, param.size), param.shape));
          at += param.size;
        }
      }),
    );
  }

  /**
   * State and options. Under PyTorch's names, but that `step` is its `n_iter`, and that what it holds in lists is one tensor
   * each. The tensors are copies.
   */
  stateDict(): OptimizerState {
    atMost('optimizer.stateDict', 0, arguments);
    refuseInCapture("an optimizer's state is read", 'A replay would not read it again: read it outside.');
    const [{ params, ...options }] = this.paramGroups;
    const group = { ...structuredClone(options), params: params.map((_, i) => i) };
    return {
      kind: this.kind,
      state: this.#memory.evaluations > 0 ? { 0: this.#memory.save() } : {},
      paramGroups: [group as unknown as OptimizerState['paramGroups'][number]],
    };
  }

  /**
   * Continues from what {@link LBFGS.stateDict} returned, for parameters in the same order.
   *
   * @throws KindlingError where it is another optimizer's, or does not fit; nothing is changed then
   */
  loadStateDict(dict: OptimizerState): void {
    const { state, options } = this.#matched(dict);
    this.#memory = Memory.load(state);
    Object.assign(this.paramGroups[0], structuredClone(options));
  }

  /** Throws what {@link LBFGS.loadStateDict} would, and changes nothing. */
  checkStateDict(dict: OptimizerState): void {
    this.#matched(dict);
  }

  #matched({ kind, state, paramGroups }: OptimizerState): { state: ParamState | undefined; options: object } {
    if (kind !== undefined && kind !== this.kind) refuse(`LBFGS: the state is that of ${kind}`);
    const [saved, more] = paramGroups ?? [];
    if (!saved || more) refuse(`LBFGS: the state has ${paramGroups?.length} parameter groups, not 1`);
    const { params, ...options } = saved;
    const [{ params: own, ...here }] = this.paramGroups;
    if (params?.length !== own.length) refuse(`LBFGS: the state has ${params?.length} parameters, not ${own.length}`);
    for (const [name, value] of Object.entries(here)) {
      const given = options[name];
      const fits = name === 'lineSearchFn' ? given === null || given === 'strong_wolfe' : isAlike(given, value);
      const added = given === undefined && !Object.hasOwn(this.defaults, name);
      if (!fits && !added) refuse(`LBFGS: ${name} is ${text(given)} in the state, here ${text(value)}`);
    }
    checkOptions({ ...here, ...options });
    if (state?.[0]) checkMemory(state[0], this.#size);
    return { state: state?.[0], options };
  }
}

/** @throws KindlingError where options make no sense */
function checkOptions({ params: _, initialLr, name, ...options }: Options & Partial<ParamGroup>): void {
  const { lineSearchFn, lr, toleranceGrad, toleranceChange } = required<Options>(
    'LBFGS',
    options as Options,
    LBFGS_OPTIONS,
  );
  checked<object>('LBFGS', { initialLr, name }, { initialLr: 'number', name: 'string' } as object);
  if (lineSearchFn !== null && lineSearchFn !== 'strong_wolfe') {
    refuse(`LBFGS: lineSearchFn is ${text(lineSearchFn)}, wants null or 'strong_wolfe'`);
  }
  for (const [option, value] of Object.entries({ lr, toleranceGrad, toleranceChange })) {
    if (!(value >= 0)) refuse(`LBFGS: ${option} ${value} is not a number from 0`);
  }
}
