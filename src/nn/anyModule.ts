/**
 * What layers and models share: a tree of modules, the parameters and buffers in it, and their names, which are those of the
 * fields. What one extends, and what a module is by the types of its `forward`, stands in module.ts.
 */
import { zeroGrad } from '../autograd/zeroGrad.js';
import { refuse } from '../gpu/errors.js';
import { checked, wantTensor } from '../gpu/options.js';
import { cast } from '../ops/cast.js';
import { sameShape, show } from '../tensor/shape.js';
import { keep } from '../tensor/step.js';
import { Tensor } from '../tensor/tensor.js';
import { assigned, refuseInCapture, Watched } from '../tensor/watched.js';
import { heldIn } from './held.js';
import { Parameter } from './parameter.js';
import { type LoadOptions, type LoadReport, renamedBy, type StateDict } from './stateDict.js';
import { begin, noteHeld, unreachedFrom } from './unreached.js';

/**
 * A module whatever its `forward` takes and returns, and what all modules have. A module is called as a function: `model(x)` runs
 * its `forward`, with the hooks that were registered on it. So does `model.forward(x)`, other than in PyTorch.
 *
 * `typeof` says 'function', but nothing of a function's is there: `apply` is the module's own, `call` and `bind` are not there,
 * though TypeScript knows them of whatever can be called, and `name` and `length` are free for fields, before which TypeScript
 * wants `override` under `noImplicitOverride`. Of a `forward` with overloads or type parameters, a call has the types of the last
 * overload, without its type parameters; `model.forward(…)` has them all.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface says that it is called, which its base makes true
export abstract class AnyModule extends Watched {
  #training = true;
  /** Whether each is persistent. */
  readonly #buffers = new Map<string, boolean>();

  constructor() {
    super();
    begin(this);
  }

  /** What the module computes; a subclass says it. Hooks run here too, as when the module is called. */
  abstract override forward(...inputs: never[]): unknown;

  /** Whether layers such as dropout and batch normalisation behave as in training. Set by `train()` and `eval()`. */
  get training(): boolean {
    return this.#training;
  }

  set training(mode: boolean) {
    this.#training = mode;
  }

  /** What stands between the brackets in print, such as `3, 32, kernel_size=(3, 3)`. */
  extraRepr(): string {
    return '';
  }

  /**
   * Declares a field to be a buffer: state that is saved and outlives steps but is not learned. Returns the tensor.
   *
   * @param options.persistent whether it is in the state dict. Default: true
   * @example runningMean = this.registerBuffer('runningMean', zeros([32]));
   */
  registerBuffer(name: string, value: Tensor, options: { persistent?: boolean } = {}): Tensor {
    const { persistent = true } = checked('registerBuffer', options, { persistent: 'boolean' });
    wantTensor('registerBuffer', name, value);
    this.#buffers.set(name, persistent);
    Object.assign(this, { [name]: keep(value) });
    return value;
  }

  /** @internal A buffer that is assigned outlives the step that made it. */
  [assigned](name: PropertyKey, value: unknown): void {
    noteHeld(this, value);
    if (typeof name !== 'string' || !this.#buffers.has(name) || !(value instanceof Tensor)) return;
    const field = `${this.constructor.name}.${name}`;
    refuseInCapture(`${field} is assigned`, `Write into it instead: this.${name}.copy_(…).`);
    keep(value);
  }

  /**
   * The name in state dicts and in print of what a field holds: the field's own. Modules that PyTorch has too say
   * `running_mean` for `runningMean`, and a model may do the same for keys that it shares with PyTorch.
   */
  protected keyOf(field: string): string {
    return field;
  }

  /** Modules held in fields, by name. */
  namedChildren(): [string, AnyModule][] {
    return this.#held(AnyModule);
  }

  /** Modules held directly. */
  children(): AnyModule[] {
    return this.namedChildren().map(([, child]) => child);
  }

  /** This module (named '') and all below it, each once, parents first. */
  namedModules(): [string, AnyModule][] {
    const found = new Map<AnyModule, string>();
    const visit = (name: string, module: AnyModule): void => {
      if (found.has(module)) return;
      found.set(module, name);
      for (const below of prefixed(name, module.namedChildren())) visit(...below);
    };
    visit('', this);
    return [...found].map(([module, name]) => [name, module]);
  }

  /** This module and all below it, each once, parents first. */
  modules(): AnyModule[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** Parameters here and below by name; one that is shared appears under its first name. */
  namedParameters(): [string, Parameter][] {
    return this.#below((module) => module.ownParameters());
  }

  /**
   * Parameters here and below, each once: what an optimizer takes. The first call warns of layers that were made in the
   * constructor and cannot be reached.
   */
  parameters(): Parameter[] {
    const found = this.namedParameters().map(([, parameter]) => parameter);
    const unreached = unreachedFrom(this, new Set(this.modules()), new Set(found));
    if (unreached.length > 0) {
      const names = unreached.map((module) => (module === this ? 'a Parameter' : module.constructor.name));
      console.warn(
        `${this.constructor.name}: ${names.join(', ')} made in its constructor cannot be reached from its fields, so it is ` +
          'not trained, saved or frozen. Keep it in a public field, or an array or Map in one.',
      );
    }
    return found;
  }

  /** Buffers here and below by name. */
  namedBuffers(): [string, Tensor][] {
    return this.#below((module) => module.ownBuffers());
  }

  /** Buffers here and below. */
  buffers(): Tensor[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /** Sets `training` here and below. */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** As `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    zeroGrad(this.parameters());
  }

  /** Asks for gradients of all parameters here and below, or freezes them. */
  requiresGrad_(requires = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(requires);
    return this;
  }

  /** Calls `body` for every module below and then for this one. */
  apply(body: (module: AnyModule) => void): this {
    for (const child of this.children()) child.apply(body);
    body(this);
    return this;
  }

  /**
   * Parameters and persistent buffers by name, each module's own before those of its children.
   *
   * @throws KindlingError where two tensors have one name, as under the keys 1 and '1' of a Map
   */
  stateDict(): StateDict {
    return Object.fromEntries(this.#state().map(([name, tensor]) => [name, tensor.detach()]));
  }

  /**
   * Overwrites parameters and buffers. Everything is checked before anything is changed.
   *
   * @throws KindlingError naming what is missing, unknown or of another shape
   */
  loadStateDict(state: Readonly<StateDict>, options: LoadOptions = {}): LoadReport {
    const renamed = renamedBy('loadStateDict', state, options);
    const report = this.#checkState(renamed, options);
    for (const [name, tensor] of this.#state()) {
      const source = renamed[name];
      if (source) tensor.copy_(cast(source.detach(), tensor.dtype));
    }
    return report;
  }

  /** Throws what {@link AnyModule.loadStateDict} would, and changes nothing. */
  checkStateDict(state: Readonly<StateDict>, options: LoadOptions = {}): LoadReport {
    return this.#checkState(renamedBy('checkStateDict', state, options), options);
  }

  #checkState(state: Readonly<StateDict>, { strict = true }: LoadOptions): LoadReport {
    const own = new Map(this.#state());
    const missingKeys = [...own.keys()].filter((name) => !Object.hasOwn(state, name));
    const unexpectedKeys = Object.keys(state).filter((name) => !own.has(name));
    const faults: string[] = [];
    if (strict && missingKeys.length > 0) faults.push(`missing: ${missingKeys.join(', ')}`);
    if (strict && unexpectedKeys.length > 0) faults.push(`unknown: ${unexpectedKeys.join(', ')}`);
    for (const [name, { shape }] of own) {
      const source = state[name];
      if (source !== undefined && !sameShape(wantTensor('loadStateDict', name, source).shape, shape))
        faults.push(`${name} is ${show(source.shape)}, not ${show(shape)}`);
    }
    if (faults.length > 0) {
      refuse(`loadStateDict: the state does not fit ${this.constructor.name}: ${faults.join('; ')}`);
    }
    return { missingKeys, unexpectedKeys };
  }

  /** The tree of modules as PyTorch prints it. */
  override toString(): string {
    const name = this.constructor.name;
    const children = this.namedChildren().map(([name, child]) => `(${name}): ${child}`);
    const extra = this.extraRepr();
    if (children.length === 0) return `${name}(${extra})`;
    const lines = ['', ...(extra ? [extra] : []), ...children];
    return `${name}(${lines.join('\n').replaceAll('\n', '\n  ')}\n)`;
  }

  /** What Node's console shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** What JSON has of it: its fields, as of any object. */
  toJSON(): object {
    return { ...this };
  }

  /** @internal Parameters in this module's own fields. */
  ownParameters(): [string, Parameter][] {
    return this.#held(Parameter);
  }

  /** @internal Buffers in this module's own fields. */
  ownBuffers(persistentOnly = false): [string, Tensor][] {
    return [...this.#buffers].flatMap(([name, persistent]) => {
      const value: unknown = Reflect.get(this, name);
      return value instanceof Tensor && (persistent || !persistentOnly) ? [[this.keyOf(name), value]] : [];
    });
  }

  #held<T>(kind: abstract new (...args: never[]) => T): [string, T][] {
    return Object.entries(this).flatMap(([field, value]) => heldIn(kind, this.keyOf(field), value));
  }

  /** What modules here and below have, each once. */
  #below<T>(own: (module: AnyModule) => [string, T][]): [string, T][] {
    const seen = new Set<T>();
    const all = this.namedModules().flatMap(([name, module]) => prefixed(name, own(module)));
    return all.filter(([, value]) => !seen.has(value) && seen.add(value));
  }

  /** A tensor under several names is there under each, as in PyTorch. */
  #state(): [string, Tensor][] {
    const all = this.#named([]);
    const byName = new Map(all);
    const [twice] = all.find(([name, tensor]) => byName.get(name) !== tensor) ?? [];
    if (twice !== undefined) refuse(`${this.constructor.name}: two tensors are called ${twice}`);
    return all;
  }

  /** @param above modules that hold this one: one that holds a module above it does not save it again */
  #named(above: readonly AnyModule[]): [string, Tensor][] {
    if (above.includes(this)) return [];
    const below = this.namedChildren().flatMap(([name, child]) => prefixed(name, child.#named([...above, this])));
    return [...this.ownParameters(), ...this.ownBuffers(true), ...below];
  }
}

// A call as TypeScript sees it: of a class that is derived, it has the types of that one's `forward`.
export interface AnyModule {
  // biome-ignore lint/style/useShorthandFunctionType: it is merged with the class
  (...inputs: Parameters<this['forward']>): ReturnType<this['forward']>;
}

const prefixed = <T>(prefix: string, named: [string, T][]): [string, T][] =>
  prefix === '' ? named : named.map(([name, value]) => [`${prefix}.${name}`, value]);
