import { KindlingError } from '../errors.js';
import type { HostGpu, HostOptions } from './host.js';
import { pollWithPauses } from './polling.js';
import { hasGpuDevice, installedIcd, loadVulkan, unpackedIcd, withEnvironment } from './software.js';

export * from './choicesFile.js';

/** Dawn rounds timestamps to 65,536 ns, against pages that spy on each other; most kernels of a GPU take less. */
const EXACT_TIMESTAMPS = ['disable-dawn-features=timestamp_quantization'];

/** By what they were asked for. Dawn crashes at exit when an instance that made a device was collected before. */
const instances = new Map<string, GPU>();

/**
 * Finds an adapter through Dawn (npm package `webgpu`): a GPU where there is one, else SwiftShader on the CPU, from the
 * system's Vulkan loader or from one that an npm package carries.
 *
 * @throws KindlingError naming what was tried and what to install.
 */
export async function requestGpu(options: HostOptions = {}): Promise<HostGpu> {
  const dawn = await loadDawn();
  const tried: string[] = [];
  const notes: string[] = [];
  const request = async (what: string, environment: Record<string, string>): Promise<HostGpu | null> => {
    const gpu = instances.get(what) ?? dawn.create(EXACT_TIMESTAMPS);
    instances.set(what, gpu);
    const { forceSoftware = false, powerPreference } = options;
    const adapter = await withEnvironment(environment, () =>
      gpu.requestAdapter({ forceFallbackAdapter: forceSoftware, ...(powerPreference && { powerPreference }) }),
    );
    if (adapter)
      return { gpu, adapter, host: `Node ${process.versions.node} (Dawn)`, onSoftware: pollWithPauses, notes };
    tried.push(what);
    return null;
  };

  if (process.platform !== 'linux') {
    const found = await request(options.forceSoftware ? 'a software adapter' : 'the adapters of the system', {});
    if (found) return found;
    throw noAdapter(tried);
  }
  const chosen = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  if (chosen !== undefined || (!options.forceSoftware && hasGpuDevice())) {
    const found = await request(chosen ? `the Vulkan driver ${chosen}` : "the system's Vulkan drivers", {});
    if (found) return found;
    notes.push(`no adapter from ${chosen ?? 'the drivers of the GPU that is here'}: taking a software adapter`);
  }
  // Mesa's device-selection layer complains about a missing display on every start: keep it out.
  const driver = (icd: string) => ({ VK_DRIVER_FILES: icd, NODEVICE_SELECT: '1' });
  const icd = installedIcd();
  if (!icd) tried.push('SwiftShader from @onirenaud/swiftshader-vulkan (not installed)');
  if (!loadVulkan('libvulkan.so.1')) tried.push("the system's Vulkan loader, libvulkan.so.1 (missing)");
  else if (icd) {
    const found = await request(`SwiftShader (${icd}) with the system's Vulkan loader`, driver(icd));
    if (found) return found;
  }
  const unpacked = unpackedIcd();
  if (!unpacked) tried.push('the Vulkan loader and SwiftShader in @sparticuz/chromium (not installed)');
  else if (loadVulkan(unpacked.loader)) {
    notes.push('Vulkan loader from @sparticuz/chromium');
    const found = await request(`SwiftShader with the loader ${unpacked.loader}`, driver(icd ?? unpacked.icd));
    if (found) return found;
  } else tried.push(`the Vulkan loader ${unpacked.loader} (it does not load)`);
  throw noAdapter(tried);
}

interface Dawn {
  create(options: string[]): GPU;
}

async function loadDawn(): Promise<Dawn> {
  let dawn: typeof import('webgpu');
  try {
    dawn = await import('webgpu');
  } catch (cause) {
    throw new KindlingError(`init: WebGPU in Node comes from the package "webgpu": npm install webgpu (${cause})`, {
      cause,
    });
  }
  // GPUBufferUsage and its like are globals in a browser; code that uses WebGPU counts on them.
  for (const [name, value] of Object.entries(dawn.globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return dawn;
}

function noAdapter(tried: readonly string[]): KindlingError {
  const install =
    process.platform === 'linux'
      ? 'install a Vulkan driver for the GPU and its loader (Debian: apt-get install libvulkan1 mesa-vulkan-drivers), ' +
        'or, for a software adapter from npm alone: npm install @onirenaud/swiftshader-vulkan @sparticuz/chromium'
      : 'install or update the driver of the GPU';
  return new KindlingError(`init: no WebGPU adapter. Tried ${tried.join('; ')}. To get one, ${install}.`);
}
