/** Weights and whole runs in files: safetensors, with PyTorch's key names. */
export { lockFile, readFileIfThere, writeFileAtomic } from '#disk';
export {
  type Checkpoint,
  loadCheckpoint,
  type RunObjects,
  readCheckpoint,
  type SavedLoader,
  type SavedModel,
  type SavedOptimizer,
  type SavedOptimizerState,
  type SavedScheduler,
  type Settings,
  saveCheckpoint,
} from './checkpoint.js';
export type { FileLock, LockHolder, LockOptions } from './disk/disk.js';
export { type Format, type HostTensor, readSafetensors, writeSafetensors } from './safetensors.js';
export { loadSafetensors, saveSafetensors } from './tensors.js';
