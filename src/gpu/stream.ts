/**
 * The command stream. Ops record dispatches, copies and host writes here at once; a batch of them is planned (plan.ts),
 * encoded and submitted together when a step ends or something is read. A batch waits for its pipelines, so shaders
 * compile asynchronously while ops stay synchronous, and batches are submitted in the order they were recorded.
 */
import type { Kernel } from '../kernels/kernel.js';
import { assertHealthy, device, fail, polling } from './device.js';
import { encode } from './encode.js';
import { KindlingError, refuse } from './errors.js';
import type { Submission } from './hosts/polling.js';
import type { Memory } from './memory.js';
import { type Command, type Encoded, plan, writtenBy } from './plan.js';
import { pool } from './pool.js';
import { type Recording, recording, refuseInCapture } from './recording.js';

interface Write {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

interface Batch {
  readonly number: number;
  /** Host writes, made before the batch's commands: none of those recorded before a write names its memory. */
  readonly writes: Write[];
  readonly commands: Command[];
  readonly afterSubmit: ((submission: Submission) => void)[];
}

const newBatch = (number: number): Batch => ({ number, writes: [], commands: [], afterSubmit: [] });

let batch = newBatch(0);
let submittedBatch = -1;
/** Batches that wait for a shader to compile. Null when everything recorded so far has been submitted. */
let waiting: Promise<void> | null = null;
const counts = { dispatches: 0, submits: 0, writes: 0, bindGroups: 0 };

/** Commands issued since the page or process began: for tests and profiles. */
export const streamStats = (): Readonly<typeof counts> => ({ ...counts });

/** The batch that records now. */
export const currentBatch = (): number => batch.number;

/** Marks what the next command of the current batch names. */
function name(memory: Memory): void {
  const { root } = memory;
  const place = batch.commands.length;
  if (memory.batch !== batch.number) memory.first = place;
  memory.batch = batch.number;
  root.batch = batch.number;
  root.last = place;
}

/** Whether a command of the current batch names `root`, or a range of it, from the one on that first names `made`. */
export const isNamedSince = (root: Memory, made: Memory): boolean =>
  root.batch === batch.number && made.batch === batch.number && root.last >= made.first;

/** Records a dispatch of `kernel` over `memories`: its inputs, then its outputs. */
export function dispatch(kernel: Kernel, memories: readonly Memory[]): void {
  if (memories.length !== kernel.access.length) {
    refuse(`${kernel.name} binds ${kernel.access.length} buffers, got ${memories.length}`);
  }
  if (kernel.workgroups.includes(0)) return;
  for (const memory of memories) name(memory);
  batch.commands.push({ kernel, memories });
}

/** Records a copy between two memories. */
export function copy(from: Memory, to: Memory): void {
  name(from);
  name(to);
  batch.commands.push({ from, to, bytes: Math.min(from.bytes, to.bytes) });
}

/** Records again what was planned before, after the host's numbers for it have been found anew. */
export function repeat({ pages, externals, overwritten, commands }: Recording): void {
  for (const { fill, gpu, content } of pages) {
    for (const provide of fill) provide();
    batch.writes.push({ buffer: gpu, offset: 0, data: content });
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
  if (to.root.batch === batch.number) {
    refuseInCapture('the host writes what the step has already used', 'Pass what changes as an argument.');
    flush();
  }
  const source = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const padded = new Uint8Array(Math.ceil(source.length / 4) * 4);
  padded.set(source);
  writeLate(to, padded);
}

/** As {@link write}, for memory that the host alone writes, and of data that may still change until the batch ends. */
export function writeLate(to: Memory, data: Uint8Array<ArrayBuffer>): GPUBuffer {
  const buffer = to.materialize(to.pinned ? pool : (recording()?.pool ?? pool));
  buffer.batch = batch.number;
  batch.writes.push({ buffer: buffer.gpu, offset: to.home?.offset ?? 0, data });
  return buffer.gpu;
}

/** Memory that nobody but commands recorded so far names any more: its buffer is used again as soon as they allow. */
export function discard(memory: Memory): void {
  if (memory.pinned) return;
  memory.discarded = true;
  if (memory.batch !== batch.number) memory.giveBack();
}

/** Idle buffers for reading back, by size. */
const staging = new Map<number, GPUBuffer[]>();
const MAP_READ_COPY_DST = 0x01 | 0x08;
/** Losses and predictions are read again and again; what is larger is read once in a while. */
const KEPT_STAGING_BYTES = 65536;

let lastSubmission: Submission = { at: 0, last: null };

/** Records a copy to the host. The promise resolves once the batch has been submitted (by `flush`) and has run. */
export function readback(from: Memory): Promise<ArrayBuffer> {
  const { bytes } = from;
  const size = Math.ceil(bytes / 256) * 256;
  const idle = staging.get(size) ?? [];
  staging.set(size, idle);
  const buffer = idle.pop() ?? device().createBuffer({ size, usage: MAP_READ_COPY_DST });
  name(from);
  batch.commands.push({ from, staging: buffer, bytes });
  return new Promise((resolve, reject) => {
    batch.afterSubmit.push(async (submission) => {
      await polling()?.nearlyDone(submission);
      const asked = performance.now();
      try {
        await buffer.mapAsync(0x1, 0, bytes);
        polling()?.arrived(submission, asked);
        const data = buffer.getMappedRange(0, bytes).slice(0);
        buffer.unmap();
        if (size <= KEPT_STAGING_BYTES) idle.push(buffer);
        else buffer.destroy();
        assertHealthy();
        resolve(data);
      } catch (error) {
        reject(error instanceof KindlingError ? error : new KindlingError(`reading back failed: ${String(error)}`));
      }
    });
  });
}

/**
 * Submits what has been recorded, or queues it behind the shaders it waits for.
 *
 * @param into keeps the planned commands and their buffers, to be replayed
 */
export function flush(into?: Recording): void {
  if (batch.commands.length === 0 && batch.writes.length === 0) return;
  if (!into) refuseInCapture('something is read, or work is submitted,', 'Return the tensor and read it afterwards.');
  const full = batch;
  batch = newBatch(full.number + 1);
  const onBindGroup = (): void => void counts.bindGroups++;
  if (into) refuseWrittenConstants(full.commands, into);
  const encoded = planned(() => plan(full.commands, { batch: full.number, pool: into?.pool ?? pool, onBindGroup }));
  if (into) into.planned(encoded);
  const compiling = new Set<Promise<void>>();
  for (const command of encoded) {
    if ('pipeline' in command && !command.pipeline.compiled) compiling.add(command.pipeline.ready);
  }
  if (!waiting && compiling.size === 0) {
    submit(full, encoded);
    return;
  }
  // What the host writes late may change before the shaders are there.
  const held = { ...full, writes: full.writes.map((one) => ({ ...one, data: one.data.slice() })) };
  const mine: Promise<void> = Promise.all([waiting, ...compiling])
    .catch(fail)
    .then(() => {
      submit(held, encoded);
      if (waiting === mine) waiting = null;
    });
  waiting = mine;
}

/** What `make` plans. A batch that cannot be planned is lost, so everything read afterwards fails with the reason. */
function planned(make: () => Encoded[]): Encoded[] {
  try {
    return make();
  } catch (error) {
    fail(error);
    throw error;
  }
}

/** A constant is uploaded once: a replay would find what the step before has made of it. */
function refuseWrittenConstants(commands: readonly Command[], recording: Recording): void {
  if (!commands.some((command) => writtenBy(command).some(({ root }) => recording.constants.has(root)))) return;
  recording.failure ??= new KindlingError(
    'capture: a constant made inside a captured function (zeros, full, …) is written in place. Make it outside.',
  );
}

/** Submits what has been recorded and waits until the device has run it. @throws what went wrong on the device */
export async function sync(): Promise<void> {
  flush();
  while (waiting) await waiting;
  await polling()?.nearlyDone(lastSubmission);
  await device().queue.onSubmittedWorkDone();
  assertHealthy();
}

function submit({ number, writes, afterSubmit }: Batch, encoded: readonly Encoded[]): void {
  const { queue } = device();
  for (const { buffer, offset, data } of writes) queue.writeBuffer(buffer, offset, data);
  counts.writes += writes.length;
  const dispatches = encoded.filter((command) => 'pipeline' in command);
  if (encoded.length > 0) {
    queue.submit([encode(encoded)]);
    counts.submits++;
    counts.dispatches += dispatches.length;
  }
  submittedBatch = number;
  const last = dispatches.at(-1)?.pipeline ?? null;
  if (last) lastSubmission = { at: performance.now(), last };
  for (const after of afterSubmit) after(last ? lastSubmission : { at: performance.now(), last });
  pool.trim(submittedBatch);
}
