/** The page's side of `npm run bench:peers`: Node names the library and the workload, the page runs and measures. */
import { Counter, type Counts } from './counting.js';
import type { Library, LibraryName, Prepared } from './library.js';
import { float64Losses } from './network64.js';
import type { Network } from './networks.js';
import { gptStart, resnetStart, type Start } from './starts.js';
import { TrainingData } from './training.js';
import { expected, inputsOf, maxRelError, WORKLOADS, type Workload } from './workloads.js';

/** One workload in one library, and what has been done with it. */
interface Running {
  readonly prepared: Prepared;
  readonly workload: Workload;
  /** Values returned by `run`, of a step its losses. */
  readonly values: number[];
}

export interface Check {
  maxRelError: number;
  /** Losses of the first steps, where the workload is one. */
  losses?: number[];
}

const counter = new Counter();
counter.install();

const opened = new Map<LibraryName, Promise<Library>>();
const open = (name: LibraryName): Promise<Library> => {
  const load: Record<LibraryName, () => Promise<{ open(): Promise<Library> }>> = {
    kindling: () => import('./libraries/kindling.js'),
    tfjs: () => import('./libraries/tfjs.js'),
    'jax-js': () => import('./libraries/jax.js'),
  };
  const library = opened.get(name) ?? load[name]().then((module) => module.open());
  opened.set(name, library);
  return library;
};

let data: TrainingData;
const starts = new Map<Network, Start>();
const running = new Map<LibraryName, Running>();
/** The workload's inputs and float64 results, shared by the libraries. */
let current: { workload: Workload; inputs: Float32Array[]; losses?: number[] } | null = null;

const found = (name: LibraryName): Running => {
  const one = running.get(name);
  if (!one) throw new Error(`${name} has nothing prepared`);
  return one;
};

async function run(one: Running): Promise<number> {
  const start = performance.now();
  const value = await one.prepared.run();
  const milliseconds = performance.now() - start;
  one.values.push(value);
  return milliseconds;
}

/** What Node calls, as `bench.NAME(…)`. */
export const bench = {
  async start(): Promise<{ adapter: string; userAgent: string }> {
    const file = await fetch('/run/training.bin');
    data = TrainingData.fromFile(new Float32Array(await file.arrayBuffer()));
    starts.set('resnet', resnetStart());
    starts.set('gpt', gptStart(await (await fetch('/run/text.txt')).text()));
    const adapter = await navigator.gpu.requestAdapter();
    const { vendor, architecture, device, description } = adapter?.info ?? {};
    return {
      adapter: [description || device || architecture, vendor].filter(Boolean).join(', '),
      userAgent: navigator.userAgent,
    };
  },

  /** Puts the inputs on the GPU. Returns the milliseconds of opening the library, the first time. */
  async prepare(name: LibraryName, workloadName: string): Promise<number> {
    const workload = WORKLOADS.find((one) => one.name === workloadName);
    if (!workload) throw new Error(`no workload ${workloadName}`);
    if (current?.workload !== workload) current = { workload, inputs: inputsOf(workload) };
    const start = performance.now();
    const library = await open(name);
    const milliseconds = performance.now() - start;
    const prepared =
      workload.kind === 'training'
        ? library.train(workload.network, starts.get(workload.network) as Start)
        : await library.prepare(workload, current.inputs, data);
    running.set(name, { prepared, workload, values: [] });
    return milliseconds;
  },

  /** Milliseconds of each of `runs` runs. */
  async time(name: LibraryName, runs: number): Promise<number[]> {
    const times: number[] = [];
    for (let i = 0; i < runs; i++) times.push(await run(found(name)));
    return times;
  },

  /** One run with everything counted that it asks of WebGPU, and the bytes alive after it and at most. */
  async count(name: LibraryName): Promise<Counts & { liveBytes: number; peakBytes: number }> {
    counter.reset();
    await run(found(name));
    return { ...counter.counts, liveBytes: counter.liveBytes, peakBytes: counter.peakBytes };
  },

  /** Holds the last result, or the losses of the first steps, against float64: PyTorch's where they are known. */
  async check(name: LibraryName, known: readonly number[] | null): Promise<Check> {
    const { prepared, workload, values } = found(name);
    if (!current) throw new Error('nothing is prepared');
    if (workload.kind !== 'step' && workload.kind !== 'training') {
      const want = expected(workload, current.inputs, values.length);
      return { maxRelError: maxRelError(await prepared.result(), want) };
    }
    const steps = Math.min(3, values.length);
    if (workload.kind === 'training' && !known) throw new Error(`no losses to hold those of ${workload.name} against`);
    current.losses ??= [...(known ?? float64Losses(data, (workload as { batch: number }).batch, steps))];
    const want = current.losses.slice(0, steps);
    return { maxRelError: maxRelError(values.slice(0, want.length), want), losses: values.slice(0, want.length) };
  },

  dispose(name: LibraryName): void {
    found(name).prepared.dispose();
    running.delete(name);
  },

  /** WebGPU errors since the last call. */
  errors: (): string[] => counter.errors.splice(0),
};

export type Bench = typeof bench;

Object.assign(globalThis, { bench });
