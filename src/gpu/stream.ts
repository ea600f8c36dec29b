/**
 * The command stream. Ops record dispatches, copies and host writes here at once; a batch of them is encoded and
 * submitted together when a step ends or something is read. A batch waits for its pipelines, so shaders compile
 * asynchronously while ops stay synchronous, and batches are submitted in the order they were recorded.
 */
import type { Kernel } from '../kernels/kernel.js';
import { adapter, assertHealthy, device, fail } from './device.js';
import { KindlingError } from './errors.js';
import { type Pipeline, paramsOf, pipelineOf } from './pipelines.js';
import { type PoolBuffer, trim } from './pool.js';

interface Dispatch {
  readonly pipeline: Pipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

interface Copy {
  readonly from: GPUBuffer;
  readonly fromOffset: number;
  readonly to: GPUBuffer;
  readonly toOffset: number;
  readonly bytes: number;
}

interface Write {
  readonly to: GPUBuffer;
  readonly offset: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

interface Batch {
  readonly number: number;
  /** Host writes, made before the batch's commands: none of those recorded before a write names its buffer. */
  readonly writes: Write[];
  readonly commands: (Dispatch | Copy)[];
  readonly afterSubmit: ((submission: Submission) => void)[];
}

/** A range of a pool buffer, as kernels bind it. */
export interface Binding {
  readonly buffer: PoolBuffer;
  readonly offset: number;
  readonly bytes: number;
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

/** Records a dispatch of `kernel` over `bindings`: its inputs, then its outputs. */
export function dispatch(kernel: Kernel, bindings: readonly Binding[]): void {
  if (bindings.length !== kernel.access.length) {
    throw new KindlingError(`${kernel.name} binds ${kernel.access.length} buffers, got ${bindings.length}`);
  }
  if (kernel.workgroups.includes(0)) return;
  const pipeline = pipelineOf(kernel);
  const entries: GPUBindGroupEntry[] = bindings.map(({ buffer, offset, bytes }, binding) => {
    buffer.batch = batch.number;
    return { binding, resource: { buffer: buffer.gpu, offset, size: bytes } };
  });
  const params = paramsOf(kernel);
  if (params) entries.push({ binding: entries.length, resource: { buffer: params } });
  const bindGroup = device().createBindGroup({ layout: pipeline.layout, entries });
  counts.bindGroups++;
  counts.dispatches++;
  batch.commands.push({ pipeline, bindGroup, workgroups: kernel.workgroups });
}

/** Records a copy between two buffers. */
export function copy(from: Binding, to: Binding): void {
  from.buffer.batch = batch.number;
  to.buffer.batch = batch.number;
  const { offset: fromOffset, bytes } = from;
  batch.commands.push({ from: from.buffer.gpu, fromOffset, to: to.buffer.gpu, toOffset: to.offset, bytes });
}

/**
 * Records a write from the host; the data are copied. It is made before the current batch runs, so where a command
 * of that batch names the buffer already, the batch ends here.
 */
export function write({ buffer, offset }: Binding, data: ArrayBufferView): void {
  if (buffer.batch === batch.number) flush();
  const source = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const padded = new Uint8Array(Math.ceil(source.length / 4) * 4);
  padded.set(source);
  buffer.written = batch.number;
  batch.writes.push({ to: buffer.gpu, offset, data: padded });
}

/** Idle buffers for reading back, by size. */
const staging = new Map<number, GPUBuffer[]>();
const MAP_READ_COPY_DST = 0x01 | 0x08;
/** Losses and predictions are read again and again; what is larger is read once in a while. */
const KEPT_STAGING_BYTES = 65536;

/** When a batch was submitted, and its last kernel, by which the same batch is known when it comes again. */
interface Submission {
  readonly at: number;
  readonly last: Pipeline | null;
}

let lastSubmission: Submission = { at: 0, last: null };
/** Milliseconds from submitting a batch to having its results. */
const took = new WeakMap<Pipeline, number>();

/**
 * Dawn in Node polls without pause while a promise of its is pending, and that takes a core from an adapter that computes
 * on the CPU: a training step on SwiftShader took 778 ms, and 534 ms with this (2 cores, 2026-11). So on such adapters
 * results are asked for shortly before they are due. A batch that takes under 20 ms is asked for at once.
 */
function nearlyDone({ at, last }: Submission): Promise<void> {
  if (!last || !adapter().isSoftware) return Promise.resolve();
  const due = 0.9 * (took.get(last) ?? 0) - (performance.now() - at);
  return due < 20 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, due));
}

/** Records a copy to the host. The promise resolves once the batch has been submitted (by `flush`) and has run. */
export function readback(from: Binding): Promise<ArrayBuffer> {
  const size = Math.ceil(from.bytes / 256) * 256;
  const idle = staging.get(size) ?? [];
  staging.set(size, idle);
  const buffer = idle.pop() ?? device().createBuffer({ size, usage: MAP_READ_COPY_DST });
  from.buffer.batch = batch.number;
  batch.commands.push({ from: from.buffer.gpu, fromOffset: from.offset, to: buffer, toOffset: 0, bytes: from.bytes });
  const { promise, resolve, reject } = deferred<ArrayBuffer>();
  batch.afterSubmit.push(async (submission) => {
    await nearlyDone(submission);
    buffer.mapAsync(0x1, 0, from.bytes).then(
      () => {
        if (submission.last) took.set(submission.last, performance.now() - submission.at);
        const data = buffer.getMappedRange(0, from.bytes).slice(0);
        buffer.unmap();
        if (size <= KEPT_STAGING_BYTES) idle.push(buffer);
        else buffer.destroy();
        resolve(data);
      },
      (error: unknown) => reject(new KindlingError(`reading back failed: ${String(error)}`)),
    );
  });
  return promise.then((data) => {
    assertHealthy();
    return data;
  });
}

/** Submits what has been recorded, or queues it behind the shaders it waits for. */
export function flush(): void {
  if (batch.commands.length === 0 && batch.writes.length === 0) return;
  const full = batch;
  batch = newBatch(full.number + 1);
  const compiling = new Set<Promise<void>>();
  for (const command of full.commands) {
    if ('pipeline' in command && !command.pipeline.compiled) compiling.add(command.pipeline.ready);
  }
  if (!waiting && compiling.size === 0) {
    submit(full);
    return;
  }
  const mine: Promise<void> = Promise.all([waiting, ...compiling])
    .catch((error: unknown) => fail(error instanceof KindlingError ? error : new KindlingError(String(error))))
    .then(() => {
      submit(full);
      if (waiting === mine) waiting = null;
    });
  waiting = mine;
}

/** Submits what has been recorded and waits until the device has run it. @throws what went wrong on the device */
export async function sync(): Promise<void> {
  flush();
  while (waiting) await waiting;
  await nearlyDone(lastSubmission);
  await device().queue.onSubmittedWorkDone();
  assertHealthy();
}

function submit(full: Batch): void {
  const { queue } = device();
  for (const { to, offset, data } of full.writes) queue.writeBuffer(to, offset, data);
  counts.writes += full.writes.length;
  if (full.commands.length > 0) {
    queue.submit([encode(full.commands)]);
    counts.submits++;
  }
  submittedBatch = full.number;
  const last = full.commands.findLast((command) => 'pipeline' in command)?.pipeline ?? null;
  if (last) lastSubmission = { at: performance.now(), last };
  for (const after of full.afterSubmit) after(last ? lastSubmission : { at: performance.now(), last });
  trim(submittedBatch);
}

function encode(commands: readonly (Dispatch | Copy)[]): GPUCommandBuffer {
  const encoder = device().createCommandEncoder();
  let pass: GPUComputePassEncoder | null = null;
  for (const command of commands) {
    if ('pipeline' in command) {
      if (!command.pipeline.compiled) continue; // It failed to compile; the failure is thrown by the next read.
      pass ??= encoder.beginComputePass();
      pass.setPipeline(command.pipeline.compiled);
      pass.setBindGroup(0, command.bindGroup);
      pass.dispatchWorkgroups(...command.workgroups);
    } else {
      pass?.end();
      pass = null;
      encoder.copyBufferToBuffer(command.from, command.fromOffset, command.to, command.toOffset, command.bytes);
    }
  }
  pass?.end();
  return encoder.finish();
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
