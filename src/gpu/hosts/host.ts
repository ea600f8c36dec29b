/** What a host takes to find an adapter. */
export interface HostOptions {
  /** Take the software adapter even where there is a GPU. Default false. */
  forceSoftware?: boolean;
  powerPreference?: GPUPowerPreference;
}

/** What both hosts behind `#host` give: an adapter, where it lives, and how it was found. */
export interface HostGpu {
  gpu: GPU;
  adapter: GPUAdapter;
  /** What runs WebGPU: `Node 20.19.0 (Dawn)`, `Chrome 147.0.0.0`. */
  host: string;
  /** Whether a thread polls without pause while results are waited for. */
  polls?: boolean;
  /** What had to be done to get this adapter, each worth a line of output. */
  notes: string[];
}
