/** Counts the buffers that are mapped for reading, whoever asks for them. */
let made = 0;

if ('GPUBuffer' in globalThis) {
  const { mapAsync } = GPUBuffer.prototype;
  GPUBuffer.prototype.mapAsync = function (mode, ...range) {
    if (mode === GPUMapMode.READ) made++;
    return mapAsync.call(this, mode, ...range);
  };
}

export const readsMade = (): number => made;
