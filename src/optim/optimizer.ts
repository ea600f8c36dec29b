/**
 * What optimizers share: parameter groups, the state of each parameter, state dicts, and the step. A subclass gives its
 * kernel, the names of the tensors it keeps for a parameter, and the numbers of a step. Where everything lies is in arena.ts.
 */
import { zeroGrad } from '../autograd/zeroGrad.js';
import { refuse } from '../gpu/errors.js';
import { atMost, checked, isTensor, itemsOf, type Known } from '../gpu/options.js';
import { guard, recording, refuseInCapture, unrecorded } from '../stream/recording.js';
import { hostValues } from '../tensor/hostValues.js';
import { show } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { opaque, sameItems, watch } from '../tensor/watched.js';
import { Arena, type Range } from './arena.js';
import { defined, type GroupOptions, isFlag, isGroup, type ParamGroup, type Params } from './groups.js';
import { checkAlike, checkState, isFloat, type OptimizerState, type ParamState } from './state.js';

type Group<Options> = Options & ParamGroup;

/** A group as the optimizer itself sees it, whose numbers replays look up, and where its parameters lie. */
interface Laid<Options> {
  readonly group: Group<Options>;
  readonly params: readonly Tensor[];
  readonly arenas: readonly Arena[];
}

export abstract class Optimizer<Options extends { lr: number } = { lr: number }> {
  /** The groups; their `lr` and other options may be changed between steps, each of which checks them. */
  readonly paramGroups: Group<Options>[] = [];
  /** Options of groups that give none of their own. */
  readonly defaults: Options;
  /** The names of options, and what else a group may have. */
  readonly #names: readonly string[];
  readonly #known: object;
  readonly #state = new Map<Tensor, ParamState>();
  readonly #laid = new WeakMap<object, Laid<Options>>();

  constructor(params: Params<Options>, defaults: Options, known: Known<Options>) {
    if (!defaults) this.fail('wants options');
    this.defaults = watch(defaults);
    this.#names = Object.keys(defaults);
    this.#known = { ...known, params: 'any', initialLr: 'number', name: 'string' };
    const given = this.#items<unknown>(params, (item) => isTensor(item) || isGroup(item));
    if (given.length === 0) this.fail('there are no parameters');
    const groups = given.some(isTensor) ? [{ params: given }] : given;
    for (const group of groups as GroupOptions<Options>[]) this.addParamGroup(group);
  }

  /** Its name, which a state dict carries. */
  get kind(): string {
    return this.constructor.name; // A bundler may change it, so kindling's own name themselves.
  }

  /** @internal */
  get [opaque](): true {
    return true;
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
    refuseInCapture('an optimizer is given parameters', 'Make it, and its groups, outside.');
    this.#checkGroup(group);
    const params = this.#items(group.params);
    const known = new Set(this.paramGroups.flatMap((other) => other.params));
    for (const param of params) {
      if (!(param instanceof Tensor) || !param.isLeaf || param.dtype !== 'f32') this.fail(`${param} is no f32 leaf`);
      if (known.has(param)) this.fail(`a parameter of shape ${show(param.shape)} is given twice`);
      known.add(param);
    }
    const made = { ...this.defaults, ...defined(group), params } as Group<Options>;
    for (const name of this.#names) if (Array.isArray(made[name])) Object.assign(made, { [name]: [...made[name]] });
    this.#settle(made);
    const shown = watch(made);
    this.paramGroups.push(shown);
    this.#laid.set(shown, { group: made, params: [...params], arenas: Arena.all(params) });
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    atMost('optimizer.zeroGrad', 0, arguments);
    for (const { group } of this.#groups()) zeroGrad(group.params);
  }

  /**
   * Updates every parameter that has a gradient: in one launch for a group whose parameters all have one, or in several
   * where one array of them all would be larger than the adapter lets a kernel have.
   *
   * @throws KindlingError for options of a group that make no sense
   */
  step(): void {
    atMost('optimizer.step', 0, arguments);
    for (const { group, arenas } of this.#groups()) {
      this.#settle(group);
      for (const arena of arenas) this.#stepIn(arena, group);
    }
  }

  #stepIn(arena: Arena, group: Group<Options>): void {
    const { params } = arena;
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
  }

  /** The groups. A recording holds as long as they are these, with the same parameters. */
  #groups(): Laid<Options>[] {
    const fields = recording()?.fields;
    fields?.read(this, 'fields', () => Object.values(this), sameItems);
    fields?.read(this, 'paramGroups', () => [...this.paramGroups], sameItems);
    return this.paramGroups.map((shown, g) => {
      const laid = this.#laid.get(shown);
      if (!laid || !sameItems(laid.params, laid.group.params)) {
        this.fail(`paramGroups[${g}] was changed by hand; use addParamGroup()`);
      }
      const { group } = laid;
      fields?.read(group, 'params', () => [...group.params], sameItems);
      return laid;
    });
  }

  /** One launch for neighbours in the arena that have made the same number of steps. */
  #update(group: Group<Options>, arena: Arena, from: number, to: number): void {
    // Looked up at each step: `loadStateDict` may have put others there.
    const states = (): ParamState[] =>
      arena.params.slice(from, to).map((_, i) => this.#stateOf(group, arena, from + i));
    // What a recorded function has set itself holds for this launch; all else is looked up at each replay.
    const set = recording()?.fields.writtenOf(group) ?? [];
    const own: object = Object.fromEntries(set.map((name) => [name, Reflect.get(group, name)]));
    const options = (): Group<Options> => ({ ...group, ...own });
    const scalars = hostValues('f32', this.scalars(group, 1).length, () => {
      const [step = 1] = states().map((state) => ++state.step);
      return this.scalars(options(), step);
    });
    guard(`an option of ${this.kind}`, this.#stillFits(options));
    guard(`the step of a parameter of ${this.kind}`, () => new Set(states().map(({ step }) => step)).size === 1);
    const { params, grads, state } = arena.range(from, to);
    this.launch(group, params.size, [scalars, grads], [params, ...this.stateNames(group).map(state)]);
  }

  /** Whether a launch is what other options would make: they are good, and what chooses the kernel is the same. */
  #stillFits(options: () => Group<Options>): () => boolean {
    const choices = (): string => [...this.stateNames(options()), ...Object.values(options()).filter(isFlag)].join();
    const chosen = choices();
    let known = Object.values(options());
    return () => {
      const now = Object.values(options());
      if (sameItems(known, now)) return true;
      try {
        this.#settle(options());
      } catch {
        return false; // The function, run anew, says so itself.
      }
      if (choices() !== chosen) return false;
      known = now;
      return true;
    };
  }

  #stateOf(group: Group<Options>, arena: Arena, i: number): ParamState {
    const param = arena.params[i] as Tensor;
    const state = this.#state.get(param) ?? ({ step: 0 } as ParamState);
    for (const name of this.stateNames(group)) state[name] ??= unrecorded(() => arena.at(i).state(name));
    this.#state.set(param, state);
    return state;
  }

  /** State and options. Its tensors are the optimizer's own and change with the next step. */
  stateDict(): OptimizerState {
    refuseInCapture("an optimizer's state is read", 'A replay would not read it again: read it outside.');
    const state: Record<number, ParamState> = {};
    let index = 0;
    const paramGroups = this.paramGroups.map(({ params, ...options }) => {
      const numbers = params.map((param) => {
        const held = this.#state.get(param);
        if (held && held.step > 0) state[index] = { ...held };
        return index++;
      });
      return { ...structuredClone(options), params: numbers } as unknown as OptimizerState['paramGroups'][number];
    });
    return { kind: this.kind, state, paramGroups };
  }

  /**
   * Continues from what {@link Optimizer.stateDict} returned, for parameters in the same order.
   *
   * @throws KindlingError where it is another optimizer's, or groups, parameters or shapes do not fit; nothing is changed then
   */
  loadStateDict(dict: OptimizerState): void {
    for (const { param, slot, options, state } of this.#matched(dict)) {
      for (const [name, value] of Object.entries(this.#state.get(param) ?? {})) {
        if (value instanceof Tensor && !state?.[name]) value.copy_(new Float32Array(value.size));
      }
      const held: ParamState = { step: state?.step ?? 0 };
      const names = state ? this.stateNames(options) : [];
      for (const name of names) held[name] = slot.state(name).copy_(state?.[name] as Tensor);
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
    const { kind = this.kind, state: states = {}, paramGroups } = dict;
    const fail = (message: string): never => this.fail(message);
    const [known, groups] = [new Set<unknown>(), this.#groups()];
    if (paramGroups?.length !== groups.length) {
      this.fail(`the state has ${paramGroups?.length} parameter groups, not ${groups.length}`);
    }
    const matched = groups.flatMap(({ group, arenas }, g) => {
      const slots = arenas.flatMap((arena) => arena.params.map((_, i) => arena.at(i)));
      const { params: numbers = [], ...saved } = paramGroups[g] ?? {};
      const options = { ...group, ...saved } as unknown as Options;
      if (!Array.isArray(numbers) || numbers.length !== group.params.length) {
        this.fail(`group ${g} of the state has ${numbers.length} parameters, not ${group.params.length}`);
      }
      if (kind !== this.kind) this.fail(`the state is that of ${kind}`);
      const found = group.params.map((param, i) => {
        const number: unknown = numbers[i];
        if (!Number.isSafeInteger(number) || known.has(number)) {
          this.fail(
            `group ${g} of the state numbers parameter ${i} as ${JSON.stringify(number)}, which names none or two`,
          );
        }
        known.add(number);
        const state = states[number as number];
        if (state) checkState(state, this.stateNames(options), param, number as number, fail);
        return { param, slot: slots[i] as Range, options, state };
      });
      checkAlike(saved, group, this.defaults, g, fail);
      this.#checkOptions(options);
      this.#checkGroup(saved);
      return found;
    });
    const foreign = Object.keys(states).find((number) => !known.has(Number(number)));
    if (foreign !== undefined) this.fail(`the state has a parameter ${foreign}, which is in none of its groups`);
    return matched;
  }

  /** What there is to train. */
  #items<Item>(given: Iterable<Item>, fits?: (item: unknown) => boolean): Item[] {
    return itemsOf(this.kind, 'parameters', given, `new ${this.kind}(model.parameters(), …)`, fits);
  }

  #checkGroup(group: object): void {
    checked(this.kind, group, this.#known);
  }

  /** Before a step: its options may have changed. Those of several numbers are one value from now on, as PyTorch's tuples. */
  #settle(group: Group<Options>): void {
    this.#checkGroup(group);
    this.#checkOptions(group);
    for (const name of this.#names) if (Array.isArray(group[name])) Object.freeze(group[name]);
  }

  #checkOptions(options: Options): void {
    const lacks = (of: object, name: string): boolean => Reflect.get(of, name) === undefined;
    const missing = this.#names.find((name) => lacks(options, name) && !lacks(this.defaults, name));
    if (missing) this.fail(`${missing} is undefined`);
    this.checkSigns({ lr: options.lr });
    this.check(options);
  }

  /** Refuses options that are negative, no numbers, or too large for the GPU's. */
  protected checkSigns(options: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(options)) {
      if (!(value >= 0 && isFloat(value))) this.fail(`${name} ${value} is not a number from 0 to 3.4e38`);
    }
  }

  /** Throws in the optimizer's name. */
  protected fail(message: string): never {
    refuse(`${this.kind}: ${message}`);
  }
}
