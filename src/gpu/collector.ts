/**
 * Asking the garbage collector to run. It does not know how much GPU memory a small object stands for, so it would not come
 * by itself; nor has JavaScript a way to call it. But engines count the bytes of array buffers: one large one, never
 * touched and so never backed by memory, brings the collector within milliseconds (V8 in Node and Chromium, 2026-11).
 */
const BALLAST_BYTES = 256 * 2 ** 20;
const PAUSE_MS = 4;
const MOST_PAUSES = 25;

let finds = 0;

/** Called by finalizers: collection is under way. */
export function garbageFound(): void {
  finds++;
}

let collecting: Promise<void> | null = null;

/** Lets the collector find what is unreachable. Resolves when finalizers have run, or seem to have nothing to do. */
export function collectGarbage(): Promise<void> {
  collecting ??= collect().finally(() => {
    collecting = null;
  });
  return collecting;
}

async function collect(): Promise<void> {
  const before = finds;
  try {
    new ArrayBuffer(BALLAST_BYTES);
  } catch {
    // No room even for that: then the collector has just been here.
  }
  // Finalizers come in bunches, and late on a busy machine: they are through when a pause brings no more.
  let seen = before;
  for (let pause = 0; pause < MOST_PAUSES; pause++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (finds !== before && finds === seen) return;
    seen = finds;
  }
}
