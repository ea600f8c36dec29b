/**
 * Asking the garbage collector to run. It does not know how much GPU memory a small object stands for, so it would not come
 * by itself; nor has JavaScript a way to call it. But engines count the bytes of array buffers: one large one, never
 * touched and so never backed by memory, brings the collector within milliseconds (V8 in Node and Chromium, 2026-11).
 */
const BALLAST_BYTES = 256 * 2 ** 20;
const PAUSE_MS = 4;
/** A busy machine's collector may take long; on an idle one it is through after two or three pauses. */
const MOST_PAUSES = 100;
/** A collection already under way takes what is new for live: after so many pauses without a find another is asked for. */
const PAUSES_BETWEEN = 20;

let finds = 0;

/** Called by finalizers: collection is under way. */
export function garbageFound(): void {
  finds++;
}

/** Told of an object that is garbage from the start: so the collector is seen to have run where there was nothing else. */
const sentinels = new FinalizationRegistry<null>(garbageFound);

let collecting: Promise<void> | null = null;

/** Lets the collector find what is unreachable. Resolves when finalizers have run. */
export function collectGarbage(): Promise<void> {
  collecting ??= collect().finally(() => {
    collecting = null;
  });
  return collecting;
}

async function collect(): Promise<void> {
  const before = finds;
  // Finalizers come in bunches, and late on a busy machine: they are through when a pause brings no more.
  let seen = before;
  for (let pause = 0; pause < MOST_PAUSES; pause++) {
    if (finds === before && pause % PAUSES_BETWEEN === 0) ask();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (finds !== before && finds === seen) return;
    seen = finds;
  }
}

function ask(): void {
  sentinels.register({}, null);
  try {
    new ArrayBuffer(BALLAST_BYTES);
  } catch {
    // No room even for that: then the collector has just been here.
  }
}
