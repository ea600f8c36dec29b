/** Weights and whole runs in files: safetensors, with PyTorch's key names. */
export { lockFile, readFileIfThere, writeFileAtomic } from '#disk';
export * from './checkpoint.js';
export type { FileLock, LockHolder, LockOptions } from './disk/disk.js';
export { type Format, type HostTensor, readSafetensors, writeSafetensors } from './safetensors.js';
export { loadSafetensors, saveSafetensors } from './tensors.js';
