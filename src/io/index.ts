/** Weights in files: safetensors, with PyTorch's key names. */
export { type Format, type HostTensor, readSafetensors, writeSafetensors } from './safetensors.js';
