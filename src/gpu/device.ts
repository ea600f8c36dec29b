/**
 * The one device of the process (or page). Everything else in kindling is synchronous: `init()` is where the waiting is.
 */
import { assumed, requestGpu } from '#host';
import { DeviceLostError, KindlingError, refuse } from './errors.js';
import { atMost, checked, type Known } from './options.js';

export interface InitOptions {
  /** Which adapter to prefer where there are several. Default: `'high-performance'`. */
  powerPreference?: GPUPowerPreference | undefined;
  /** Use a software adapter even where there is a GPU: for comparing hosts and for tests. Default: false. */
  forceSoftware?: boolean | undefined;
  /** Compute as on a GPU, whatever the adapter: for tests of what GPUs run. Default: `KINDLING_ASSUME`, else what it is. */
  assume?: 'gpu' | undefined;
}

const INIT: Known<InitOptions> = {
  powerPreference: ['high-performance', 'low-power'],
  forceSoftware: 'boolean',
  assume: ['gpu'],
};

/** What kindling runs on, as reports and tests name it. */
export interface Adapter {
  /** `'Node (Dawn)'`, `'Chromium'`, … */
  readonly host: string;
  /** One line for people, such as `SwiftShader Device (Subzero), google, software`. */
  readonly description: string;
  readonly vendor: string;
  readonly architecture: string;
  /** True for SwiftShader, lavapipe and other adapters that compute on the CPU, unless `init` was told to assume a GPU. */
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
  /** Held so that no host collects it while its device lives. */
  readonly roots: readonly unknown[];
  /** Why it is gone, once it is. */
  lost: DeviceLostError | null;
  /** Ends what waits for the device, once it is gone. */
  readonly waits: Set<(lost: DeviceLostError) => void>;
}

let context: Context | null = null;
let opening: Promise<Adapter> | null = null;
let epochs = 0;
let latest: InitOptions = {};

/**
 * Finds an adapter and opens the device. Call it once, before the first tensor; later calls return the same adapter,
 * whatever their options, until the device is lost or given back by {@link destroy}: then the next call opens another.
 *
 * @throws KindlingError when there is no adapter, saying what was tried and what to install; the next call tries again.
 */
export function init(options: InitOptions = {}): Promise<Adapter> {
  checked('init', options, INIT);
  if (context && !context.lost) return Promise.resolve(context.adapter);
  opening ??= open(options).finally(() => {
    opening = null;
  });
  return opening;
}

/** Opens a device as the last one was opened, unless there is one. */
export const reopen = (): Promise<Adapter> => init(latest);

/**
 * Gives the device back, and with it all GPU memory: what waits for it ends in a {@link DeviceLostError}, and its tensors
 * are refused from now on, but for those of a snapshot (`kindling/recover`). {@link init} opens another, with options of its own.
 * Without a device it does nothing.
 */
export function destroy(): void {
  const closed = context;
  if (closed && !closed.lost) lose(closed, 'given back by destroy()');
  else epochs++; // What is being opened is given back once it is there.
  close();
  closed?.device.destroy();
}

/** The adapter in use. @throws KindlingError before `init()`. */
export function adapter(): Adapter {
  atMost('adapter', 0, arguments);
  return current().adapter;
}

/** Whether there is a device. */
export const isOpen = (): boolean => context !== null && !context.lost;

/** The device in use. @throws KindlingError before `init()`, DeviceLostError when it is gone */
export function device(): GPUDevice {
  return current().device;
}

/** Changes when the device goes: what was made in another epoch cannot be used any more. */
export const epoch = (): number => epochs;

const preparations: ((adapterId: string) => Promise<readonly string[]>)[] = [];

/** Lets `init()` wait for `prepare`, which is told the adapter and returns notes on it. */
export function beforeUse(prepare: (adapterId: string) => Promise<readonly string[]>): void {
  preparations.push(prepare);
}

let failure: KindlingError | null = null;

/** Remembers the first error that no work can be found for: whoever reads or waits next is told, once. */
export function fail(error: KindlingError): void {
  failure ??= error;
}

/** Throws what {@link fail} remembers, if anything, and forgets it. */
export function assertHealthy(): void {
  const told = failure;
  failure = null;
  if (told) throw told;
}

let forgets: (() => void)[] = [];

/** What belongs to the device and goes with it: made at the first call, and anew for the next device. */
export function perDevice<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    if (!made) {
      made = { value: make() };
      forgets.push(() => {
        made = null;
      });
    }
    return made.value;
  };
}

/** Waits for the device: rejects as soon as it is gone, for a lost device answers late, with something else, or never. */
export function orLost<T>(answer: Promise<T>): Promise<T> {
  const { waits, lost } = current(true);
  if (lost) return Promise.reject(lost);
  return new Promise((resolve, reject) => {
    waits.add(reject);
    void answer.then(resolve, reject).then(() => waits.delete(reject));
  });
}

/** Told of every device that goes: see `src/recover`. */
export const lossListeners = /* @__PURE__ */ new Set<(lost: DeviceLostError) => void>();

function lose(gone: Context, how: string): void {
  gone.lost = new DeviceLostError(
    `the GPU device was ${how}. init() opens another; tensors of this one are gone, but for a snapshot()`,
  );
  epochs++;
  for (const tell of [...gone.waits, ...lossListeners]) tell(gone.lost);
}

/** Forgets everything that belongs to the device, but that it was there. */
function close(): void {
  failure = null;
  const all = forgets;
  forgets = [];
  for (const forget of all) forget();
}

function current(orGone = false): Context {
  if (!context) refuse('kindling has no device yet: `await init()` before the first tensor');
  if (context.lost && !orGone) throw context.lost;
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

/** A listener in a scope of its own: Dawn's Node holds it, and with a device in its scope that one would never be collected. */
const telling =
  (begun: number) =>
  ({ error }: GPUUncapturedErrorEvent): void => {
    if (epochs === begun) fail(new KindlingError(`WebGPU: ${error.message}`));
  };

async function open(options: InitOptions): Promise<Adapter> {
  const begun = epochs;
  latest = options;
  const found = await requestGpu(options);
  const gpuAdapter = found.adapter;
  const requiredLimits: Record<string, number> = {};
  for (const limit of RAISED) requiredLimits[limit] = gpuAdapter.limits[limit];
  const wanted: GPUFeatureName[] = ['timestamp-query', 'subgroups', 'shader-f16'];
  const requiredFeatures = wanted.filter((feature) => gpuAdapter.features.has(feature));
  const opened = await gpuAdapter.requestDevice({ requiredFeatures, requiredLimits }).catch((cause: unknown) => {
    throw new KindlingError(`init: the adapter gives no device: ${String(cause)}`, { cause });
  });
  const { software, ...described } = describe(gpuAdapter.info, found, options.assume ?? assumed());
  if (software) found.onSoftware?.();
  try {
    for (const prepare of preparations) found.notes.push(...(await prepare(described.id)));
    if (epochs !== begun) throw new DeviceLostError('init: destroy() was called before the device was open');
  } catch (error) {
    opened.destroy();
    throw error;
  }
  close();
  const made: Context = {
    device: opened,
    adapter: described,
    roots: [found.gpu, gpuAdapter],
    lost: null,
    waits: new Set(),
  };
  context = made;
  void opened.lost.then(({ reason, message }) => {
    if (!made.lost) lose(made, `lost (${[reason, message].filter((part) => part && part !== 'unknown').join(': ')})`);
  });
  opened.addEventListener('uncapturederror', telling(begun));
  return described;
}

function describe(
  info: GPUAdapterInfo,
  found: { host: string; notes: string[]; adapter: GPUAdapter },
  assume?: string,
): Adapter & { software: boolean } {
  const { vendor, architecture, device, description } = info;
  const id = [vendor, architecture, device, description].join('|');
  const software = info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i.test(id);
  const fixed = info.subgroupMinSize === info.subgroupMaxSize ? info.subgroupMinSize : 0;
  const as = assume === 'gpu' ? ' as a GPU' : '';
  const name = [description || device || architecture, vendor].filter(Boolean).join(', ');
  return {
    host: found.host,
    description: `${name || 'unnamed adapter'}${software ? ' (software)' : ''}${as}`,
    vendor,
    architecture,
    software,
    isSoftware: software && !as,
    subgroupSize: found.adapter.features.has('subgroups') ? (fixed ?? 0) : 0,
    id: id + as,
    notes: found.notes,
  };
}
