import { refuse } from '../gpu/errors.js';
import { text } from '../gpu/options.js';
import type { OnDevice } from './batches.js';
import type { Reshaping, Transform } from './transforms.js';

/** An array on the host: one component of a sample, without the batch dimension. */
export interface HostArray {
  /**
   * Bytes that come first in a sample and have two dimensions or more are pictures: the loader scales them to 0 … 1, as
   * torchvision's `ToTensor` does. Other bytes are whole numbers, such as labels.
   */
  readonly data: Uint8Array | Float32Array | Int32Array | Uint32Array;
  readonly shape: readonly number[];
}

/** Samples by index; each is a tuple of arrays, such as [picture, label], or what a loader's `collateFn` makes arrays of. */
export interface Dataset<Sample = readonly HostArray[]> {
  readonly length: number;
  /** Sample `index`, or a promise of it. The arrays may be views: whoever changes them copies first. */
  get(index: number): Sample | Promise<Sample>;
  /** @internal How the GPU makes batches with that transform; null where the host must. Absent: the host does. */
  onDevice?(transform: Transform | Reshaping | undefined): OnDevice | null;
}

const KINDS = [Float32Array, Int32Array, Uint32Array, Uint8Array];

/** @throws KindlingError where a value is no array with its shape */
export function checkArray(op: string, value: unknown): void {
  const { data, shape } = (value ?? {}) as Partial<HostArray>;
  if (!ArrayBuffer.isView(data) || !Array.isArray(shape)) {
    refuse(`${op}: wants arrays with their shapes, { data, shape }, got ${text(value)}`);
  }
  if (KINDS.some((kind) => data instanceof kind)) return;
  refuse(
    `${op}: wants Float32Array, Int32Array, Uint32Array or Uint8Array, got ${(data as object).constructor.name}; ` +
      'Int32Array.from(data, Number) makes labels of BigInts',
  );
}

/** Whether this has a length and get(index). */
export const isDataset = (value: unknown): value is Dataset<unknown> => {
  const { get, length }: Partial<Dataset> = value ?? {};
  return typeof get === 'function' && typeof length === 'number';
};

/** @throws KindlingError unless this has a length and get(index) */
export function wantDataset(name: string, dataset: unknown): void {
  if (isDataset(dataset)) return;
  refuse(`${name}: wants a data set, with length and get(index), got ${text(dataset)}; see TensorDataset`);
}

export function checkIndex(name: string, index: number, length: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= length) {
    refuse(`${name}: index ${text(index)} is outside of 0 … ${length - 1}`);
  }
}
