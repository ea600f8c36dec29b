/** From the device to whoever reads. */

import { assertHealthy, orLost, perDevice } from '../gpu/device.js';
import { KindlingError } from '../gpu/errors.js';
import { told } from '../gpu/failures.js';
import { known } from '../known.js';
import { type Allocation, allocate } from '../memory/allocation.js';
import { makeRoom } from '../memory/budget.js';
import type { Memory } from '../memory/memory.js';
import { pool } from '../memory/pool.js';
import type { Readback } from './commands.js';
import { copyOut } from './stream.js';

const MAP_READ_COPY_DST = 0x01 | 0x08;
/** Losses and predictions are read again and again; what is larger is read once in a while. */
const KEPT_BYTES = 65536;
/** A device that is gone may refuse work before it says that it is gone: so long is waited for it to say so. */
const GRACE_MS = 500;

/** Idle buffers that the host maps, by size. */
const staging = /* @__PURE__ */ perDevice(() => new Map<number, Allocation[]>());

/**
 * Records a copy to the host. The promise resolves once the batch has been submitted (by `flush`) and has run.
 *
 * @throws KindlingError what kept `from` from being computed; DeviceLostError as soon as the device is gone
 */
export function readback(from: Memory): Promise<ArrayBuffer> {
  const { bytes } = from;
  const size = Math.ceil(bytes / 256) * 256;
  const idle = known(staging(), size, () => []);
  const buffer = idle.pop() ?? allocate({ size, usage: MAP_READ_COPY_DST }, pool());
  const command: Readback = { from, staging: buffer, bytes, failure: null };
  const check = async (error: KindlingError | null): Promise<void> => {
    if (!error) return;
    buffer.gpu.destroy();
    await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
    throw error;
  };
  const read = async (verdict: Promise<void>): Promise<ArrayBuffer> => {
    await check(command.failure);
    let refused: KindlingError | null = null;
    let data!: ArrayBuffer;
    try {
      await buffer.gpu.mapAsync(0x1, 0, bytes);
      data = buffer.gpu.getMappedRange(0, bytes).slice(0);
    } catch (error) {
      refused = new KindlingError(`reading back failed: ${error}`);
    }
    await verdict;
    await check(command.failure ?? refused);
    buffer.gpu.unmap();
    if (size <= KEPT_BYTES) idle.push(buffer);
    else buffer.gpu.destroy();
    return data;
  };
  return orLost(
    new Promise((resolve, reject) => {
      copyOut(command, (verdict) => void read(verdict).then(resolve, reject));
    }),
  );
}

/** What somebody reads: here errors are told. */
export async function delivered(content: ArrayBuffer | Promise<ArrayBuffer>): Promise<ArrayBuffer> {
  try {
    const data = await content;
    await makeRoom();
    assertHealthy();
    return data;
  } catch (error) {
    told(error);
    throw error;
  }
}
