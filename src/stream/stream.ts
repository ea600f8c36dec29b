/**
 * The command stream. Ops record dispatches, copies and host writes here at once; a batch of them is planned (plan.ts),
 * encoded and submitted together when a step ends or something is read. A batch waits for its pipelines, so shaders
 * compile asynchronously while ops stay synchronous, and batches are submitted in the order they were recorded.
 */

import { assertHealthy, device, epoch, orLost, perDevice } from '../gpu/device.js';
import { KindlingError, refuse } from '../gpu/errors.js';
import { takeUntold } from '../gpu/failures.js';
import type { Kernel } from '../kernels/kernel.js';
import { allocating } from '../memory/allocation.js';
import type { Memory } from '../memory/memory.js';
import { type PoolBuffer, pool } from '../memory/pool.js';
import { type Command, type Encoded, type Readback, writtenBy } from './commands.js';
import { batchFailed, hostWrote, runnable } from './damage.js';
import { cleared, encode } from './encode.js';
import { bindGroupCount, type Fusing, plan } from './plan.js';
import { type Recording, recording, refuseInCapture } from './recording.js';

interface Write {
  readonly to: Memory | null;
  readonly buffer: PoolBuffer;
  readonly offset: number;
  /** Null for zeros, which no host sends. */
  readonly data: Uint8Array<ArrayBuffer> | null;
}

interface Batch {
  readonly number: number;
  /** Host writes, made before the batch's commands: none of those recorded before a write names its memory. */
  readonly writes: Write[];
  readonly commands: Command[];
  readonly afterSubmit: ((verdict: Promise<void>) => void)[];
}

let batches = 0;
const newBatch = (): Batch => ({ number: batches++, writes: [], commands: [], afterSubmit: [] });

const stream = /* @__PURE__ */ perDevice(() => ({
  batch: newBatch(),
  /** Batches that wait for a shader or a buffer. Null when everything recorded so far has been submitted. */
  waiting: null as Promise<void> | null,
  /** Submitted, and not yet known to be good. */
  unproven: [] as (readonly Encoded[])[],
  /** Resolves when it is known of the last batch. */
  verdict: Promise.resolve(),
}));

const counts = { dispatches: 0, submits: 0, writes: 0 };

/** Commands issued since the page or process began: for tests and profiles. */
export const streamStats = () => ({ ...counts, bindGroups: bindGroupCount() });

/** The batch that records now. */
export const currentBatch = (): number => stream().batch.number;

/** Marks what the next command of the current batch names. */
function name(memory: Memory): void {
  const { batch } = stream();
  const { root } = memory;
  const place = batch.commands.length;
  if (memory.batch !== batch.number) memory.first = place;
  memory.batch = batch.number;
  root.batch = batch.number;
  root.last = place;
}

/** Whether a command of the current batch names `root`, or a range of it, from the one on that first names `made`. */
export function isNamedSince(root: Memory, made: Memory): boolean {
  const { number } = stream().batch;
  return root.batch === number && made.batch === number && root.last >= made.first;
}

/** Records a dispatch of `kernel` over `memories`: its inputs, then its outputs. */
export function dispatch(kernel: Kernel, memories: readonly Memory[]): void {
  if (memories.length !== kernel.access.length) {
    refuse(`${kernel.name} binds ${kernel.access.length} buffers, got ${memories.length}`);
  }
  if (kernel.workgroups.includes(0)) return;
  const fresh = memories.filter(({ batch, home }, i) => kernel.access[i] === 'write' && batch < 0 && !home);
  for (const memory of memories) name(memory);
  stream().batch.commands.push({ kernel, memories, fresh });
}

/** Records a copy between two memories. */
export function copy(from: Memory, to: Memory): void {
  name(from);
  name(to);
  stream().batch.commands.push({ from, to, bytes: Math.min(from.bytes, to.bytes) });
}

/** Records again what was planned before, after the host's numbers for it have been found anew. */
export function repeat({ pages, externals, overwritten, commands, scratch }: Recording): void {
  const { batch } = stream();
  for (const buffer of scratch.buffers) buffer.batch = batch.number;
  for (const { fill, buffer, content } of pages) {
    for (const provide of fill) provide();
    batch.writes.push({ to: null, buffer, offset: 0, data: content });
  }
  for (const { memory } of externals) name(memory);
  for (const memory of overwritten) memory.overwrite();
  batch.commands.push(commands);
}

/**
 * Records a write from the host; the data are copied. It is made before the current batch runs, so where a command
 * of that batch names the memory already, the batch ends here.
 */
export function write(to: Memory, data: ArrayBufferView): void {
  beforeCommands(to);
  const source = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const padded = new Uint8Array(Math.ceil(source.length / 4) * 4);
  padded.set(source);
  writeLate(to, padded);
}

/** As {@link write}, of zeros. */
export function clear(to: Memory): void {
  beforeCommands(to);
  writeLate(to, null);
}

/** Ends the batch where it uses memory that is written before its commands. */
function beforeCommands(to: Memory): void {
  if (to.root.batch !== currentBatch()) return;
  refuseInCapture('the host writes what the step has already used', 'Pass what changes as an argument.');
  flush();
}

/** As {@link write}, for memory that the host alone writes, and of data that may still change until the batch ends. */
export function writeLate(to: Memory, data: Write['data']): PoolBuffer {
  const { batch } = stream();
  const buffer = to.materialize(to.pinned ? pool() : (recording()?.pool ?? pool()));
  buffer.batch = batch.number;
  batch.writes.push({ to, buffer, offset: to.start, data });
  return buffer;
}

/** Memory that nobody but commands recorded so far names any more: its buffer is used again as soon as they allow. */
export function discard(memory: Memory): void {
  if (memory.pinned) return;
  memory.discarded = true;
  if (memory.batch !== currentBatch()) memory.giveBack();
}

/** Records a copy to the host; `after` is called once it has been submitted, with what says whether the device took it. */
export function copyOut(command: Readback, after: Batch['afterSubmit'][number]): void {
  const { batch } = stream();
  name(command.from);
  batch.commands.push(command);
  batch.afterSubmit.push(after);
}

/**
 * Submits what has been recorded, or queues it behind the shaders it waits for.
 *
 * @param into keeps the planned commands and their buffers, to be replayed
 * @param fuse whether maps become one launch: never where the batch ends at a place that is another each time
 */
export function flush(into?: Recording, fuse: Fusing = 'again'): void {
  const state = stream();
  const full = state.batch;
  if (full.commands.length === 0 && full.writes.length === 0) return;
  device();
  if (!into) refuseInCapture('something is read, or work is submitted,', 'Return the tensor and read it afterwards.');
  state.batch = newBatch();
  if (into) refuseWritten(full.commands, into);
  const encoded = orFail(full, into, () => {
    const { pool: own, scratch } = into ?? { pool: pool(), scratch: pool() };
    const made = plan(full.commands, { batch: full.number, pool: own, scratch, fuse });
    into?.planned(made);
    return made;
  });
  if (!encoded) return;
  const awaited = new Set(allocating());
  for (const command of encoded) {
    if ('pipeline' in command && !command.pipeline.compiled) awaited.add(command.pipeline.ready);
  }
  if (!state.waiting && awaited.size === 0) {
    orFail(full, into, () => submit(full, encoded, into));
    return;
  }
  // What the host writes late may change before the shaders are there.
  const held = { ...full, writes: full.writes.map((one) => ({ ...one, data: one.data?.slice() ?? null })) };
  const opened = epoch();
  const mine: Promise<void> = Promise.allSettled([state.waiting, ...awaited]).then(() => {
    if (epoch() !== opened) return;
    orFail(held, into, () => submit(held, encoded, into));
    if (state.waiting === mine) state.waiting = null;
  });
  state.waiting = mine;
}

/** Plans or submits a batch: where that fails, what it should have written is damaged. */
function orFail<T>({ commands, afterSubmit }: Batch, into: Recording | undefined, act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (into) into.broken = true;
    batchFailed(commands, [], error instanceof KindlingError ? error : new KindlingError(String(error)));
    for (const after of afterSubmit) after(Promise.resolve());
    return undefined;
  }
}

/** A constant is uploaded once: a replay would find what the step before has made of it. An argument is a copy. */
function refuseWritten(commands: readonly Command[], recording: Recording): void {
  const written = new Set(commands.flatMap((command) => writtenBy(command).map(({ root }) => root)));
  const check = (memories: Iterable<Memory>, text: string): void => {
    for (const memory of memories) if (written.has(memory)) recording.failure ??= new KindlingError(text);
  };
  check(recording.constants.keys(), 'capture: a constant made inside (linspace) is written in place. Make it outside.');
  check(
    recording.inputs,
    'capture: an argument is written in place, which a replay would do to a copy. Write outside.',
  );
}

/**
 * Submits what has been recorded and waits until the device has run it.
 *
 * @throws KindlingError what failed on the device and nobody has been told of yet
 */
export async function sync(): Promise<void> {
  flush();
  const state = stream();
  const { queue } = device();
  const ran = async (): Promise<void> => {
    while (state.waiting) await orLost(state.waiting);
    await Promise.all([queue.onSubmittedWorkDone(), state.verdict]);
  };
  await orLost(ran());
  const untold = takeUntold();
  if (untold) throw untold;
  assertHealthy();
}

function submit({ number, writes, afterSubmit }: Batch, planned: readonly Encoded[], into?: Recording): void {
  const gpu = device();
  const state = stream();
  for (const { to, buffer, data } of writes) if (to) hostWrote(to, buffer.failure, !data || data.length >= to.bytes);
  const encoded = runnable(planned);
  if (into && encoded !== planned) into.broken = true;
  // What ran before is good: a replay asks nothing.
  const isNew = state.unproven.length > 0 || encoded.some((command) => 'pipeline' in command && !command.bindGroup);
  if (isNew) gpu.pushErrorScope('validation');
  try {
    for (const { to, buffer, offset, data } of writes) {
      if (buffer.failure) continue;
      if (data) gpu.queue.writeBuffer(buffer.gpu, offset, data);
      else gpu.queue.submit([cleared(buffer.gpu, offset, to?.bytes)]);
    }
    if (encoded.length > 0) gpu.queue.submit([encode(encoded)]);
  } catch (error) {
    if (isNew) void gpu.popErrorScope();
    throw error;
  }
  counts.writes += writes.length;
  counts.submits += encoded.length > 0 ? 1 : 0;
  counts.dispatches += encoded.filter((command) => 'pipeline' in command).length;
  if (isNew) state.verdict = prove(planned, gpu.popErrorScope(), into);
  for (const after of afterSubmit) after(state.verdict);
  pool().trim(number);
}

/** Resolves when it is known whether the device took a batch. */
async function prove(batch: readonly Encoded[], answer: Promise<GPUError | null>, into?: Recording): Promise<void> {
  const { unproven } = stream();
  unproven.push(batch);
  const error = await answer.catch(() => null); // A lost device says so elsewhere.
  unproven.splice(0, unproven.indexOf(batch) + 1); // Answers come in order.
  if (!error) return;
  if (into) into.broken = true;
  batchFailed(
    batch.map(({ command }) => command),
    unproven,
    new KindlingError(`WebGPU: ${error.message}`),
  );
}
