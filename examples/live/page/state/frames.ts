/** How smoothly the page runs: frames in the last second, and the longest pause between two of them. */
import { signal } from '@preact/signals';

export interface Frames {
  readonly perSecond: number;
  /** Milliseconds, since {@link restartFrames} was called last. */
  readonly longest: number;
}

export const frames = signal<Frames | null>(null);

let last: number | null = null;
let longest = 0;
let count = 0;
let since = 0;

export function restartFrames(): void {
  longest = 0;
}

/** Watches from now on. A page that is not in front draws no frames: that is no pause. */
export function watchFrames(): void {
  document.addEventListener('visibilitychange', () => {
    last = null;
    since = performance.now();
    count = 0;
  });
  since = performance.now();
  const frame = (now: number): void => {
    if (last !== null) longest = Math.max(longest, now - last);
    last = now;
    count++;
    if (now - since >= 1000) {
      frames.value = { perSecond: (1000 * count) / (now - since), longest };
      since = now;
      count = 0;
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
