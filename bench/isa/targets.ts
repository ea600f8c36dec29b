/** What is wanted of a kernel, and what it misses. */
import type { Figures } from './figures.js';
import type { Listed } from './kernels.js';

/** No kernel may have more registers, for a GPU to hide its waits behind other subgroups, and none may spill. */
const MOST_REGISTERS = 128;

/**
 * Multiply-adds per read of workgroup memory. A multiprocessor of NVIDIA's multiplies 128 times and reads 128 bytes of it per
 * cycle, so a subgroup's read of a vec4 takes four cycles, as long as 16 of its multiply-adds: 8×8 sums per invocation. Products
 * too small to fill a GPU with tiles of that size get smaller ones: 8×4 sums have 10.6.
 */
const PER_READ = { large: 16, small: 10.6 } as const;

/** Multiply-adds of a large product: one of 1024³ has 2 ** 30, the study's largest a quarter of that. */
const LARGE = 2 ** 29;

/** Of the instructions in the inner loop of a product, so many have to be multiply-adds. */
const SHARE = 0.95;

/** And of those in a turn of the loop over slices, copying included, of a large product. */
const LOOP_SHARE = 0.85;

/** Workgroups that a product wants, if each has {@link WORTH} multiply-adds to do. */
const WORKGROUPS = 64;
const WORTH = 64 * 1024;

export type Target = 'vgprs' | 'spilled' | 'fmaPerLds' | 'share' | 'loopShare' | 'workgroups';

/** The targets that a kernel misses. Those of multiply-adds are for matrix products and convolutions alone. */
export function missed(
  { workgroups, flops }: Pick<Listed, 'workgroups' | 'flops'>,
  { vgprs, spilled, fmaPerLds, share, loopShare }: Figures,
): Target[] {
  const all: Target[] = [];
  if (vgprs > MOST_REGISTERS) all.push('vgprs');
  if (spilled > 0) all.push('spilled');
  if (flops === undefined) return all;
  const multiplyAdds = flops / 2;
  const large = multiplyAdds >= LARGE;
  const wanted = large ? PER_READ.large : PER_READ.small;
  if (fmaPerLds !== null && fmaPerLds < wanted) all.push('fmaPerLds');
  if (share === null || share < SHARE) all.push('share');
  if (large && fmaPerLds !== null && (loopShare ?? 0) < LOOP_SHARE) all.push('loopShare');
  const launched = workgroups.reduce((a, b) => a * b, 1);
  if (launched < Math.min(WORKGROUPS, multiplyAdds / WORTH)) all.push('workgroups');
  return all;
}
