/** Deno: WebGPU as in a browser, by wgpu; files and environment as in Node. */
import { refuse } from '../errors.js';
import { firstAdapter, type HostGpu, type HostOptions } from './host.js';

export * from './choicesFile.js';

/**
 * Asks Deno for an adapter: a GPU where there is one, else a Vulkan driver that computes on the CPU, such as lavapipe.
 *
 * @throws KindlingError naming what is missing
 */
export async function requestGpu(options: HostOptions = {}): Promise<HostGpu> {
  const host = navigator.userAgent.replace('/', ' ');
  const gpu: GPU | undefined = navigator.gpu;
  if (!gpu) refuse(`init: ${host} has no WebGPU: start it with --unstable-webgpu, or take a newer one`);
  const adapter = await firstAdapter(gpu, options);
  if (!adapter) {
    refuse(
      `init: ${host} gives no WebGPU adapter: install a driver; on Linux without a GPU, Vulkan's loader and Mesa's lavapipe ` +
        '(Debian: apt-get install libvulkan1 mesa-vulkan-drivers)',
    );
  }
  return { gpu, adapter, host: `${host} (wgpu)`, notes: [] };
}
