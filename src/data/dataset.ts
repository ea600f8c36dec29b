import { refuse } from '../gpu/errors.js';
import { checked, text } from '../gpu/options.js';
import type { OnDevice } from './batches.js';
import { DeviceBatches } from './deviceBatches.js';
import { planFor } from './picturePlan.js';
import { evict, resident } from './resident.js';
import { checkArray, checkIndex, type Dataset, type HostArray } from './sample.js';
import type { Reshaping, Transform } from './transforms.js';

/**
 * Arrays whose first dimension counts the samples: sample i is the tuple of their rows i. What a `DataLoader` makes of bytes
 * depends on their shape: a `Uint8Array` of shape [N] holds labels, i32, and first in the tuple one of [N, H, W] or
 * [N, C, H, W] pictures, f32 from 0 to 1.
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
    this.length = arrays[0]?.shape?.[0] ?? 0;
    for (const array of arrays) {
      checkArray('TensorDataset', array);
      const { data, shape } = array;
      const size = shape.reduce((product, dim) => product * dim, 1);
      if (shape[0] !== this.length) {
        refuse(`TensorDataset: shape [${shape}] does not have ${this.length} rows as the first array has`);
      }
      if (data.length !== size) {
        refuse(`TensorDataset: shape [${shape}] wants ${size} elements, the array has ${data.length}`);
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
    checked('ImageDataset', { source, synthetic, shape }, { source: 'string', synthetic: 'boolean', shape: 'counts' });
    if (![images, labels].every((bytes) => bytes instanceof Uint8Array)) {
      refuse(`ImageDataset: wants images and labels, each a Uint8Array, got ${text(images)} and ${text(labels)}`);
    }
    this.#size = shape[0] * shape[1] * shape[2];
    if (images.length !== labels.length * this.#size) {
      refuse(`ImageDataset: ${labels.length} labels want ${labels.length * this.#size} bytes, not ${images.length}`);
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

  /** @internal */
  onDevice(transform: Transform | Reshaping | undefined): OnDevice | null {
    const plan = planFor(transform, this.shape);
    if (!plan) return null;
    return (epoch) => {
      const bytes = this.length > 0 ? resident(this.images, epoch.bindingBytes) : null;
      return bytes && new DeviceBatches(this, bytes, plan, epoch);
    };
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
