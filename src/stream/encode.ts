/** Planned commands as a command buffer: one compute pass, ended only where something is copied. */
import { device } from '../gpu/device.js';
import type { Encoded, EncodedDispatch } from './commands.js';
import { bindGroupOf } from './plan.js';

/** Measures dispatches, each in a pass of its own. */
export interface Stopwatch {
  /** What the pass of this dispatch is to write, if it is measured. */
  start(dispatch: EncodedDispatch): GPUComputePassTimestampWrites | undefined;
  /** Adds what brings the times to the host. */
  finish(encoder: GPUCommandEncoder): void;
}

let stopwatch: Stopwatch | null = null;

/** Measures what is encoded from now on; null ends it. */
export function setStopwatch(to: Stopwatch | null): void {
  stopwatch = to;
}

/** Zeros in a buffer. */
export function cleared(buffer: GPUBuffer, offset: number, bytes: number | undefined): GPUCommandBuffer {
  const encoder = device().createCommandEncoder();
  encoder.clearBuffer(buffer, offset, bytes);
  return encoder.finish();
}

export function encode(commands: readonly Encoded[]): GPUCommandBuffer {
  const encoder = device().createCommandEncoder();
  let pass: GPUComputePassEncoder | null = null;
  const end = (): void => {
    pass?.end();
    pass = null;
  };
  for (const command of commands) {
    if ('pipeline' in command) {
      const { pipeline, kernel } = command;
      if (!pipeline.compiled) continue;
      command.bindGroup ??= bindGroupOf(command);
      const timestampWrites = stopwatch?.start(command);
      if (timestampWrites) end();
      pass ??= encoder.beginComputePass(timestampWrites ? { timestampWrites } : {});
      pass.setPipeline(pipeline.compiled);
      pass.setBindGroup(0, command.bindGroup);
      pass.dispatchWorkgroups(...kernel.workgroups);
      if (timestampWrites) end();
    } else {
      end();
      const { from, fromOffset, to, toOffset, bytes } = command;
      encoder.copyBufferToBuffer(from.gpu, fromOffset, to.gpu, toOffset, bytes);
    }
  }
  end();
  stopwatch?.finish(encoder);
  return encoder.finish();
}
