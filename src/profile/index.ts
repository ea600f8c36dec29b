/** kindling/profile: where the time of a step goes, and what the adapter could do. */
export type { Element, KernelSource } from '../kernels/kernel.js';
export { measurePeaks, type Peaks } from './peaks.js';
export { type ProfileOptions, profile } from './profile.js';
export type { Rates } from './rates.js';
export type { DispatchTimes, KernelTimes, Profile } from './result.js';
export { runKernel, type TimeOptions, type Times, time } from './time.js';
export type { ChromeTrace, TraceEvent } from './trace.js';
