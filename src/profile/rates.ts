/** Rates, and how near they come to what the adapter can do. */
import type { Peaks } from './peaks.js';

export interface Rates {
  /** Null where the kernel does not say how much it computes. */
  readonly gflops: number | null;
  /** Of the bytes that are bound: each counts once, however often it is read. */
  readonly gbs: number;
  /** The larger of the shares of the peaks of multiply-adds and of loads and stores; null without peaks. */
  readonly peakShare: number | null;
}

export function ratesOf(flops: number, bytes: number, ms: number, peaks: Peaks | null): Rates {
  // A browser's clock may be too coarse to see a kernel at all.
  if (!(ms > 0)) return { gflops: null, gbs: 0, peakShare: null };
  const gflops = flops > 0 ? flops / ms / 1e6 : null;
  const gbs = bytes / ms / 1e6;
  if (!peaks) return { gflops, gbs, peakShare: null };
  const peakShare = Math.max((gflops ?? 0) / peaks.multiplyAdd, gbs / Math.max(peaks.load, peaks.copy));
  return { gflops, gbs, peakShare };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half) - 1] ?? 0)) / 2;
}
