/**
 * Which parameters were made while a module was being constructed. PyTorch registers whatever is assigned to a module;
 * JavaScript's `#private` fields are seen by nobody, so a layer kept in one would never be trained, saved or moved. What is
 * under construction is read from the stack, since no class can be told when the constructors of its subclasses end.
 */
import type { Tensor } from '../tensor/tensor.js';

interface Made {
  readonly parameter: WeakRef<Tensor>;
  /** The innermost module under construction: the layer that the parameter was made for. */
  readonly layer: WeakRef<object>;
}

/** Modules that may still be under construction, outermost first. */
let begun: WeakRef<object>[] = [];
const madeIn = new WeakMap<object, Made[]>();
/** The module that had something in a field last: what was replaced since is not missed. */
const holders = new WeakMap<object, WeakRef<object>>();

/** More than any stack of constructors that a person writes; without parameters nothing tidies the list. */
const MOST_BEGUN = 256;

/** Called where the construction of a module begins. */
export function begin(module: object): void {
  begun = [...begun, new WeakRef(module)].slice(-MOST_BEGUN);
}

/** Names of the constructors that are running, innermost first. */
function constructorsRunning(): string[] {
  const limits = Error as { stackTraceLimit?: number | undefined };
  const before = limits.stackTraceLimit;
  limits.stackTraceLimit = 100;
  const { stack = '' } = new Error();
  limits.stackTraceLimit = before;
  // `at new Net (…)` in V8, `Net@…` elsewhere.
  return [...stack.matchAll(/^\s*at new ([\w$.]+)|^([\w$]+)@/gm)].map(([, v8, other]) => v8 ?? other ?? '');
}

/** Whether an object is of a class of this name, or of one that extends it. */
function isA(one: object, name: string): boolean {
  const base: object | null = Object.getPrototypeOf(one);
  return base !== null && (base.constructor.name === name || isA(base, name));
}

/** Called where a parameter is made. */
export function noteParameter(parameter: Tensor): void {
  const running: object[] = [];
  let left = begun.flatMap((module) => module.deref() ?? []);
  for (const name of constructorsRunning()) {
    if (running[0] && isA(running[0], name)) continue;
    const at = left.findLastIndex((module) => isA(module, name));
    const module = left[at];
    if (!module) continue;
    running.unshift(module);
    left = left.slice(0, at);
  }
  begun = running.map((module) => new WeakRef(module));
  const layer = running.at(-1);
  if (!layer) return;
  const note = { parameter: new WeakRef(parameter), layer: new WeakRef(layer) };
  for (const module of running) {
    const made = madeIn.get(module) ?? [];
    made.push(note);
    madeIn.set(module, made);
  }
}

/** Called where a field of a module gets a value. */
export function noteHeld(holder: object, value: unknown): void {
  if (value instanceof Object) holders.set(value, new WeakRef(holder));
}

/**
 * The layers with parameters that were made in the constructor of `root` and cannot be reached from it, `root` itself for
 * parameters of its own. It is told once.
 *
 * @param modules what can be reached, with the parameters in `parameters`
 */
export function unreachedFrom(root: object, modules: ReadonlySet<object>, parameters: ReadonlySet<Tensor>): object[] {
  const made = madeIn.get(root) ?? [];
  madeIn.delete(root);
  /** Whether something was in a field of what can be reached, be it through others, and is not any more. */
  const wasHeld = (one: object): boolean => {
    const seen = new Set<object>();
    for (let at: object | undefined = one; at && !seen.has(at); ) {
      seen.add(at);
      const holder: object | undefined = holders.get(at)?.deref();
      if (holder && modules.has(holder)) return Reflect.ownKeys(holder).every((key) => Reflect.get(holder, key) !== at);
      at = holder;
    }
    return false;
  };
  const missed = made.flatMap(({ parameter, layer }) => {
    const [made, of] = [parameter.deref(), layer.deref()];
    if (!made?.requiresGrad || !of || parameters.has(made)) return [];
    // A layer in reach has let go of the parameter itself: weights that are shared, say.
    return wasHeld(of === root ? made : of) || (of !== root && modules.has(of)) ? [] : [of];
  });
  return [...new Set(missed)];
}
