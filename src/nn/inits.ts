/** What `init` of `kindling/nn` is: functions that fill tensors in place. Layers import from init.ts, which bundles keep alone. */
export * from './init.js';
export * from './initMore.js';
