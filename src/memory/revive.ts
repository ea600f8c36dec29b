/**
 * Memory of a device that is gone, on the one that is there now. It stays the same object, so that whoever names it, or a range of
 * it, goes on to do so: tensors, an optimizer's arenas. Its content is zeros.
 */
import { epoch } from '../gpu/device.js';
import type { Memory } from './memory.js';
import { pool } from './pool.js';

/** Lets memory with a buffer of its own live on the device of now. Returns whether it was gone. */
export function revive(memory: Memory): boolean {
  if (!memory.isGone) return false;
  // What is known of a buffer that is no longer there.
  Object.assign(memory, { epoch: epoch(), buffer: null, owner: pool(), pinned: false, damage: null });
  return true;
}
