/**
 * Objects whose fields a captured step looks after: it is recorded anew where one that it read is no longer what it was
 * (`dropout.p = 0.1`, `model.head = new Linear(…)`).
 */
import { recording } from '../gpu/recording.js';

export { opaque } from '../gpu/held.js';
export { readField, refuseInCapture, seeField, writeField } from '../gpu/recording.js';

/** The method, where there is one, that is told of what is assigned to a field before it is there. */
export const assigned: unique symbol = Symbol('kindling.assigned');

/** Whether a field is a value: what getters read is seen when they read it. */
function isField(target: object, name: PropertyKey): boolean {
  if (typeof name !== 'string') return false;
  for (let at: object | null = target; at; at = Reflect.getPrototypeOf(at)) {
    const there = Reflect.getOwnPropertyDescriptor(at, name);
    if (there) return 'value' in there;
  }
  return true;
}

function noteWrite(target: object, name: PropertyKey): void {
  const fields = recording()?.fields;
  if (!fields || !isField(target, name)) return;
  const get = (): PropertyDescriptor | undefined => Reflect.getOwnPropertyDescriptor(target, name);
  fields.write(target, name, get, (last) => {
    if (last) Reflect.defineProperty(target, name, last);
    else Reflect.deleteProperty(target, name);
  });
}

const sameNames = (a: readonly PropertyKey[], b: readonly PropertyKey[]): boolean =>
  a.length === b.length && a.every((name, i) => name === b[i]);

const watching: ProxyHandler<object> = {
  get(target, name, self) {
    const fields = recording()?.fields;
    if (fields && isField(target, name)) fields.see(target, name);
    return Reflect.get(target, name, self);
  },
  // Setting a field of a proxy defines it.
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
  ownKeys(target) {
    recording()?.fields.read(target, 'names of fields', () => Reflect.ownKeys(target), sameNames);
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

/** A base of classes whose instances are watched. */
export abstract class Watched {
  constructor() {
    // biome-ignore lint/correctness/noConstructorReturn: fields of derived classes, private ones too, are the proxy's
    return watch(this);
  }
}
