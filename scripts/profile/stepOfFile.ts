import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A step of one's own. @param file a module whose default export makes a step: a function without arguments that is called again and again */
export async function stepOfFile(file: string): Promise<() => unknown> {
  const module = (await import(pathToFileURL(resolve(file)).href)) as { default?: () => unknown };
  const train = await module.default?.();
  if (typeof train !== 'function') throw new Error(`${file}: its default export has to return a function`);
  return train as () => unknown;
}
