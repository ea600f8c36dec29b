import { refuse } from '../gpu/errors.js';
import { text } from '../gpu/options.js';
import { type Draw, streamOf } from './draws.js';
import { checkArray, type HostArray } from './sample.js';
import { type Reshaping, type Transform, transformed } from './transforms.js';

/** One component of a batch: the samples' arrays, one after the other. */
export interface HostBatch {
  readonly data: Float32Array | Int32Array | Uint32Array;
  /** [samples, …]. */
  readonly shape: readonly number[];
}

/** What is random in a batch is a function of this: seed, epoch, and the samples' indices in the data set. */
export interface BatchDraw extends Omit<Draw, 'sample' | 'stream'> {
  readonly indices: ArrayLike<number>;
  /** How often each came before in the epoch; absent or null where none comes twice. */
  readonly repeats?: ArrayLike<number> | null;
}

/** Each byte on the scale 0 … 1. */
export const SCALED: Readonly<Float32Array> = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/**
 * Samples as a batch, component by component. Bytes of the first component are pictures where a sample has two dimensions or
 * more, and become f32 on the scale 0 … 1; all other bytes are whole numbers, and become i32. `transform` changes the first
 * component, on that scale.
 *
 * @throws KindlingError where samples differ in shape or type
 */
export function collate(
  samples: readonly (readonly HostArray[])[],
  transform?: Transform | Reshaping,
  draw: BatchDraw = { seed: 0, epoch: 0, indices: samples.map((_, i) => i) },
): HostBatch[] {
  const [first = []] = samples;
  for (const sample of samples) {
    if (!Array.isArray(sample) || sample.length !== first.length) {
      refuse(`DataLoader: samples are lists of as many arrays each, got ${text(sample)}`);
    }
    for (const array of sample) checkArray('DataLoader', array);
  }
  return first.map((_, component) => {
    const arrays = samples.map((sample) => sample[component] as HostArray);
    if (!transform || component > 0) return stack(component, arrays, component === 0 && isPicture(arrays[0]));
    const { seed, epoch, indices, repeats } = draw;
    const changed = arrays.map((array, i) => {
      const data = arrayFor(array, array.data.length, true);
      if (!(data instanceof Float32Array)) refuse('DataLoader: a transform wants f32 or bytes');
      fill(data, array.data, true);
      const [sample, stream] = [indices[i] ?? i, streamOf(repeats?.[i])];
      return transformed(transform, data, array.shape, { seed, epoch, sample, stream });
    });
    return stack(component, changed, false);
  });
}

/** What makes a batch of samples of any kind: an array for each of its components, the first dimension that of the batch. */
export type CollateFn<Sample, Components> = (samples: Sample[], draw: BatchDraw) => Components | Promise<Components>;

/** The arrays that a `collateFn` gave, bytes as whole numbers. @throws KindlingError where it gave something else */
export function collated(given: unknown): HostBatch[] {
  const usage = 'write collateFn: (samples) => [{ data, shape }, …]';
  if (!Array.isArray(given))
    refuse(`DataLoader: collateFn gives an array of arrays with shapes, not ${text(given)}; ${usage}`);
  return given.map((array: HostArray) => {
    checkArray('DataLoader: collateFn', array);
    const size = array.shape.reduce((product, dim) => product * dim, 1);
    if (array.data.length !== size) {
      refuse(
        `DataLoader: collateFn: shape [${array.shape}] wants ${size} elements, the array has ${array.data.length}`,
      );
    }
    const data = arrayFor(array, size, false);
    data.set(array.data);
    return { data, shape: array.shape };
  });
}

/** Whether bytes are shades rather than numbers. */
const isPicture = (sample: HostArray | undefined): boolean => (sample?.shape.length ?? 0) >= 2;

function stack(component: number, arrays: readonly HostArray[], scaled: boolean): HostBatch {
  const pattern = arrays[0] as HostArray;
  const size = pattern.data.length;
  const data = arrayFor(pattern, arrays.length * size, scaled);
  for (const [i, array] of arrays.entries()) {
    if (array.data.constructor !== pattern.data.constructor || String(array.shape) !== String(pattern.shape)) {
      const shapes = `[${pattern.shape}] and [${array.shape}]`;
      refuse(`DataLoader: component ${component} of a batch's samples differs in shape or type: ${shapes}`);
    }
    fill(data.subarray(i * size, (i + 1) * size), array.data, scaled);
  }
  return { data, shape: [arrays.length, ...pattern.shape] };
}

function fill(row: Float32Array | Int32Array | Uint32Array, from: HostArray['data'], scaled: boolean): void {
  if (scaled && from instanceof Uint8Array)
    for (let i = 0; i < from.length; i++) row[i] = SCALED[from[i] as number] as number;
  else row.set(from);
}

function arrayFor({ data }: HostArray, length: number, scaled: boolean): Float32Array | Int32Array | Uint32Array {
  if (data instanceof Int32Array || (data instanceof Uint8Array && !scaled)) return new Int32Array(length);
  if (data instanceof Uint32Array) return new Uint32Array(length);
  return new Float32Array(length);
}
