/** Counts a device's live buffers from outside the library, by wrapping `createBuffer` and `destroy`. */
export interface BufferWatch {
  /** Buffers and bytes made since the watch began and not destroyed. */
  live(): { buffers: number; bytes: number };
  stop(): void;
}

export function watchBuffers(device: GPUDevice): BufferWatch {
  const sizes = new Map<GPUBuffer, number>();
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    sizes.set(buffer, descriptor.size);
    buffer.destroy = () => {
      sizes.delete(buffer);
      return destroy();
    };
    return buffer;
  };
  return {
    live: () => ({ buffers: sizes.size, bytes: [...sizes.values()].reduce((total, size) => total + size, 0) }),
    stop: () => {
      device.createBuffer = createBuffer;
    },
  };
}
