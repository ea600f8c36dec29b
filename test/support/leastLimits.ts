/**
 * Devices of WebGPU's least limits, by Dawn's compatibility mode: 128 invocations in a workgroup and 16 KiB of its memory, eight
 * storage buffers, bindings of 128 MiB. What wants more is refused as an adapter would that has no more.
 */
import { globals } from 'webgpu';

interface Classes {
  readonly GPU: { readonly prototype: GPU };
  readonly GPUAdapter: { readonly prototype: GPUAdapter };
}

/** For what this process opens from now on. */
export function takeLeastLimits(): void {
  const { GPU, GPUAdapter } = globals as unknown as Classes;
  const { requestAdapter } = GPU.prototype;
  const { requestDevice } = GPUAdapter.prototype;
  GPU.prototype.requestAdapter = function (options) {
    return requestAdapter.call(this, { ...options, featureLevel: 'compatibility' });
  };
  GPUAdapter.prototype.requestDevice = function ({ requiredLimits: _, ...descriptor } = {}) {
    return requestDevice.call(this, descriptor);
  };
}
