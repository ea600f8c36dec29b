/** Figures as the kernel page shows them. */
import { ULP } from '../../shared/exact.js';

/** About three digits. */
export function digits(value: number): string {
  if (value === 0) return '0';
  if (value >= 100) return value.toFixed(0);
  if (value < 0.001) return value.toExponential(1).replace('e-', 'e−');
  return value.toFixed(value < 0.1 ? 4 : value < 1 ? 3 : value < 10 ? 2 : 1);
}

export const milliseconds = (ms: number): string => (ms < 0.1 ? `${digits(1000 * ms)} µs` : `${digits(ms)} ms`);

/** `2^14`, or the number where it is short. */
export const sizeText = (size: number): string =>
  size >= 16_384 && Number.isInteger(Math.log2(size)) ? `2^${Math.log2(size)}` : String(size);

export const bytesText = (bytes: number): string =>
  bytes < 1024 ? `${bytes} B` : bytes < 2 ** 20 ? `${digits(bytes / 1024)} KiB` : `${digits(bytes / 2 ** 20)} MiB`;

/** An error as a share, and in ulp. */
export function errorText(error: number): string {
  if (!Number.isFinite(error)) return 'no number';
  return error === 0 ? 'none' : `${error.toExponential(1).replace('e-', 'e−')} (${digits(error / ULP)} ulp)`;
}

export const boundText = (bound: number): string => (bound === 0 ? 'equal' : `at most ${bound} ulp`);

export const workgroups = (counts: readonly number[]): string => counts.join(' × ');
