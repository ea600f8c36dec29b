/** Garbage collection when kindling asks for it: the collector does not know how much GPU memory small objects hold. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Collects, and lets finalizers run. */
export async function collectGarbage(): Promise<void> {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  collect();
  await new Promise((resolve) => setTimeout(resolve));
}
