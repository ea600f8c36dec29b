/** What L-BFGS remembers of its way, and the direction that it makes of that. */
import { refuse } from '../gpu/errors.js';
import { parametersToVector } from '../nn/vector.js';
import { add, mul, neg, reciprocal, sub } from '../ops/elementwise/arithmetic.js';
import { stack, unbind } from '../ops/parts.js';
import { dot } from '../ops/products.js';
import { clone } from '../ops/shape.js';
import { full } from '../tensor/create.js';
import { noGrad } from '../tensor/remember.js';
import { sameShape, show } from '../tensor/shape.js';
import { keep, step } from '../tensor/step.js';
import { Tensor } from '../tensor/tensor.js';
import type { ParamState } from './state.js';

/** What `body` makes, unrecorded and in a step of its own, for as long as it is not disposed of. It must be new. */
export const made = (body: () => Tensor): Tensor => step(() => noGrad(() => keep(body())));

/** Scalars, read together. */
export const read = (body: () => Tensor[]): Promise<ArrayLike<number>> =>
  step(() => noGrad(() => stack(body()))).data();

/** All elements of these, one tensor after the other. */
export const joined = (parts: readonly Tensor[]): Tensor => made(() => parametersToVector(parts));

/** A change of the gradient and of the parameters, and 1 over their product. */
type Change = readonly [dir: Tensor, stp: Tensor, ro: Tensor];

/** PyTorch's names of the lists that {@link Change}s make. */
const LISTS = ['old_dirs', 'old_stps', 'ro'] as const;

export class Memory {
  /** Iterations so far. */
  iterations = 0;
  /** Evaluations of the closure so far. */
  evaluations = 0;
  /** The last length. */
  t = 0;
  /** The last direction, and the gradient by which it was found. */
  d: Tensor | null = null;
  grad: Tensor | null = null;
  /** The curvature of the last change: what stands for the inverse of the Hessian's diagonal. */
  #diagonal = 1;
  #changes: Change[] = [];

  /** Finds the direction at the next gradient, by what has changed since the last. */
  async turn(grad: Tensor, historySize: number): Promise<Tensor> {
    this.iterations++;
    const { d, grad: before } = this;
    this.grad = grad;
    if (d && before) {
      const [dir, stp] = [made(() => sub(grad, before)), made(() => mul(d, full([], this.t)))];
      const [product = 0, square = 0] = Array.from(await read(() => [dot(dir, stp), dot(dir, dir)]));
      if (product > 1e-10) {
        this.#changes.push([dir, stp, made(() => reciprocal(full([], product)))]);
        this.#diagonal = product / square;
        for (const old of this.#changes.splice(0, this.#changes.length - historySize)) dispose(old);
      } else dispose([dir, stp]);
      dispose(before === grad ? [d] : [d, before]);
    }
    this.d = made(() => this.#direction(grad));
    return this.d;
  }

  /** The negative gradient times what stands for the inverse of the Hessian. */
  #direction(grad: Tensor): Tensor {
    let q = neg(grad);
    const shares = this.#changes.toReversed().map(([dir, stp, ro]) => {
      const share = mul(dot(stp, q), ro);
      q = sub(q, mul(dir, share));
      return share;
    });
    if (this.#changes.length > 0) q = mul(q, full([], this.#diagonal));
    for (const [dir, stp, ro] of this.#changes) {
      q = add(q, mul(stp, sub(shares.pop() as Tensor, mul(dot(dir, q), ro))));
    }
    return q;
  }

  /** Copies, under PyTorch's names. */
  save(): ParamState {
    const { iterations, evaluations, t, d, grad } = this;
    const numbers = { step: iterations, func_evals: evaluations, t, H_diag: this.#diagonal };
    const last = d && grad ? { d: made(() => clone(d)), prev_flat_grad: made(() => clone(grad)) } : {};
    if (this.#changes.length === 0) return { ...numbers, ...last };
    const lists = LISTS.map((name, i) => [name, made(() => stack(this.#changes.map((change) => change[i] as Tensor)))]);
    return { ...numbers, ...last, ...Object.fromEntries(lists) };
  }

  /** What {@link Memory.save} gave, in copies; of nothing, what is there at the start. */
  static load(state: ParamState | undefined): Memory {
    const memory = new Memory();
    if (!state) return memory;
    const { step: iterations, func_evals: evaluations, t, H_diag, d, prev_flat_grad: grad } = state as unknown as Saved;
    Object.assign(memory, { iterations, evaluations, t });
    memory.#diagonal = H_diag;
    if (d && grad) Object.assign(memory, { d: made(() => clone(d)), grad: made(() => clone(grad)) });
    const [dirs = [], stps = [], ros = []] = LISTS.map((name) => {
      const list = state[name];
      return list instanceof Tensor ? unbind(list.detach()) : [];
    });
    memory.#changes = dirs.map(
      (dir, i) => [dir, stps[i], ros[i]].map((one) => made(() => clone(one as Tensor))) as never,
    );
    return memory;
  }
}

interface Saved {
  step: number;
  func_evals: number;
  t: number;
  H_diag: number;
  d?: Tensor;
  prev_flat_grad?: Tensor;
}

const dispose = (tensors: readonly Tensor[]): void => {
  for (const tensor of tensors) tensor.dispose();
};

/** @throws KindlingError unless it is what {@link Memory.save} gives for parameters of so many elements */
export function checkMemory(state: ParamState, size: number): void {
  for (const name of ['step', 'func_evals', 't', 'H_diag']) {
    if (typeof state[name] !== 'number') refuse(`LBFGS: the state has no ${name}`);
  }
  const changes = state.ro instanceof Tensor ? state.ro.size : 0;
  const wanted: Record<string, readonly number[]> = {
    ...(state.step > 0 && { d: [size], prev_flat_grad: [size] }),
    ...(changes > 0 && { old_dirs: [changes, size], old_stps: [changes, size], ro: [changes] }),
  };
  for (const name of Object.keys({ ...wanted, ...state })) {
    const [value, shape] = [state[name], wanted[name]];
    if (typeof value === 'number' && !shape) continue;
    if (!(value instanceof Tensor) || !shape) refuse(`LBFGS: the state ${shape ? 'has no' : 'should have no'} ${name}`);
    if (value.dtype !== 'f32' || !sameShape(value.shape, shape)) {
      refuse(`LBFGS: ${name} of the state is ${show(value.shape)} ${value.dtype}, not ${show(shape)} f32`);
    }
  }
}
