/** Numbers as the page shows them. */

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export const thousands = (n: number): string => n.toLocaleString('en-US');

export const plural = (n: number, word: string): string => `${thousands(n)} ${word}${n === 1 ? '' : 's'}`;

/** `0.4 ms`, `320 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 0.01) return `${(1000 * seconds).toFixed(1)} ms`;
  if (seconds < 1) return `${(1000 * seconds).toFixed(0)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A guess: no more digits than it deserves. */
export function about(seconds: number): string {
  const step = seconds < 20 ? 1 : seconds < 90 ? 5 : seconds < 600 ? 30 : seconds < 3600 ? 60 : 300;
  return duration(Math.max(1, Math.round(seconds / step) * step));
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/** `0.002`, `5e-5`. */
export const rateText = (rate: number): string =>
  rate >= 1e-3 ? String(Number(rate.toPrecision(2))) : rate.toExponential(1).replace('.0e', 'e');
