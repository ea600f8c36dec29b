/**
 * The one device of the process (or page). Everything else in kindling is synchronous: `init()` is where the waiting is.
 */
import { requestGpu } from '#host';
import { KindlingError, refuse } from './errors.js';
import type { Polling } from './hosts/polling.js';
import { checked, type Known } from './options.js';

export interface InitOptions {
  /** Which adapter to prefer where there are several. Default: `'high-performance'`. */
  powerPreference?: GPUPowerPreference;
  /** Use a software adapter even where there is a GPU: for comparing hosts and for tests. Default: false. */
  forceSoftware?: boolean;
}

const INIT: Known<InitOptions> = { powerPreference: ['high-performance', 'low-power'], forceSoftware: 'boolean' };

/** What kindling runs on, as reports and tests name it. */
export interface Adapter {
  /** `'Node (Dawn)'`, `'Chromium'`, … */
  readonly host: string;
  /** One line for people, such as `SwiftShader Device (Subzero), google, software`. */
  readonly description: string;
  readonly vendor: string;
  readonly architecture: string;
  /** True for SwiftShader, lavapipe and other adapters that compute on the CPU. */
  readonly isSoftware: boolean;
  /** Invocations per subgroup where shaders may use subgroups and the size is fixed, else 0. */
  readonly subgroupSize: number;
  /** Vendor, architecture, device and driver: what the tuner's choices are stored for. */
  readonly id: string;
  /** What was tried before this adapter was found. */
  readonly notes: readonly string[];
}

interface Context {
  readonly device: GPUDevice;
  readonly adapter: Adapter;
  readonly polling: Polling | undefined;
  /** Held so that no host collects it while its device lives. */
  readonly roots: readonly unknown[];
}

let context: Context | null = null;
let pending: Promise<Adapter> | null = null;
let failure: KindlingError | null = null;

/**
 * Finds an adapter and opens the device. Call it once, before the first tensor; later calls return the same adapter.
 *
 * @throws KindlingError when there is no adapter, saying what was tried and what to install.
 */
export function init(options: InitOptions = {}): Promise<Adapter> {
  checked('init', options, INIT);
  pending ??= open(options).catch((error: unknown) => {
    pending = null;
    throw error;
  });
  return pending;
}

/** The adapter in use. @throws KindlingError before `init()`. */
export function adapter(): Adapter {
  return current().adapter;
}

/** The device in use. @throws KindlingError before `init()`. */
export function device(): GPUDevice {
  return current().device;
}

const preparations: ((adapterId: string) => Promise<readonly string[]>)[] = [];

/** Lets `init()` wait for `prepare`, which is told the adapter and returns notes on it. */
export function beforeUse(prepare: (adapterId: string) => Promise<readonly string[]>): void {
  preparations.push(prepare);
}

/** How to wait for results where asking for them takes time from the adapter; undefined where it does not. */
export const polling = (): Polling | undefined => current().polling;

/** Throws what went wrong on the device since it was opened, if anything did. */
export function assertHealthy(): void {
  if (failure) throw failure;
}

/** Records the first thing that went wrong; later reads throw it, for results after it cannot be trusted. */
export function fail(error: unknown): void {
  failure ??= error instanceof KindlingError ? error : new KindlingError(String(error));
}

/** Returns the recorded failure and clears it: for tests that provoke one. @internal */
export function takeFailure(): KindlingError | null {
  const taken = failure;
  failure = null;
  return taken;
}

function current(): Context {
  if (!context) refuse('kindling has no device yet: `await init()` before the first tensor');
  return context;
}

/** Limits worth raising to what the adapter has: big tensors and big tiles. */
const RAISED = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxStorageBuffersPerShaderStage',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

async function open(options: InitOptions): Promise<Adapter> {
  const found = await requestGpu(options);
  const gpuAdapter = found.adapter;
  const requiredLimits: Record<string, number> = {};
  for (const limit of RAISED) requiredLimits[limit] = gpuAdapter.limits[limit];
  const wanted: GPUFeatureName[] = ['timestamp-query', 'subgroups'];
  const requiredFeatures = wanted.filter((feature) => gpuAdapter.features.has(feature));
  const opened = await gpuAdapter.requestDevice({ requiredFeatures, requiredLimits });
  void opened.lost.then((lost) => {
    if (lost.reason !== 'destroyed') fail(new KindlingError(`the GPU device was lost: ${lost.message || lost.reason}`));
  });
  opened.addEventListener('uncapturederror', (event) => fail(new KindlingError(`WebGPU: ${event.error.message}`)));
  const described = describe(gpuAdapter.info, found);
  for (const prepare of preparations) found.notes.push(...(await prepare(described.id)));
  const roots = [found.gpu, gpuAdapter];
  context = { device: opened, adapter: described, polling: described.isSoftware ? found.polling : undefined, roots };
  return context.adapter;
}

function describe(info: GPUAdapterInfo, found: { host: string; notes: string[]; adapter: GPUAdapter }): Adapter {
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  const isSoftware = info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i.test(text);
  const fixed = info.subgroupMinSize === info.subgroupMaxSize ? info.subgroupMinSize : 0;
  const name = [info.description || info.device || info.architecture, info.vendor].filter(Boolean).join(', ');
  return {
    host: found.host,
    description: `${name || 'unnamed adapter'}${isSoftware ? ' (software)' : ''}`,
    vendor: info.vendor,
    architecture: info.architecture,
    isSoftware,
    subgroupSize: found.adapter.features.has('subgroups') ? (fixed ?? 0) : 0,
    id: [info.vendor, info.architecture, info.device, info.description].join('|'),
    notes: found.notes,
  };
}
