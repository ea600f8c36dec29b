import type { AnyModule } from './module.js';

/** Puts `body` around every call of a module's forward; returns what takes it away again. */
export function around(
  module: AnyModule,
  body: (forward: (inputs: readonly unknown[]) => unknown, inputs: readonly unknown[]) => unknown,
): () => void {
  const before = Object.getOwnPropertyDescriptor(module, 'forward');
  const forward = module.forward as (...inputs: readonly unknown[]) => unknown;
  const value = (...given: unknown[]): unknown => body((inputs) => Reflect.apply(forward, module, inputs), given);
  Object.defineProperty(module, 'forward', { value, configurable: true });
  return () => {
    if (before) Object.defineProperty(module, 'forward', before);
    else Reflect.deleteProperty(module, 'forward');
  };
}
