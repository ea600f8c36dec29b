/**
 * How smoothly the page runs: frames in the last second, and the longest time in which its thread could do nothing else. A frame may
 * come late because others use the processor or the GPU; the thread's pauses are told by a clock of its own.
 */
import { signal } from '@preact/signals';

export interface Frames {
  readonly perSecond: number;
  /** Milliseconds, since {@link restartFrames} was called last. */
  readonly longest: number;
}

export const frames = signal<Frames | null>(null);

/** Milliseconds between two looks at the clock. */
const TICK_MS = 20;

let last: number | null = null;
let longest = 0;
let count = 0;
let since = 0;
/** A span that is watched besides: its frames, and its longest pause. */
let span: { readonly since: number; frames: number; longest: number } | null = null;

export function restartFrames(): void {
  longest = 0;
}

/** Watches a span of time. @returns ends it, and says how it was */
export function watchSpan(): () => Frames {
  const own = { since: performance.now(), frames: 0, longest: 0 };
  span = own;
  return () => {
    if (span === own) span = null;
    return { perSecond: (1000 * own.frames) / (performance.now() - own.since), longest: own.longest };
  };
}

/** What has passed until now counts for nothing: the page was not in front, or the machine slept. */
function forget(): void {
  last = null;
  since = performance.now();
  count = 0;
}

function tick(): void {
  const now = performance.now();
  if (last !== null && !document.hidden) {
    const pause = Math.max(0, now - last - TICK_MS);
    longest = Math.max(longest, pause);
    if (span) span.longest = Math.max(span.longest, pause);
  }
  last = now;
}

/** Watches from now on. A page that is not in front draws no frames, and its timers are slow: that is no pause. */
export function watchFrames(): void {
  for (const event of ['visibilitychange', 'freeze', 'resume']) document.addEventListener(event, forget);
  forget();
  setInterval(tick, TICK_MS);
  const frame = (now: number): void => {
    count++;
    if (span) span.frames++;
    if (now - since >= 1000) {
      frames.value = { perSecond: (1000 * count) / (now - since), longest };
      since = now;
      count = 0;
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
