/**
 * What optimizers share: parameter groups, the state of each parameter, state dicts, and the step. A subclass gives its
 * kernel, the names of the tensors it keeps for a parameter, and the numbers of a step. Where everything lies is in arena.ts.
 */
import { zeroGrad } from '../autograd/zeroGrad.js';
import { refuse } from '../gpu/errors.js';
import { checked, type Known } from '../gpu/options.js';
import { guard } from '../gpu/recording.js';
import { hostValues } from '../tensor/hostValues.js';
import { sameShape, show } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { Arena, type Range } from './arena.js';

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
  /** What a group may have. */
  readonly #known: object;
  readonly #state = new Map<Tensor, ParamState>();
  /** Of each group, where its parameters, gradients and state lie. */
  readonly #arenas: Arena[] = [];

  constructor(params: Params<Options>, defaults: Options, known: Known<Options>) {
    this.defaults = defaults;
    this.#known = { ...known, params: 'any', initialLr: 'number', name: 'string' };
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
  /** Launches the update: reads scalars and gradient, writes the parameter and its state. */
  protected abstract launch(options: Options, size: number, reads: Tensor[], writes: Tensor[]): void;
  /** The kernel's numbers for the `step`-th step of a parameter, counted from 1. */
  protected abstract scalars(options: Options, step: number): readonly number[];

  /** Adds parameters with options of their own. */
  addParamGroup(group: GroupOptions<Options>): void {
    this.#checkGroup(group);
    const params = [...group.params];
    const known = new Set(this.paramGroups.flatMap((other) => other.params));
    for (const param of params) {
      if (!(param instanceof Tensor) || !param.isLeaf || param.dtype !== 'f32') this.fail(`${param} is no f32 leaf`);
      if (known.has(param)) this.fail(`a parameter of shape ${show(param.shape)} is given twice`);
      known.add(param);
    }
    const made = { ...this.defaults, ...defined(group), params } as Group<Options>;
    this.checkSigns({ lr: made.lr });
    this.check(made);
    this.paramGroups.push(made);
    this.#arenas.push(new Arena(params));
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const { params } of this.paramGroups) zeroGrad(params);
  }

  /** Updates every parameter that has a gradient: in one launch for a group whose parameters all have one. */
  step(): void {
    this.paramGroups.forEach((group, g) => {
      this.#checkGroup(group);
      const arena = this.#arenas[g] as Arena;
      const { params } = group;
      for (let from = 0; from < params.length; ) {
        let first: number | undefined;
        let to = from;
        for (; params[to]?.grad; to++) {
          const { step } = this.#stateOf(group, arena, to);
          first ??= step;
          if (step !== first) break;
          arena.gather(to);
        }
        if (to > from) this.#update(group, arena, from, to);
        from = Math.max(to, from + 1);
      }
    });
  }

  /** One launch for neighbours in the arena that have made the same number of steps. */
  #update(group: Group<Options>, arena: Arena, from: number, to: number): void {
    const names = this.stateNames(group);
    // Looked up at each step: `loadStateDict` may have put others there.
    const states = (): ParamState[] =>
      group.params.slice(from, to).map((_, i) => this.#stateOf(group, arena, from + i));
    const scalars = hostValues('f32', this.scalars(group, 1).length, () => {
      const held = states();
      for (const state of held) state.step++;
      return this.scalars(group, held[0]?.step ?? 1);
    });
    const { nesterov } = group;
    guard(() => {
      const [first, ...others] = states();
      const together = others.every(({ step }) => step === first?.step);
      // These choose the kernel; all else is among its numbers.
      return together && `${this.stateNames(group)}` === `${names}` && group.nesterov === nesterov;
    });
    const range = arena.range(from, to);
    const kept = names.map((name) => range.state(name));
    this.launch(group, range.params.size, [scalars, range.grads], [range.params, ...kept]);
  }

  #stateOf(group: Group<Options>, arena: Arena, i: number): ParamState {
    const param = group.params[i] as Tensor;
    const state = this.#state.get(param) ?? ({ step: 0 } as ParamState);
    for (const name of this.stateNames(group)) state[name] ??= arena.at(i).state(name);
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
    for (const { param, slot, options, state } of this.#matched(dict)) {
      for (const [name, value] of Object.entries(this.#state.get(param) ?? {})) {
        if (value instanceof Tensor && !state?.[name]) value.copy_(new Float32Array(value.size));
      }
      this.#state.delete(param);
      if (!state) continue;
      const held: ParamState = { step: state.step };
      for (const name of this.stateNames(options)) held[name] = slot.state(name).copy_(state[name] as Tensor);
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
  #matched(dict: OptimizerState): { param: Tensor; slot: Range; options: Options; state: ParamState | undefined }[] {
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
      const matched = group.params.map((param, i) => {
        const state = dict.state[numbers[i] ?? -1];
        for (const name of state ? this.stateNames(options) : []) {
          const value = state?.[name];
          if (!(value instanceof Tensor)) this.fail(`the state has no ${name} for parameter ${numbers[i]}`);
          if (!sameShape(value.shape, param.shape)) {
            const shapes = `${show(value.shape)}, the parameter ${show(param.shape)}`;
            this.fail(`${name} of parameter ${numbers[i]} is ${shapes}`);
          }
        }
        return { param, slot: (this.#arenas[g] as Arena).at(i), options, state };
      });
      this.#checkGroup(saved);
      return matched;
    });
  }

  #checkGroup(group: object): void {
    checked(this.constructor.name, group, this.#known);
  }

  /** Refuses options that are negative or no numbers. */
  protected checkSigns(options: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(options)) {
      if (!(value >= 0)) this.fail(`${name} ${value} is not a number from 0`);
    }
  }

  /** Throws in the optimizer's name. */
  protected fail(message: string): never {
    refuse(`${this.constructor.name}: ${message}`);
  }
}

/** Options without those that are undefined, so that defaults hold. */
export const defined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
