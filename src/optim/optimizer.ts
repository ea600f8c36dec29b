/**
 * What optimizers share: parameter groups, the state of each parameter, state dicts, and the step. A subclass gives its
 * kernel, the names of the tensors it keeps for a parameter, and the numbers of a step.
 */
import { zeroGrad } from '../autograd/zeroGrad.js';
import { KindlingError } from '../gpu/errors.js';
import type { Kernel } from '../kernels/kernel.js';
import { zerosLike } from '../tensor/create.js';
import { launchInto } from '../tensor/launch.js';
import { sameShape, show } from '../tensor/shape.js';
import { keep } from '../tensor/step.js';
import { Tensor } from '../tensor/tensor.js';

/** Parameters that share options. */
export interface ParamGroup {
  params: Tensor[];
  lr: number;
  /** The rate that a scheduler started from. */
  initialLr?: number;
  [option: string]: unknown;
}

/** What an optimizer remembers of a parameter, under PyTorch's names: `step`, and tensors such as `exp_avg`. */
export type ParamState = { step: number } & { [name: string]: Tensor | number };

/** As PyTorch's: parameters are numbered through all groups. The tensors are the optimizer's own. */
export interface OptimizerState {
  state: Record<number, ParamState>;
  paramGroups: ({ params: number[]; lr: number } & Record<string, unknown>)[];
}

/** Parameters, or groups of them with options of their own. */
export type Params<Options> = Iterable<Tensor> | Iterable<GroupOptions<Options>>;

/** Parameters with options of their own. */
export type GroupOptions<Options> = { params: Iterable<Tensor> } & Partial<Options>;

type Group<Options> = Options & ParamGroup;

export abstract class Optimizer<Options extends { lr: number } = { lr: number }> {
  /** The groups; their `lr` and other options may be changed between steps. */
  readonly paramGroups: Group<Options>[] = [];
  /** Options of groups that give none of their own. */
  readonly defaults: Options;
  readonly #state = new Map<Tensor, ParamState>();
  /** Buffers of numbers for the kernels: of each group, one for each number of steps its parameters have made. */
  readonly #scalars: Tensor[][] = [];

  constructor(params: Params<Options>, defaults: Options) {
    this.defaults = defaults;
    const given = [...params];
    if (given.length === 0) this.fail('there are no parameters');
    const tensors = given.filter((item) => item instanceof Tensor);
    if (tensors.length > 0) this.addParamGroup({ params: given } as unknown as GroupOptions<Options>);
    else for (const group of given as GroupOptions<Options>[]) this.addParamGroup(group);
  }

  /** Throws where options make no sense. */
  protected abstract check(options: Options): void;
  /** Names of the tensors kept for each parameter, in the order in which the kernel binds them. */
  protected abstract stateNames(options: Options): readonly string[];
  /** The update: reads scalars and gradient, writes the parameter and its state. */
  protected abstract kernel(options: Options, size: number): Kernel;
  /** The kernel's numbers for the `step`-th step of a parameter, counted from 1. */
  protected abstract scalars(options: Options, step: number): readonly number[];

  /** Adds parameters with options of their own. */
  addParamGroup(group: GroupOptions<Options>): void {
    const params = [...group.params];
    const known = new Set(this.paramGroups.flatMap((other) => other.params));
    for (const param of params) {
      if (!(param instanceof Tensor) || !param.isLeaf || param.dtype !== 'f32') this.fail(`${param} is no f32 leaf`);
      if (known.has(param)) this.fail(`a parameter of shape ${show(param.shape)} is given twice`);
      known.add(param);
    }
    const made = { ...this.defaults, ...defined(group), params } as Group<Options>;
    if (!(made.lr >= 0)) this.fail(`lr ${made.lr} is not a number from 0`);
    this.check(made);
    this.paramGroups.push(made);
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const { params } of this.paramGroups) zeroGrad(params);
  }

  /** Updates every parameter that has a gradient. */
  step(): void {
    // The host writes first: in a step of one submit, the stream puts writes before all commands.
    for (const { kernel, inputs, outputs } of this.#prepare()) launchInto(kernel, inputs, outputs);
  }

  /** Counts the step, writes its numbers, and lists the updates. */
  #prepare(): { kernel: Kernel; inputs: Tensor[]; outputs: Tensor[] }[] {
    return this.paramGroups.flatMap((group, g) => {
      const buffers = this.#scalars[g] ?? [];
      this.#scalars[g] = buffers;
      const names = this.stateNames(group);
      const written = new Map<number, Tensor>();
      return group.params.flatMap((param) => {
        const { grad } = param;
        if (!grad) return [];
        const state = this.#stateOf(param, names);
        state.step++;
        const scalars =
          written.get(state.step) ?? write(buffers, written.size, Float32Array.from(this.scalars(group, state.step)));
        written.set(state.step, scalars);
        const kept = names.map((name) => state[name] as Tensor);
        return [{ kernel: this.kernel(group, param.size), inputs: [scalars, grad], outputs: [param, ...kept] }];
      });
    });
  }

  #stateOf(param: Tensor, names: readonly string[]): ParamState {
    const state = this.#state.get(param) ?? ({ step: 0 } as ParamState);
    for (const name of names) state[name] ??= keep(zerosLike(param));
    this.#state.set(param, state);
    return state;
  }

  /** State and options. Its tensors are the optimizer's own and change with the next step. */
  stateDict(): OptimizerState {
    const state: Record<number, ParamState> = {};
    let index = 0;
    const paramGroups = this.paramGroups.map(({ params, ...options }) => {
      const numbers = params.map((param) => {
        const held = this.#state.get(param);
        if (held) state[index] = { ...held };
        return index++;
      });
      return { ...structuredClone(options), params: numbers } as unknown as OptimizerState['paramGroups'][number];
    });
    return { state, paramGroups };
  }

  /**
   * Continues from what {@link Optimizer.stateDict} returned, for parameters in the same order.
   *
   * @throws KindlingError where groups, parameters or shapes do not fit; nothing is changed then
   */
  loadStateDict(dict: OptimizerState): void {
    for (const { param, options, state } of this.#matched(dict)) {
      for (const value of Object.values(this.#state.get(param) ?? {})) {
        if (value instanceof Tensor && !Object.values(state ?? {}).includes(value)) value.dispose();
      }
      this.#state.delete(param);
      if (!state) continue;
      const held: ParamState = { step: state.step };
      for (const name of this.stateNames(options)) {
        held[name] = keep(new Tensor(param.shape).copy_(state[name] as Tensor));
      }
      this.#state.set(param, held);
    }
    dict.paramGroups.forEach(({ params: _, ...options }, g) => {
      Object.assign(this.paramGroups[g] as object, structuredClone(options));
    });
  }

  /** Throws what {@link Optimizer.loadStateDict} would, and changes nothing. */
  checkStateDict(dict: OptimizerState): void {
    this.#matched(dict);
  }

  /** Each parameter with the options and the state that a state dict has for it. */
  #matched(dict: OptimizerState): { param: Tensor; options: Options; state: ParamState | undefined }[] {
    const { paramGroups } = this;
    if (dict.paramGroups?.length !== paramGroups.length) {
      this.fail(`the state has ${dict.paramGroups?.length} parameter groups, not ${paramGroups.length}`);
    }
    return paramGroups.flatMap((group, g) => {
      const { params: numbers = [], ...saved } = dict.paramGroups[g] ?? {};
      const options = { ...group, ...saved } as unknown as Options;
      this.check(options);
      if (numbers.length !== group.params.length) {
        this.fail(`group ${g} of the state has ${numbers.length} parameters, not ${group.params.length}`);
      }
      return group.params.map((param, i) => {
        const state = dict.state[numbers[i] ?? -1];
        for (const name of state ? this.stateNames(options) : []) {
          const value = state?.[name];
          if (!(value instanceof Tensor)) this.fail(`the state has no ${name} for parameter ${numbers[i]}`);
          if (!sameShape(value.shape, param.shape)) {
            const shapes = `${show(value.shape)}, the parameter ${show(param.shape)}`;
            this.fail(`${name} of parameter ${numbers[i]} is ${shapes}`);
          }
        }
        return { param, options, state };
      });
    });
  }

  /** Throws in the optimizer's name. */
  protected fail(message: string): never {
    throw new KindlingError(`${this.constructor.name}: ${message}`);
  }
}

/** Options without those that are undefined, so that defaults hold. */
export const defined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

/** The values in the buffer at `index`, which is made where there is none. */
function write(buffers: Tensor[], index: number, values: Float32Array): Tensor {
  const buffer = buffers[index]?.copy_(values) ?? keep(new Tensor([values.length], 'f32', undefined, values));
  buffers[index] = buffer;
  return buffer;
}
