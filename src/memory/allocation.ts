/**
 * Buffers of the device. It says only later that it had no room for one, so a batch waits for the answers to the buffers
 * that were made for it (a replay makes none). Before an allocation fails, what lies idle is freed and it is tried again.
 */
import { device, perDevice } from '../gpu/device.js';
import { KindlingError } from '../gpu/errors.js';
import { somethingFailed } from '../gpu/failures.js';

export interface Allocation {
  /** Another one after a second try. */
  gpu: GPUBuffer;
  /** Why there is no such buffer. */
  failure: KindlingError | null;
}

const unanswered = /* @__PURE__ */ perDevice(() => new Set<Promise<void>>());

/** Resolve when it is known of all buffers made so far whether there was room for them. */
export const allocating = (): readonly Promise<void>[] => [...unanswered()];

interface Relief {
  /** What is held, for people. */
  readonly held: string;
  /** Frees what can be spared. */
  relieve(): Promise<void>;
}

/**
 * A buffer, which turns out to be a failure where the device has no room for it even after a relief.
 *
 * @param failed called when there is no such buffer
 */
export function allocate(descriptor: GPUBufferDescriptor, relief: Relief, failed = (): void => {}): Allocation {
  const first = attempt(descriptor);
  const made: Allocation = { gpu: first.gpu, failure: null };
  const settle = async (): Promise<void> => {
    if (!(await first.error)) return;
    await relief.relieve();
    const second = attempt(descriptor);
    const error = await second.error;
    if (!error) {
      made.gpu = second.gpu;
      return;
    }
    made.failure = new KindlingError(
      `out of memory: the device gives no buffer of ${showBytes(descriptor.size)}, and kindling holds ${relief.held}. ` +
        `Work on less at once, or free tensors: step() does, and dispose(). (${error})`,
    );
    somethingFailed();
    failed();
  };
  const answer = settle()
    .catch(() => {}) // The device is gone, and so is whoever waits for it.
    .finally(() => pending.delete(answer));
  const pending = unanswered();
  pending.add(answer);
  return made;
}

const SCOPES = ['validation', 'out-of-memory', 'internal'] as const;

function attempt(descriptor: GPUBufferDescriptor): { gpu: GPUBuffer; error: Promise<string | null> } {
  const on = device();
  for (const scope of SCOPES) on.pushErrorScope(scope);
  let thrown: string | null = null;
  let gpu: GPUBuffer;
  try {
    gpu = on.createBuffer(descriptor);
  } catch (error) {
    thrown = String(error);
    gpu = on.createBuffer({ ...descriptor, size: 4 }); // Stands in for it, and nobody will use it.
  }
  const answers = Promise.all(SCOPES.map(() => on.popErrorScope()));
  return { gpu, error: answers.then((errors) => thrown ?? errors.find((error) => error)?.message ?? null) };
}

const UNITS = ['bytes', 'kB', 'MB', 'GB'] as const;

/** `268 MB`, for people. */
export function showBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${UNITS[power]}`;
}
