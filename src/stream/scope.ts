/** The steps that run. What is made inside one belongs to it, and is freed when it ends. */
import { madeOutside } from '../memory/budget.js';
import type { Memory } from '../memory/memory.js';
import type { Recording } from './recording.js';
import { currentBatch, dispatch, flush } from './stream.js';

/** What a step makes and frees: see storage.ts. */
interface Owned {
  readonly bytes: number;
  memory(): Memory;
  outlive(scope: Scope): void;
  leave(scope: Scope): void;
}

/** What was made inside one step. */
export type Scope = Owned[];

const scopes: Scope[] = [];

/** The step that runs, null outside of steps. */
export const runningScope = (): Scope | null => scopes.at(-1) ?? null;

/** The step around the one that runs, if it is inside another. */
export const enclosingStep = (): Scope | null => scopes.at(-2) ?? null;

/** The outermost step that runs, null outside of steps. */
export const runningStep = (): Scope | null => scopes[0] ?? null;

/** True while a step runs. */
export const insideScope = (): boolean => scopes.length > 0;

let constantsAllowed = false;

/** Whether what the host uploads now is the same whenever the step runs. */
export const areConstant = (): boolean => constantsAllowed;

/** Runs `body`, whose uploads are the same whenever it runs: a captured step makes them once. */
export function constant<T>(body: () => T): T {
  const before = constantsAllowed;
  constantsAllowed = true;
  try {
    return body();
  } finally {
    constantsAllowed = before;
  }
}

/**
 * Runs `body` in a scope of its own and submits what it recorded.
 *
 * @param results finds the storages of what `body` returned, which outlive the scope
 * @param into keeps what is submitted, to be replayed
 */
export function scoped<T>(body: () => T, results: (value: T) => Iterable<Owned>, into?: Recording): T {
  const scope: Scope = [];
  scopes.push(scope);
  try {
    const value = body();
    for (const storage of results(value)) storage.outlive(scope);
    return value;
  } finally {
    for (const storage of scope) storage.leave(scope);
    scopes.pop();
    if (!insideScope()) flush(into, 'always');
  }
}

/** Outside steps, so many recorded dispatches are submitted without being asked, to keep the device busy. */
const EAGER_BATCH = 64;
let unsubmitted = { batch: -1, dispatches: 0 };

/** Records one dispatch: the kernel's inputs, then its outputs. */
export function run(kernel: Parameters<typeof dispatch>[0], storages: readonly Owned[]): void {
  dispatch(
    kernel,
    storages.map((storage) => storage.memory()),
  );
  if (insideScope()) return;
  madeOutside(storages.at(-1)?.bytes ?? 0);
  const batch = currentBatch();
  if (unsubmitted.batch !== batch) unsubmitted = { batch, dispatches: 0 };
  if (++unsubmitted.dispatches >= EAGER_BATCH) flush(undefined, 'never');
}
