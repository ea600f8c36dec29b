import { refuse } from '../errors.js';
import { firstAdapter, type HostGpu, type HostOptions } from './host.js';

export * from './choicesDatabase.js';

/**
 * Asks the browser for an adapter: a GPU where there is one, else its software adapter.
 *
 * @throws KindlingError naming what is missing: a secure context, WebGPU, or an adapter.
 */
export async function requestGpu(options: HostOptions = {}): Promise<HostGpu> {
  const gpu: GPU | undefined = navigator.gpu;
  if (!gpu) {
    refuse(
      globalThis.isSecureContext
        ? 'init: this browser has no WebGPU. Use Chrome or Edge 113, Safari 26, Firefox 141 or ' +
            'later; headless or on Linux start Chrome with --enable-unsafe-webgpu.'
        : `init: WebGPU needs a secure context, and ${globalThis.location?.origin} is none: serve the page over https, or ` +
            'from http://localhost.',
    );
  }
  const adapter = await firstAdapter(gpu, options);
  if (!adapter) {
    refuse(
      'init: the browser gives no WebGPU adapter: see chrome://gpu. Start Chrome (not its headless shell) ' +
        'with --enable-unsafe-webgpu, on Linux with a GPU with --enable-features=Vulkan. In Firefox set ' +
        'dom.webgpu.enabled and gfx.webgpu.ignore-blocklist.',
    );
  }
  return { gpu, adapter, host: browserName(), notes: [] };
}

function browserName(): string {
  const [, name, version] = /(Firefox|Edg|HeadlessChrome|Chrome|Version)\/([\d.]+)/.exec(navigator.userAgent) ?? [];
  return name
    ? `${name === 'Version' ? 'Safari' : name.replace('HeadlessChrome', 'Headless Chrome')} ${version}`
    : navigator.userAgent;
}
