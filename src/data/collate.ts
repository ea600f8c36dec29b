import { KindlingError } from '../gpu/errors.js';
import type { HostArray } from './dataset.js';
import type { Transform } from './stats.js';

/** One component of a batch: the samples' arrays, one after the other. */
export interface HostBatch {
  readonly data: Float32Array | Int32Array | Uint32Array;
  /** [samples, …]. */
  readonly shape: readonly number[];
}

const SCALED = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/**
 * Samples as a batch, component by component. Bytes become f32 on the scale 0 … 1; `transform` changes the first component.
 *
 * @throws KindlingError where samples differ in shape or type
 */
export function collate(samples: readonly (readonly HostArray[])[], transform?: Transform): HostBatch[] {
  const first = samples[0] ?? [];
  return first.map((pattern, component) => {
    const size = pattern.data.length;
    const data = arrayFor(pattern, samples.length * size);
    for (const [i, sample] of samples.entries()) {
      const array = sample[component];
      if (
        !array ||
        array.data.constructor !== pattern.data.constructor ||
        String(array.shape) !== String(pattern.shape)
      ) {
        throw new KindlingError(
          `DataLoader: component ${component} of a batch's samples differs in shape or type: [${pattern.shape}] and [${array?.shape}]`,
        );
      }
      const row = data.subarray(i * size, (i + 1) * size);
      if (array.data instanceof Uint8Array)
        for (let j = 0; j < size; j++) row[j] = SCALED[array.data[j] as number] as number;
      else row.set(array.data);
      if (transform && component === 0) {
        if (!(row instanceof Float32Array)) throw new KindlingError('DataLoader: a transform wants f32 or bytes');
        transform.apply(row, array.shape);
      }
    }
    return { data, shape: [samples.length, ...pattern.shape] };
  });
}

function arrayFor({ data }: HostArray, length: number): Float32Array | Int32Array | Uint32Array {
  if (data instanceof Int32Array) return new Int32Array(length);
  if (data instanceof Uint32Array) return new Uint32Array(length);
  return new Float32Array(length);
}
