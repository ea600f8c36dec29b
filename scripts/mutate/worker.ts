/**
 * The process that runs tests for `npm run mutate`: either all fast ones, noting which shaders each dispatches, or those
 * asked for, with one place of the shaders broken, until one fails. A process runs one request, so that nothing a broken
 * kernel computed, and no device it lost, outlives it.
 */
import { writeFileSync } from 'node:fs';
import { device } from '../../src/gpu/device.js';
import { DEFAULT_TIMEOUT, type Outcome, runFile } from '../../test/browser/harness.js';
import { catalogue } from '../../test/support/catalogue.js';
import { prepare, settle } from '../../test/support/gpu.js';
import { broken } from './wgsl.js';

/** Tests of a file, by name. */
export type Selection = readonly { readonly file: string; readonly tests: readonly string[] }[];

export type Request =
  /** Writes a {@link Baseline} to `out`. */
  | { readonly kind: 'baseline'; readonly out: string }
  /** `change` is absent where the tests are to run on the shaders as they are. */
  | { readonly kind: 'try'; readonly tests: Selection; readonly change?: { place: number; choice: number } };

/** `beat` comes once a second while the process runs. */
export type Message =
  | { readonly beat: true }
  | { readonly started: string }
  | { readonly ended: Outcome & { readonly file: string } }
  | { readonly done: true };

export interface Baseline {
  readonly adapter: string;
  /** All shaders that tests dispatched and that the catalogue has, with markers. */
  readonly kernels: readonly { readonly name: string; readonly wgsl: string }[];
  /** The fast tests that passed; `kernels` are indices. */
  readonly tests: readonly {
    readonly file: string;
    readonly name: string;
    readonly milliseconds: number;
    readonly kernels: readonly number[];
  }[];
  readonly failed: readonly string[];
  readonly slow: readonly string[];
}

type Files = readonly (readonly [string, () => Promise<unknown>])[];

const send = (message: Message): Promise<void> => new Promise((sent) => process.send?.(message, () => sent()));

/** Waits for a request from the parent and runs it on `files`. */
export function work(files: Files): void {
  // The parent may be killed without a word.
  process.once('disconnect', () => process.exit(1));
  process.once('message', (request: Request) => {
    setInterval(() => void send({ beat: true }), 1000).unref();
    const run = request.kind === 'baseline' ? baseline(files, request.out) : attempt(files, request);
    run.then(
      async () => {
        await send({ done: true });
        process.exit(0);
      },
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}

async function baseline(files: Files, out: string): Promise<void> {
  const adapter = await prepare();
  const indices = new Map<string, number>();
  const kernels: { name: string; wgsl: string }[] = [];
  const note = (name: string, wgsl: string): number => {
    const index = indices.get(wgsl) ?? kernels.push({ name, wgsl }) - 1;
    indices.set(wgsl, index);
    return index;
  };
  let used = new Set<number>();
  // Tests give devices back: each new one is watched from the next test on.
  const watch = onceEach((gpu) => watchDispatches(gpu, (name, wgsl) => used.add(note(name, wgsl))));
  watch();

  const tests: (Baseline['tests'][number] & { kernels: number[] })[] = [];
  const failed: string[] = [];
  const slow: string[] = [];
  for (const [file, load] of files) {
    const first = tests.length;
    // What hooks and the file itself dispatch serves all its tests.
    const shared = new Set<number>();
    const report = async (event: { started: string } | { ended: Outcome }): Promise<void> => {
      if ('started' in event) {
        watch();
        for (const index of used) shared.add(index);
        await send({ started: `${file} > ${event.started}` });
      } else {
        const { name, milliseconds, error } = event.ended;
        if (error === undefined) tests.push({ file, name, milliseconds, kernels: [...used] });
        else failed.push(`${file} > ${name}: ${error.split('\n')[0]}`);
        await send({ ended: { ...event.ended, file } });
      }
      used = new Set();
    };
    await runFile(load, settle, report, (name, timeout) => {
      if (timeout <= DEFAULT_TIMEOUT) return true;
      const test = `${file} > ${name}`;
      if (!slow.includes(test)) slow.push(test);
      return false;
    });
    for (const test of tests.slice(first)) test.kernels.push(...[...shared].filter((k) => !test.kernels.includes(k)));
  }
  for (const { name, wgsl } of catalogue()) note(name, wgsl);
  writeFileSync(out, JSON.stringify({ adapter, kernels, tests, failed, slow } satisfies Baseline));
}

/** Does something to the device in use, unless it has been done to it. */
function onceEach(run: (gpu: GPUDevice) => void): () => void {
  const known = new WeakSet<GPUDevice>();
  return () => {
    const gpu = device();
    if (known.has(gpu)) return;
    known.add(gpu);
    run(gpu);
  };
}

/** Tells of every dispatch the shader that it runs. */
function watchDispatches(gpu: GPUDevice, tell: (name: string, wgsl: string) => void): void {
  const shaders = new WeakMap<object, string>();
  const wrap = <T extends object, K extends keyof T>(on: T, name: K, around: (original: T[K]) => T[K]): void => {
    on[name] = around((on[name] as unknown as (...args: never[]) => unknown).bind(on) as T[K]);
  };
  wrap(gpu, 'createShaderModule', (create) => (descriptor) => {
    const module = create(descriptor);
    shaders.set(module, descriptor.code);
    return module;
  });
  wrap(gpu, 'createComputePipelineAsync', (create) => async (descriptor) => {
    const pipeline = await create(descriptor);
    shaders.set(pipeline, shaders.get(descriptor.compute.module) ?? '');
    return pipeline;
  });
  wrap(gpu, 'createCommandEncoder', (create) => (descriptor) => {
    const encoder = create(descriptor);
    wrap(encoder, 'beginComputePass', (begin) => (passDescriptor) => {
      const pass = begin(passDescriptor);
      wrap(pass, 'setPipeline', (set) => (pipeline) => {
        const wgsl = shaders.get(pipeline);
        if (wgsl !== undefined) tell(pipeline.label, wgsl);
        return set(pipeline);
      });
      return pass;
    });
    return encoder;
  });
}

async function attempt(files: Files, { tests, change }: Request & { kind: 'try' }): Promise<void> {
  await prepare();
  const mutate = onceEach((gpu) => {
    const create = gpu.createShaderModule.bind(gpu);
    gpu.createShaderModule = (descriptor) => {
      const code = change && broken(descriptor.code, change.place, change.choice)?.text;
      return create(code === undefined || code === null ? descriptor : { ...descriptor, code });
    };
  });
  mutate();
  const loads = new Map(files);
  for (const { file, tests: names } of tests) {
    const load = loads.get(file);
    if (!load) continue;
    let failed = false;
    const report = async (event: { started: string } | { ended: Outcome }): Promise<void> => {
      if ('started' in event) {
        mutate();
        return send({ started: `${file} > ${event.started}` });
      }
      await send({ ended: { ...event.ended, file } });
      failed ||= event.ended.error !== undefined;
    };
    await runFile(load, settle, report, (name) => !failed && names.includes(name));
    if (failed) return;
  }
}
