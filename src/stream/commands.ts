/** What a batch holds, before it is planned and after. */
import type { KindlingError } from '../gpu/errors.js';
import type { Pipeline } from '../gpu/pipelines.js';
import type { Kernel } from '../kernels/kernel.js';
import type { Allocation } from '../memory/allocation.js';
import type { Memory } from '../memory/memory.js';
import type { PoolBuffer } from '../memory/pool.js';

/** What a bind group names, in binding order. */
export interface Bound {
  readonly buffer: PoolBuffer;
  readonly offset: number;
  readonly size: number;
}

export interface Dispatch {
  readonly kernel: Kernel;
  /** What the kernel binds: its inputs, then its outputs. */
  readonly memories: readonly Memory[];
  /** Those that it is the first to write: their content does not depend on what was there. */
  readonly fresh: readonly Memory[];
  /** What was recorded, where one launch does several. */
  readonly parts?: readonly Dispatch[];
}

export interface Copy {
  readonly from: Memory;
  readonly to: Memory;
  readonly bytes: number;
}

/** A copy to a buffer that the host will map. */
export interface Readback {
  readonly from: Memory;
  readonly staging: Allocation;
  readonly bytes: number;
  /** Why it brings nothing. */
  failure: KindlingError | null;
}

export interface EncodedDispatch {
  readonly kernel: Kernel;
  readonly pipeline: Pipeline;
  readonly bound: readonly Bound[];
  /** Null until it is first encoded: by then its buffers are known to be good. */
  bindGroup: GPUBindGroup | null;
  /** Bytes that it binds. */
  readonly bytes: number;
  /** What it was planned from. */
  readonly command: Command;
}

export interface EncodedCopy {
  readonly from: Allocation;
  readonly fromOffset: number;
  readonly to: Allocation;
  readonly toOffset: number;
  readonly bytes: number;
  readonly command: Command;
}

export type Encoded = EncodedDispatch | EncodedCopy;

/** What a batch holds: commands, and between them what was planned before and is replayed. */
export type Command = Dispatch | Copy | Readback | readonly Encoded[];

export const isPlanned = (command: Command): command is readonly Encoded[] => Array.isArray(command);

/** What a command names. */
export function memoriesOf(command: Command): readonly Memory[] {
  if (isPlanned(command)) return [];
  if ('kernel' in command) return command.memories;
  return 'to' in command ? [command.from, command.to] : [command.from];
}

/** What a command writes. */
export function writtenBy(command: Command): readonly Memory[] {
  if (isPlanned(command)) return [];
  if ('kernel' in command) return command.memories.filter((_, i) => command.kernel.access[i] === 'write');
  return 'to' in command ? [command.to] : [];
}
