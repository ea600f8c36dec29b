/**
 * Buffers that begin as what no result may depend on. WebGPU fills new buffers with zeros, which hides from tests whoever reads
 * what nobody wrote: a reused buffer holds something else. So new ones hold NaN here (as whole numbers, what lies outside
 * of any array).
 */
import { device } from '../../src/gpu/device.js';

const STORAGE = 0x80;
/** What is larger is left alone: filling it would take as long as the test. */
const MOST = 1024 * 1024;

/** Of the device that is open, once. */
export function poisonBuffers(): void {
  const on = device();
  if (Object.hasOwn(on, 'createBuffer')) return;
  const create = on.createBuffer.bind(on);
  // As it is now: tests may count what is written.
  const write = on.queue.writeBuffer.bind(on.queue);
  on.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const { usage, size, mappedAtCreation = false } = descriptor;
    if (usage & STORAGE && !mappedAtCreation && size <= MOST) {
      write(buffer, 0, new Uint32Array(size / 4).fill(0x7fc00001));
    }
    return buffer;
  };
}
