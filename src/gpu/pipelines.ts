/** Compiles kernels, asynchronously and once per text, and says what is wrong where the compiler refuses one. */
import type { Kernel } from '../kernels/kernel.js';
import { kept, known } from '../known.js';
import { device, perDevice } from './device.js';
import { KindlingError } from './errors.js';
import { somethingFailed } from './failures.js';
import { atMost, required } from './options.js';

/** A compiled kernel, or one on its way. */
export interface Pipeline {
  readonly layout: GPUBindGroupLayout;
  /** Null until `ready` resolves. */
  compiled: GPUComputePipeline | null;
  /** Why the kernel does not compile. */
  failure: KindlingError | null;
  /** Resolves when one of the two is there. */
  readonly ready: Promise<void>;
}

const compiler = /* @__PURE__ */ perDevice(() => ({
  byKernel: new WeakMap<Kernel, Pipeline>(),
  /** The last of them: who uses an older one holds it. */
  byText: new Map<string, Pipeline>(),
  layouts: new Map<string, GPUBindGroupLayout>(),
  paramBuffers: new WeakMap<Kernel, GPUBuffer>(),
  begun: 0,
  done: 0,
  /** Whether the console was told that it takes long. */
  spoken: false,
}));

/** Shaders compiled so far. */
export const pipelineCount = (): number => compiler().begun;

/** Shaders that have begun to compile since the device was opened, and those that are done. */
export interface CompileProgress {
  readonly done: number;
  readonly total: number;
  /** The kernel that was begun or has just been compiled. */
  readonly kernel: string;
}

let listener: ((progress: CompileProgress) => void) | null = null;

/**
 * Calls `listen` whenever a shader begins to compile and when it is done; they compile in parallel. Null ends it. Without a
 * listener the console says once that shaders compile, if that takes longer than a second. What `listen` throws is shown on
 * the console and changes nothing.
 *
 * @example onCompile(({ done, total }) => console.log(`compiled ${done} of ${total} shaders`));
 */
export function onCompile(listen: ((progress: CompileProgress) => void) | null): void {
  atMost('onCompile', 1, arguments);
  required('onCompile', { listen }, { listen: 'function?' });
  listener = listen;
}

function tell(kernel: Kernel): void {
  const { done, begun: total } = compiler();
  const progress = { done, total, kernel: kernel.name };
  // It may be async, and reject.
  (async () => listener?.(progress))().catch((error: unknown) => {
    console.error('onCompile: the listener threw', error);
  });
  speakUpLater(done === total);
}

const PATIENCE_MS = 1000;
let patience: ReturnType<typeof setTimeout> | undefined;

/** Says that shaders compile where that has taken a second without a pause. */
function speakUpLater(allDone: boolean): void {
  if (allDone) {
    clearTimeout(patience);
    patience = undefined;
  } else if (!compiler().spoken) {
    patience ??= setTimeout(() => {
      patience = undefined;
      const { done, begun, spoken } = compiler();
      if (spoken || listener || done === begun) return;
      compiler().spoken = true;
      console.warn(`kindling: compiling shaders: ${done} of ${begun}… (onCompile() follows it)`);
    }, PATIENCE_MS);
  }
}

/** The kernel's pipeline; compilation starts on the first call. */
export function pipelineOf(kernel: Kernel): Pipeline {
  const { byKernel, byText } = compiler();
  return known(byKernel, kernel, () => kept(byText, kernel.wgsl, () => compile(kernel)));
}

const COMPUTE = 0x4; // GPUShaderStage.COMPUTE, which is not defined in every host
const TYPES = { read: 'read-only-storage', write: 'storage', params: 'uniform' } as const;

function layoutOf({ access, params }: Kernel): GPUBindGroupLayout {
  const uses = [...access, ...(params ? ['params' as const] : [])];
  return known(compiler().layouts, uses.join(), () =>
    device().createBindGroupLayout({
      entries: uses.map((use, binding) => ({ binding, visibility: COMPUTE, buffer: { type: TYPES[use] } })),
    }),
  );
}

function compile(kernel: Kernel): Pipeline {
  const gpu = device();
  const layout = layoutOf(kernel);
  gpu.pushErrorScope('validation');
  const module = gpu.createShaderModule({ code: kernel.wgsl, label: kernel.name });
  const moduleError = gpu.popErrorScope();
  const made = gpu.createComputePipelineAsync({
    label: kernel.name,
    layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: 'main' },
  });
  const state = compiler();
  state.begun++;
  tell(kernel);
  const ended = async (): Promise<void> => {
    try {
      const compiled = await made;
      await moduleError;
      pipeline.compiled = compiled;
    } catch (error) {
      const message = (await moduleError.catch(() => null))?.message ?? String(error);
      pipeline.failure = await explain(kernel, module, message);
      somethingFailed();
    }
    state.done++;
    if (state === compiler()) tell(kernel);
  };
  const pipeline: Pipeline = { layout, compiled: null, failure: null, ready: ended() };
  return pipeline;
}

const UNIFORM = 0x40; // GPUBufferUsage.UNIFORM

/** The buffer of a kernel's `params`, made once and never written again; null for a kernel without. */
export function paramsOf(kernel: Kernel): GPUBuffer | null {
  const { name: label, params } = kernel;
  if (!params) return null;
  return known(compiler().paramBuffers, kernel, () => {
    const size = Math.ceil(params.length / 4) * 16;
    const buffer = device().createBuffer({ label, size, usage: UNIFORM, mappedAtCreation: true });
    new Uint32Array(buffer.getMappedRange()).set(params);
    buffer.unmap();
    return buffer;
  });
}

async function explain(kernel: Kernel, module: GPUShaderModule, message: string): Promise<KindlingError> {
  const lines = kernel.wgsl.split('\n');
  const { messages } = await module.getCompilationInfo().catch(() => ({ messages: [] }));
  const errors = messages
    .filter((m) => m.type === 'error')
    .map((m) => `  line ${m.lineNum}: ${m.message}\n    ${lines[m.lineNum - 1]?.trim() ?? ''}`);
  const numbered = lines.map((line, i) => `${String(i + 1).padStart(4)}  ${line}`).join('\n');
  return new KindlingError(`kernel ${kernel.name} does not compile: ${message}\n${errors.join('\n')}\n${numbered}`);
}
