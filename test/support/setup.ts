/** Vitest's setup for the GPU suite in Node: one device for all files, and a GPU error fails the test that made it. */
import { afterEach, beforeAll } from 'vitest';
import { widest } from '../../src/tensor/launch.js';
import { prepare, settle } from './gpu.js';
import { takeLeastLimits } from './leastLimits.js';

// This module runs anew for every file; the process and its device stay.
const shown = globalThis as { adapterShown?: boolean };

if (process.env.KINDLING_LIMITS === 'least' && !shown.adapterShown) takeLeastLimits();

beforeAll(async () => {
  const line = await prepare();
  if (process.env.KINDLING_LIMITS === 'least' && widest() !== 128)
    throw new Error('this device has more than the least limits');
  if (!shown.adapterShown) console.log(line);
  shown.adapterShown = true;
});

afterEach(settle);
