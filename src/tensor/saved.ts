/**
 * What a function's backward reads has to be what forward read. So whatever is launched on the way back looks at its inputs:
 * one that was there when the function was recorded, and was overwritten since, is an error.
 */
import { refuse } from '../gpu/errors.js';
import type { Storage } from '../stream/storage.js';
import { type Shape, show } from './shape.js';

/** A tensor, by what counts here. */
interface Held {
  readonly shape: Shape;
  readonly storage: Storage;
}

/** The function whose backward runs. */
interface Reader {
  readonly name: string;
  /** When it was recorded. */
  readonly order: number;
  /** The gradient that it is given, whose history does not matter. */
  readonly grad: Held;
}

let reader: Reader | null = null;

/** The function whose backward runs now, if one does and its reads are looked at. */
export const readingNow = (): Reader | null => reader;

/** Runs `body`, which reads what `by` was recorded with; null for what may read anything as it is now. */
export function readBy<T>(by: Reader | null, body: () => T): T {
  const before = reader;
  reader = by;
  try {
    return body();
  } finally {
    reader = before;
  }
}

/** @throws KindlingError where a running backward reads what was overwritten since its function was recorded */
export function checkRead({ storage, shape }: Held): void {
  if (!reader || storage === reader.grad.storage || !storage.overwrittenSince(reader.order)) return;
  refuse(
    `${reader.name}: backward needs a tensor of shape ${show(shape)} as forward read it, but it was overwritten since: by ` +
      "copy_, an optimizer's step, running statistics, loadStateDict or a captured step. Call backward() before that, run " +
      'forward again after it, or give forward a copy: clone(x)',
  );
}
