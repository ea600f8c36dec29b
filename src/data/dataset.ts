import { KindlingError } from '../gpu/errors.js';
import { evict } from './resident.js';

/** An array on the host: one component of a sample, without the batch dimension. */
export interface HostArray {
  /** Bytes are pictures: the loader scales them to 0 … 1, as torchvision's `ToTensor` does. */
  readonly data: Uint8Array | Float32Array | Int32Array | Uint32Array;
  readonly shape: readonly number[];
}

/** Samples by index; each is a tuple of arrays, such as [picture, label]. */
export interface Dataset<Sample extends readonly HostArray[] = readonly HostArray[]> {
  readonly length: number;
  /** Sample `index`. The arrays may be views: whoever changes them copies first. */
  get(index: number): Sample;
}

function checkIndex(name: string, index: number, length: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= length) {
    throw new KindlingError(`${name}: index ${index} is outside of 0 … ${length - 1}`);
  }
}

/**
 * Arrays whose first dimension counts the samples: sample i is the tuple of their rows i.
 *
 * @example
 * const data = new TensorDataset({ data: x, shape: [100, 2] }, { data: y, shape: [100] });
 * @throws KindlingError where the arrays differ in length or an array does not fit its shape
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
 */
export class TensorDataset<Sample extends readonly HostArray[]> implements Dataset<Sample> {
  readonly length: number;
  readonly #arrays: Sample;

  constructor(...arrays: Sample) {
    this.length = arrays[0]?.shape[0] ?? 0;
    for (const { data, shape } of arrays) {
      const size = shape.reduce((product, dim) => product * dim, 1);
      if (shape[0] !== this.length) {
        throw new KindlingError(
          `TensorDataset: shape [${shape}] does not have ${this.length} rows as the first array has`,
        );
      }
      if (data.length !== size) {
        throw new KindlingError(`TensorDataset: shape [${shape}] wants ${size} elements, the array has ${data.length}`);
      }
    }
    this.#arrays = arrays;
  }

  get(index: number): Sample {
    checkIndex('TensorDataset', index, this.length);
    return this.#arrays.map(({ data, shape }) => {
      const size = data.length / this.length;
      return { data: data.subarray(index * size, (index + 1) * size), shape: shape.slice(1) };
    }) as readonly HostArray[] as Sample;
  }
}

/**
 * The samples of a data set at chosen indices, in their order.
 *
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.Subset
 */
export class Subset<Sample extends readonly HostArray[]> implements Dataset<Sample> {
  readonly length: number;
  readonly #dataset: Dataset<Sample>;
  readonly #indices: ArrayLike<number>;

  constructor(dataset: Dataset<Sample>, indices: ArrayLike<number>) {
    for (let i = 0; i < indices.length; i++) checkIndex('Subset', indices[i] as number, dataset.length);
    this.#dataset = dataset;
    this.#indices = indices;
    this.length = indices.length;
  }

  get(index: number): Sample {
    checkIndex('Subset', index, this.length);
    return this.#dataset.get(this.#indices[index] as number);
  }

  /** @internal The data set that the samples come from in the end, itself no subset. */
  get root(): Dataset<Sample> {
    return this.#dataset instanceof Subset ? this.#dataset.root : this.#dataset;
  }

  /** @internal Where sample `index` is in `root`. */
  rootIndex(index: number): number {
    const inner = this.#indices[index] as number;
    return this.#dataset instanceof Subset ? this.#dataset.rootIndex(inner) : inner;
  }
}

/** A picture [channels, height, width] of bytes and its label, a scalar. */
export type ImageSample = readonly [picture: HostArray, label: HostArray];

/**
 * Labelled pictures held as bytes: a sixth of a gigabyte for the whole of CIFAR-10. A `DataLoader` uploads them once and has
 * the GPU make batches of them; what is written into `images` afterwards is not seen there.
 */
export class ImageDataset implements Dataset<ImageSample> {
  readonly #size: number;

  /**
   * @param images [length, …shape]: the planes of each picture, row by row; for RGB red, green and blue
   * @param labels indices into `classes`
   * @param source what to call the data in reports
   * @param synthetic whether the pictures were generated
   * @param shape channels, height and width of a picture
   */
  constructor(
    readonly images: Uint8Array,
    readonly labels: Uint8Array,
    readonly classes: readonly string[],
    readonly source: string,
    readonly synthetic = false,
    readonly shape: readonly [channels: number, height: number, width: number] = [3, 32, 32],
  ) {
    this.#size = shape[0] * shape[1] * shape[2];
    if (images.length !== labels.length * this.#size) {
      throw new KindlingError(
        `ImageDataset: ${labels.length} labels want ${labels.length * this.#size} bytes, not ${images.length}`,
      );
    }
  }

  get length(): number {
    return this.labels.length;
  }

  get(index: number): ImageSample {
    checkIndex('ImageDataset', index, this.length);
    return [
      { data: this.images.subarray(index * this.#size, (index + 1) * this.#size), shape: this.shape },
      { data: Int32Array.of(this.labels[index] as number), shape: [] },
    ];
  }

  /** The first `count` pictures, without copying. */
  first(count: number): ImageDataset {
    const { classes, source, synthetic, shape } = this;
    const images = this.images.subarray(0, count * this.#size);
    return new ImageDataset(images, this.labels.subarray(0, count), classes, source, synthetic, shape);
  }

  /**
   * Frees the GPU's copy of the bytes now, for `first(n)` and the like too. Without it, it goes when nothing refers to the
   * bytes any more. The data set stays usable: a loader uploads it again.
   */
  dispose(): void {
    evict(this.images);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
