/**
 * Bytes of a data set on the GPU. They are uploaded once, when a loader first asks for them, and shared by all loaders over
 * the same memory: views such as `first(n)` too. They go when the host's bytes are collected, or by `evict`.
 */
import { device, perDevice } from '../gpu/device.js';
import { BATCH_BINDINGS } from '../kernels/batch.js';
import { flush } from '../stream/stream.js';
import { keep } from '../tensor/step.js';
import { Tensor } from '../tensor/tensor.js';
import type { Workspace } from './workspace.js';

export interface Resident {
  /** The bytes, four a word, cut every `partWords` words. */
  readonly parts: readonly Tensor[];
  readonly partWords: number;
  /** Where they begin and end in the host's buffer. */
  readonly from: number;
  readonly to: number;
  /** Tensors of iterations that ended, by their sizes. */
  readonly workspaces: Map<string, Workspace[]>;
}

const residents = /* @__PURE__ */ perDevice(() => new WeakMap<ArrayBufferLike, Resident[]>());

/**
 * The bytes on the GPU, uploaded unless they are there.
 *
 * @param bindingBytes the most that a kernel may bind at once, where it is less than the device allows
 * @returns null where they do not fit into the bindings that a kernel has
 */
export function resident(bytes: Uint8Array, bindingBytes = Number.POSITIVE_INFINITY): Resident | null {
  const { maxStorageBufferBindingSize, maxBufferSize, maxStorageBuffersPerShaderStage } = device().limits;
  const limit = Math.min(bindingBytes, maxStorageBufferBindingSize, maxBufferSize);
  const partBytes = 2 ** Math.floor(Math.log2(limit)); // the pool's largest size that is no more
  const count = Math.max(1, Math.ceil(bytes.length / partBytes));
  if (count > maxStorageBuffersPerShaderStage - BATCH_BINDINGS || bytes.length > 2 ** 32 - 4) return null;
  const from = bytes.byteOffset;
  const to = from + bytes.length;
  const known = residents().get(bytes.buffer) ?? [];
  const found = known.find(
    (one) => one.from <= from && one.to >= to && (from - one.from) % 4 === 0 && one.partWords * 4 === partBytes,
  );
  if (found) return found;
  const parts = Array.from({ length: count }, (_, part) =>
    upload(bytes.subarray(part * partBytes, (part + 1) * partBytes)),
  );
  const made: Resident = { parts, partWords: partBytes / 4, from, to, workspaces: new Map() };
  residents().set(bytes.buffer, [...known, made]);
  return made;
}

/** Frees what was uploaded of the memory that `bytes` is a view of, now. The next loader uploads it again. */
export function evict(bytes: Uint8Array): void {
  for (const { parts, workspaces } of residents().get(bytes.buffer) ?? []) {
    for (const one of [...parts, ...[...workspaces.values()].flat()]) one.dispose();
  }
  residents().delete(bytes.buffer);
}

function upload(bytes: Uint8Array): Tensor {
  const words = Math.ceil(bytes.length / 4);
  let content: Uint32Array;
  if (bytes.byteOffset % 4 === 0 && bytes.length % 4 === 0) {
    content = new Uint32Array(bytes.buffer, bytes.byteOffset, words);
  } else {
    content = new Uint32Array(words);
    new Uint8Array(content.buffer).set(bytes);
  }
  const part = keep(new Tensor([words], 'u32', undefined, content));
  flush(); // The stream holds a copy until then.
  return part;
}
