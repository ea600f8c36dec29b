/**
 * From recorded commands to what is encoded. Commands whose results nobody reads are dropped; every memory gets a buffer,
 * temporaries that are not needed at the same time the same one (share.ts); and bind groups are made.
 *
 * A launch may not bind one buffer for reading and for writing, not even at ranges apart (an optimizer's arena holds many
 * tensors): where that would happen, what is read is copied aside first.
 */

import { device, perDevice } from '../gpu/device.js';
import { paramsOf, pipelineOf } from '../gpu/pipelines.js';
import type { Kernel } from '../kernels/kernel.js';
import type { Allocation } from '../memory/allocation.js';
import type { Memory } from '../memory/memory.js';
import type { Pool, PoolBuffer } from '../memory/pool.js';
import { type Life, type Source, share } from '../memory/share.js';
import {
  type Bound,
  type Command,
  type Dispatch,
  type Encoded,
  type EncodedDispatch,
  isPlanned,
  memoriesOf,
  writtenBy,
} from './commands.js';
import { fused } from './fuse.js';

/** Commands whose effect somebody can see: on memory that may still be named, or that a later such command reads. */
function seen(commands: readonly Command[]): Command[] {
  const read = new Set<Memory>();
  const kept: Command[] = [];
  for (let i = commands.length - 1; i >= 0; i--) {
    const command = commands[i] as Command;
    const written = writtenBy(command);
    const matters = written.length === 0 || written.some(({ root }) => !root.discarded || read.has(root));
    if (!matters) continue;
    kept.push(command);
    for (const { root } of memoriesOf(command)) read.add(root);
  }
  return kept.reverse();
}

/** The bind groups that a kernel was given last: a loop binds the same few buffers again and again. */
const groups = /* @__PURE__ */ perDevice(
  () => new WeakMap<Kernel, { readonly bound: readonly Bound[]; readonly group: GPUBindGroup }[]>(),
);
const KEPT_GROUPS = 8;

const same = (a: readonly Bound[], b: readonly Bound[]): boolean =>
  a.every(({ buffer, offset, size }, i) => {
    const other = b[i];
    return other?.buffer === buffer && other.offset === offset && other.size === size;
  });

const knownGroup = (kernel: Kernel, bound: readonly Bound[]): GPUBindGroup | null =>
  groups()
    .get(kernel)
    ?.find((one) => same(one.bound, bound))?.group ?? null;

let groupsMade = 0;

/** Bind groups made since the page or process began. */
export const bindGroupCount = (): number => groupsMade;

/** The bind group of a planned dispatch, made unless the same one was. */
export function bindGroupOf({ kernel, pipeline, bound }: EncodedDispatch): GPUBindGroup {
  const found = knownGroup(kernel, bound);
  if (found) return found;
  groupsMade++;
  const known = groups().get(kernel) ?? [];
  groups().set(kernel, known);
  const entries: GPUBindGroupEntry[] = bound.map(({ buffer, offset, size }, binding) => ({
    binding,
    resource: { buffer: buffer.gpu, offset, size },
  }));
  const params = paramsOf(kernel);
  if (params) entries.push({ binding: entries.length, resource: { buffer: params } });
  const group = device().createBindGroup({ label: kernel.name, layout: pipeline.layout, entries });
  if (known.length === KEPT_GROUPS) known.shift();
  known.push({ bound, group });
  return group;
}

/** Whether maps become one launch: `again`, where they were together before, so that what runs once compiles nothing more. */
export type Fusing = 'always' | 'again' | 'never';

export interface PlanOptions {
  /** The batch's number. */
  batch: number;
  /** Where buffers of what is named afterwards come from. */
  pool: Pool;
  /** Where those of temporaries do. */
  scratch: Source;
  fuse: Fusing;
}

export function plan(commands: readonly Command[], { batch, pool, scratch, fuse }: PlanOptions): Encoded[] {
  const kept = fuse === 'never' ? seen(commands) : fused(seen(commands), fuse === 'always');
  const lives = new Map<Memory, Life>();
  kept.forEach((command, i) => {
    for (const { root } of memoriesOf(command)) lives.set(root, { first: lives.get(root)?.first ?? i, last: i });
  });
  const done = [...lives.keys()].filter(({ discarded }) => discarded);
  const shared = share(
    new Map(done.flatMap((memory) => (memory.buffer ? [] : [[memory, lives.get(memory) as Life]]))),
    scratch,
  );
  const encoded: Encoded[] = [];
  const bound = (memory: Memory): PoolBuffer => {
    const buffer = memory.materialize(pool);
    buffer.batch = batch;
    return buffer;
  };
  const aside: PoolBuffer[] = [];
  const setAside = (bytes: number): PoolBuffer => {
    const buffer = scratch.acquire(bytes);
    buffer.batch = batch;
    aside.push(buffer);
    return buffer;
  };
  const copy = (command: Command, from: Memory, to: Allocation, toOffset: number, bytes: number): void => {
    encoded.push({ from: bound(from), fromOffset: from.home?.offset ?? 0, to, toOffset, bytes, command });
  };
  const dispatch = (command: Dispatch): void => {
    const { kernel, memories } = command;
    const buffers = memories.map(bound);
    const written = new Set(buffers.filter((_, i) => kernel.access[i] === 'write'));
    const entries = memories.map((memory, binding): Bound => {
      const buffer = buffers[binding] as PoolBuffer;
      const size = memory.bytes;
      if (kernel.access[binding] === 'write' || !written.has(buffer)) {
        return { buffer, offset: memory.home?.offset ?? 0, size };
      }
      const apart = setAside(size);
      copy(command, memory, apart, 0, size);
      return { buffer: apart, offset: 0, size };
    });
    const pipeline = pipelineOf(kernel);
    const bytes = entries.reduce((sum, { size }) => sum + size, 0);
    encoded.push({ kernel, pipeline, bound: entries, bindGroup: knownGroup(kernel, entries), bytes, command });
  };
  kept.forEach((command) => {
    if (isPlanned(command)) encoded.push(...command);
    else if ('kernel' in command) dispatch(command);
    else if ('staging' in command) copy(command, command.from, command.staging, 0, command.bytes);
    else {
      const { from, to, bytes } = command;
      const target = bound(to);
      const toOffset = to.home?.offset ?? 0;
      if (bound(from) === target) {
        // WebGPU copies between two buffers only.
        const apart = setAside(bytes);
        copy(command, from, apart, 0, bytes);
        encoded.push({ from: apart, fromOffset: 0, to: target, toOffset, bytes, command });
      } else copy(command, from, target, toOffset, bytes);
    }
  });
  for (const memory of shared.keys()) memory.buffer = null;
  // Of dropped commands too: what the host wrote for them has a buffer.
  for (const command of commands) for (const { root } of memoriesOf(command)) if (root.discarded) root.giveBack();
  for (const buffer of new Set([...shared.values(), ...aside])) scratch.release(buffer);
  return encoded;
}
