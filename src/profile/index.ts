/** kindling/profile: where the time of a step goes, and what the adapter could do. */
export type { Element, KernelSource } from '../kernels/kernel.js';
export type { DispatchTimes, Figures, KernelTimes } from './figures.js';
export { type Launch, type LaunchBinding, launches } from './launches.js';
export { measurePeaks, type Peaks } from './peaks.js';
export { type ProfileOptions, profile } from './profile.js';
export type { Rates } from './rates.js';
export { type ReplayOptions, type ReplayTimes, timeReplays } from './replays.js';
export type { Profile } from './result.js';
export { runKernel, type TimeOptions, type Times, time } from './time.js';
export type { ChromeTrace, TraceEvent } from './trace.js';
