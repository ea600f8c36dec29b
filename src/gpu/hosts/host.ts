/** What a host takes to find an adapter. */
export interface HostOptions {
  /** Take the software adapter even where there is a GPU. Default false. */
  forceSoftware?: boolean | undefined;
  powerPreference?: GPUPowerPreference | undefined;
}

/** What the hosts behind `#host` give: an adapter, where it lives, and how it was found. */
export interface HostGpu {
  gpu: GPU;
  adapter: GPUAdapter;
  /** What runs WebGPU: `Node 20.19.0 (Dawn)`, `Chrome 147.0.0.0`. */
  host: string;
  /** What the host does where the adapter computes on the CPU. */
  onSoftware?: () => void;
  /** What had to be done to get this adapter, each worth a line of output. */
  notes: string[];
}

/** A GPU where `gpu` has one, else its software adapter, else null. */
export async function firstAdapter(gpu: GPU, options: HostOptions): Promise<GPUAdapter | null> {
  const { forceSoftware = false, powerPreference } = options;
  const preference = powerPreference ? { powerPreference } : {};
  const adapter = forceSoftware ? null : await gpu.requestAdapter(preference);
  return adapter ?? gpu.requestAdapter({ ...preference, forceFallbackAdapter: true });
}
