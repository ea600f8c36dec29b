/** Counts what a page asks of WebGPU, whichever library asks, by wrapping the prototypes of the API. */

export interface Counts {
  dispatches: number;
  submits: number;
  newBuffers: number;
  newBindGroups: number;
  writes: number;
  newPipelines: number;
  newShaderModules: number;
}

const none = (): Counts => ({
  dispatches: 0,
  submits: 0,
  newBuffers: 0,
  newBindGroups: 0,
  writes: 0,
  newPipelines: 0,
  newShaderModules: 0,
});

export class Counter {
  counts = none();
  liveBytes = 0;
  /** Largest `liveBytes` since the last `reset`. */
  peakBytes = 0;
  /** What was reported by `uncapturederror`, and lost devices. */
  readonly errors: string[] = [];
  readonly #alive = new WeakMap<GPUBuffer, number>();

  /** Wraps the API; call it before any library loads. */
  install(): void {
    const count = (key: keyof Counts) => (): void => void this.counts[key]++;
    after(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', count('dispatches'));
    after(GPUComputePassEncoder.prototype, 'dispatchWorkgroupsIndirect', count('dispatches'));
    after(GPUQueue.prototype, 'submit', count('submits'));
    after(GPUQueue.prototype, 'writeBuffer', count('writes'));
    after(GPUDevice.prototype, 'createBindGroup', count('newBindGroups'));
    after(GPUDevice.prototype, 'createComputePipeline', count('newPipelines'));
    after(GPUDevice.prototype, 'createComputePipelineAsync', count('newPipelines'));
    after(GPUDevice.prototype, 'createShaderModule', count('newShaderModules'));
    after(GPUDevice.prototype, 'createBuffer', (buffer) => {
      this.counts.newBuffers++;
      this.#alive.set(buffer as GPUBuffer, (buffer as GPUBuffer).size);
      this.liveBytes += (buffer as GPUBuffer).size;
      this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
    });
    after(GPUBuffer.prototype, 'destroy', (_, buffer) => {
      this.liveBytes -= this.#alive.get(buffer as GPUBuffer) ?? 0;
      this.#alive.delete(buffer as GPUBuffer);
    });
    after(GPUAdapter.prototype, 'requestDevice', (made) => {
      void (made as Promise<GPUDevice>).then((device) => {
        device.addEventListener('uncapturederror', ({ error }) => this.errors.push(error.message));
        void device.lost.then(({ reason, message }) => this.errors.push(`device lost: ${reason} ${message}`));
      });
    });
  }

  reset(): void {
    this.counts = none();
    this.peakBytes = this.liveBytes;
  }
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Calls `then` after a method, with what it returned and the object. */
function after<T extends object>(
  prototype: T,
  name: keyof T & string,
  then: (made: unknown, on: unknown) => void,
): void {
  const methods = prototype as Record<string, Method>;
  const original = methods[name] as Method;
  methods[name] = function (...args) {
    const made = original.apply(this, args);
    then(made, this);
    return made;
  };
}
