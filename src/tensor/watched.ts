/**
 * Objects whose fields a captured step looks after: it is recorded anew where one that it read is no longer what it was
 * (`dropout.p = 0.1`, `model.head = new Linear(…)`).
 */
import { opaque, sameItems } from '../gpu/held.js';
import { known } from '../known.js';
import { recording } from '../stream/recording.js';

export { opaque, sameItems } from '../gpu/held.js';
export { readField, refuseInCapture, seeField, writeField } from '../stream/recording.js';

/** The method, where there is one, that is told of what is assigned to a field before it is there. */
export const assigned: unique symbol = Symbol('kindling.assigned');

/** The getter and setter of a field, where it has such. */
function accessorOf(target: object, name: PropertyKey): PropertyDescriptor | null {
  for (let at: object | null = target; at; at = Reflect.getPrototypeOf(at)) {
    const there = Reflect.getOwnPropertyDescriptor(at, name);
    if (there) return 'value' in there ? null : there;
  }
  return null;
}

/** A tensor, by what counts here, or whatever else. */
type Computed = { readonly storage?: { readonly isTemporary: boolean } } | null | undefined;

/** The function reads a field. Of one behind a getter, which may read private fields, it is the result that counts. */
function noteRead(target: object, name: PropertyKey, self: unknown, value: unknown): void {
  const fields = recording()?.fields;
  if (!fields) return;
  if (!accessorOf(target, name)) {
    fields.see(target, name);
    return;
  }
  // What it has computed, it would compute again.
  if (!(value as Computed)?.storage?.isTemporary)
    fields.ask(target, name, value, () => Reflect.get(target, name, self));
}

/** The function is about to define a field, or to delete it. */
function noteWrite(target: object, name: PropertyKey): void {
  const get = (): PropertyDescriptor | undefined => Reflect.getOwnPropertyDescriptor(target, name);
  recording()?.fields.write(target, name, get, (last) => {
    if (last) Reflect.defineProperty(target, name, last);
    else Reflect.deleteProperty(target, name);
  });
}

/** The function asks which fields there are, or whether one is. Those that can be counted are among the names twice. */
function noteNames(target: object): void {
  const names = (): PropertyKey[] => [...Reflect.ownKeys(target), ...Object.keys(target)];
  recording()?.fields.read(target, 'names of fields', names, sameItems);
}

/** What setters were last given. */
const settings = new WeakMap<object, Map<PropertyKey, unknown>>();

const watching: ProxyHandler<object> = {
  get(target, name, self) {
    const value: unknown = Reflect.get(target, name, self);
    noteRead(target, name, self, value);
    return value;
  },
  set(target, name, value, self) {
    if (!accessorOf(target, name)) noteWrite(target, name);
    else if (Object(value) !== value) {
      // Replays set it to the last of what the function did. Of an object its setter takes care, by what that writes.
      const given = known(settings, target, () => new Map<PropertyKey, unknown>()).set(name, value);
      const set = (last: unknown): void => void Reflect.set(target, name, last, self);
      recording()?.fields.write(target, name, () => given.get(name), set);
    }
    // Setting a field of a proxy defines it.
    return Reflect.set(target, name, value, self);
  },
  defineProperty(target, name, descriptor) {
    const tell: unknown = Reflect.get(target, assigned);
    if (typeof tell === 'function') Reflect.apply(tell, watchers.get(target), [name, descriptor.value]);
    noteWrite(target, name);
    return Reflect.defineProperty(target, name, descriptor);
  },
  deleteProperty(target, name) {
    noteWrite(target, name);
    return Reflect.deleteProperty(target, name);
  },
  has(target, name) {
    if (name !== opaque) noteNames(target);
    return Reflect.has(target, name);
  },
  getOwnPropertyDescriptor(target, name) {
    noteNames(target);
    recording()?.fields.see(target, name);
    return Reflect.getOwnPropertyDescriptor(target, name);
  },
  ownKeys(target) {
    noteNames(target);
    return Reflect.ownKeys(target);
  },
};

/** Objects as others see them. */
const watchers = new WeakMap<object, object>();

/** The same object, watched. */
export function watch<T extends object>(object: T): T {
  const watched = new Proxy(object, watching as ProxyHandler<T>);
  watchers.set(object, watched);
  return watched;
}

/** A base of classes whose instances are watched, and run their `forward` when they are called. */
export abstract class Watched {
  abstract forward(...inputs: never[]): unknown;

  constructor() {
    const call: { (...inputs: never[]): unknown; name?: string; length?: number } = (...inputs) =>
      self.forward(...inputs);
    const self: Watched = watch(Object.setPrototypeOf(call, new.target.prototype));
    // An arrow has no other fields. Without them it is as bare as `this`, in whose place it stands.
    delete call.name;
    delete call.length;
    // biome-ignore lint/correctness/noConstructorReturn: fields of derived classes, private ones too, are the proxy's
    return self;
  }
}
