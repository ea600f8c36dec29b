/** In the page of `npm run isa -- --peer`: a library trains the study's network for a step, and is watched as it does. */
import type { Host } from '../../scripts/page.js';
import type { Library } from '../peers/library.js';
import { BATCHES } from '../peers/networks.js';
import { TrainingData } from '../peers/training.js';
import { WORKLOADS } from '../peers/workloads.js';

export type PeerName = 'tfjs' | 'jax-js';

export interface Dispatch {
  readonly name: string;
  readonly wgsl: string;
  readonly workgroups: readonly number[];
}

const LIBRARIES: Record<PeerName, () => Promise<{ open(): Promise<Library> }>> = {
  tfjs: () => import('../peers/libraries/tfjs.js'),
  'jax-js': () => import('../peers/libraries/jax.js'),
};

type Called<Method, Then> = Method extends (...args: infer Args) => infer Made
  ? Then extends 'args'
    ? Args
    : Made
  : never;

/** Calls `then` after a method, with the object, its arguments and what it returned. */
function after<T extends object, Name extends keyof T & string>(
  prototype: T,
  name: Name,
  then: (on: T, args: Called<T[Name], 'args'>, made: Called<T[Name], 'made'>) => void,
): void {
  const original = prototype[name] as (this: T, ...args: unknown[]) => unknown;
  Object.defineProperty(prototype, name, {
    configurable: true,
    writable: true,
    value(this: T, ...args: unknown[]) {
      const made = original.apply(this, args);
      then(this, args as Called<T[Name], 'args'>, made as Called<T[Name], 'made'>);
      return made;
    },
  });
}

/** What is dispatched from now on, in order, by whomever. */
function watch(): Dispatch[] {
  const texts = new WeakMap<object, string>();
  const pipelines = new WeakMap<object, Omit<Dispatch, 'workgroups'>>();
  const current = new WeakMap<object, object>();
  const dispatches: Dispatch[] = [];
  const made = (pipeline: GPUComputePipeline, { label, compute }: GPUComputePipelineDescriptor): void => {
    const name = label || compute.module.label || compute.entryPoint || 'unnamed';
    pipelines.set(pipeline, { name, wgsl: texts.get(compute.module) ?? '' });
  };
  after(GPUDevice.prototype, 'createShaderModule', (_, [{ code }], module) => texts.set(module, code));
  after(GPUDevice.prototype, 'createComputePipeline', (_, [descriptor], pipeline) => made(pipeline, descriptor));
  after(
    GPUDevice.prototype,
    'createComputePipelineAsync',
    (_, [descriptor], pipeline) => void pipeline.then((one) => made(one, descriptor)),
  );
  after(GPUComputePassEncoder.prototype, 'setPipeline', (pass, [pipeline]) => current.set(pass, pipeline));
  after(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', (pass, [x, y = 1, z = 1]) => {
    const pipeline = pipelines.get(current.get(pass) ?? {});
    if (pipeline) dispatches.push({ ...pipeline, workgroups: [x, y, z] });
  });
  return dispatches;
}

/** The dispatches of one step, after those before it that compile and record. */
export async function main(_: Host, name: unknown): Promise<Dispatch[]> {
  const dispatches = watch();
  const work = WORKLOADS.find((one) => one.kind === 'step');
  if (!work) throw new Error('no step among the workloads');
  const library = await (await LIBRARIES[name as PeerName]()).open();
  const prepared = await library.prepare(work, [], TrainingData.random(BATCHES * 64));
  await prepared.run();
  await prepared.run();
  dispatches.length = 0;
  await prepared.run();
  return dispatches;
}
