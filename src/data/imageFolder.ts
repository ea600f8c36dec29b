import { decodePicture, files, pathsIn } from '#files';
import { KindlingError, refuse } from '../gpu/errors.js';
import { checked, itemsOf, type Known } from '../gpu/options.js';
import { ImageDataset, type ImageSample } from './dataset.js';
import type { DecodedPicture } from './files/decode.js';
import { MAX_PIXELS } from './files/inspect.js';
import { resize } from './resize.js';
import { checkIndex, type Dataset } from './sample.js';

/** A file of an {@link ImageFolder}. */
export interface PictureFile {
  /** Its path; the first folder is the class: `cat/123.png`. */
  readonly name: string;
  readonly bytes: Uint8Array | (() => Promise<Uint8Array | ArrayBuffer>);
}

export interface ImageFolderOptions {
  /** Height and width that pictures are resized to. Default: pictures of different sizes are refused. */
  resize?: readonly [height: number, width: number] | undefined;
  /** Endings of the files to take, in lower case. Default `.png`, `.jpg` and `.jpeg`. */
  extensions?: readonly string[] | undefined;
  /**
   * Makes pixels of a file. Default: the platform's decoder (`createImageBitmap` and `OffscreenCanvas`); where there is
   * none, as in Node, one for PNG, and the package `jpeg-js`.
   */
  decode?: ((bytes: Uint8Array, name: string) => DecodedPicture | Promise<DecodedPicture>) | undefined;
  /** Pictures of more pixels are refused before they are decoded. Default: 2²⁶, 64 megapixels. */
  maxPixels?: number | undefined;
}

const FOLDER: Known<ImageFolderOptions> = { resize: 'any', extensions: 'any', decode: 'function', maxPixels: 'size' };

const isPicture = (value: unknown): boolean => typeof (value as Partial<PictureFile> | null)?.name === 'string';

/**
 * Pictures in folders that are named after their classes; classes and files are sorted by name. A sample is RGB bytes
 * [3, height, width], alpha dropped, and the label. Files are read when they are asked for; `load` reads all of them, so that
 * the GPU can make the batches.
 *
 * Decoders of JPEG may differ in the last bits of a pixel.
 *
 * @example
 * const folder = await ImageFolder.open('pets/train', { resize: [64, 64] });
 * for await (const [x, y] of new DataLoader(folder, { batchSize: 32, shuffle: true, prefetch: 2 })) { ... }
 * @see https://pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html
 */
export class ImageFolder implements Dataset<ImageSample> {
  readonly classes: readonly string[];
  /** File and label of each sample. */
  readonly samples: readonly { readonly file: PictureFile; readonly label: number }[];
  readonly #options: ImageFolderOptions;
  /** Size that all pictures have, and the first file that had it. */
  #common: { size: readonly [number, number]; name: string } | null = null;

  private constructor(list: Iterable<PictureFile>, options: ImageFolderOptions) {
    const { extensions = ['.png', '.jpg', '.jpeg'], resize: size } = checked('ImageFolder', options, FOLDER);
    if (size && !(size.length === 2 && size.every((side) => Number.isInteger(side) && side > 0))) {
      refuse(`ImageFolder: resize is [height, width] in whole pixels, not ${JSON.stringify(size)}`);
    }
    this.#options = options;
    const classes = new Map<string, PictureFile[]>();
    const usage = "ImageFolder.from([{ name: 'cat/1.png', bytes: async () => bytes }])";
    for (const file of itemsOf('ImageFolder', 'pictures', list, usage, isPicture)) {
      const [, folder] = /^([^/]+)\//.exec(file.name) ?? [];
      if (folder === undefined) continue;
      if (!classes.has(folder)) classes.set(folder, []);
      if (extensions.some((ending) => file.name.toLowerCase().endsWith(ending))) classes.get(folder)?.push(file);
    }
    this.classes = [...classes.keys()].sort();
    this.samples = this.classes.flatMap((name, label) => {
      const files = (classes.get(name) ?? []).sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
      if (!files.length) refuse(`ImageFolder: the folder '${name}' has no file that ends in ${extensions.join(', ')}`);
      return files.map((file) => ({ file, label }));
    });
    if (this.samples.length === 0) refuse('ImageFolder: there are no folders of pictures');
  }

  /**
   * The pictures in a folder of the file system.
   *
   * @throws KindlingError in a browser, where there is no folder of pictures, and for a class without pictures
   */
  static async open(root: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
    checked('ImageFolder', options, FOLDER);
    const list = (await pathsIn(root)).map((name) => ({ name, bytes: () => files.read(files.join(root, name)) }));
    return new ImageFolder(list, options);
  }

  /**
   * Pictures from anywhere. What lies in no folder is left out.
   *
   * @example
   * const fromServer = (name: string) => ({ name, bytes: async () => (await fetch(base + name)).arrayBuffer() });
   * ImageFolder.from(['cat/1.png', 'dog/1.png'].map(fromServer));
   * // A folder that was chosen by <input type="file" webkitdirectory>: its own name comes first.
   * const chosen = (file: File) => ({
   *   name: file.webkitRelativePath.replace(/^[^/]*\//, ''),
   *   bytes: () => file.arrayBuffer(),
   * });
   * ImageFolder.from(Array.from(input.files ?? [], chosen));
   */
  static from(list: Iterable<PictureFile>, options: ImageFolderOptions = {}): ImageFolder {
    return new ImageFolder(list, options);
  }

  get length(): number {
    return this.samples.length;
  }

  /** @throws KindlingError naming the file that cannot be decoded or is of another size than those before */
  async get(index: number): Promise<ImageSample> {
    checkIndex('ImageFolder', index, this.length);
    const { file, label } = this.samples[index] as (typeof this.samples)[number];
    const { data, width, height } = await this.#decode(file);
    const size = this.#options.resize ?? [height, width];
    this.#common ??= { size, name: file.name };
    const { size: common, name } = this.#common;
    if (String(size) !== String(common)) {
      refuse(
        `ImageFolder: ${file.name} has ${size.join('×')} pixels, ${name} ${common.join('×')}: ` +
          'set `resize: [height, width]` to bring them to one size',
      );
    }
    const area = size[0] * size[1];
    const picture = new Uint8Array(3 * area);
    for (let channel = 0; channel < 3; channel++) {
      const plane = new Uint8Array(width * height);
      for (let i = 0; i < plane.length; i++) plane[i] = data[4 * i + channel] as number;
      picture.set(resize(plane, [height, width], size), channel * area);
    }
    return [
      { data: picture, shape: [3, ...size] },
      { data: Int32Array.of(label), shape: [] },
    ];
  }

  /** All pictures in memory, as a data set of which the GPU makes batches. */
  async load(): Promise<ImageDataset> {
    if (this.classes.length > 256) refuse(`ImageFolder: load holds 256 classes, not ${this.classes.length}`);
    const [{ shape }] = await this.get(0);
    const [channels = 0, height = 0, width = 0] = shape;
    const size = channels * height * width;
    const images = new Uint8Array(this.length * size);
    for (let i = 0; i < this.length; i++) images.set((await this.get(i))[0].data, i * size);
    const labels = Uint8Array.from(this.samples, ({ label }) => label);
    return new ImageDataset(images, labels, this.classes, 'image folder', false, [channels, height, width]);
  }

  async #decode({ name, bytes }: PictureFile): Promise<DecodedPicture> {
    const content = new Uint8Array(typeof bytes === 'function' ? await bytes() : bytes);
    const { decode, maxPixels = MAX_PIXELS } = this.#options;
    let problem = 'the decoder gave no RGBA pixels';
    let cause: unknown;
    try {
      const picture = await (decode ? decode(content, name) : decodePicture(content, maxPixels));
      if (picture.data.length === 4 * picture.width * picture.height) return picture;
    } catch (error) {
      cause = error;
      problem = error instanceof Error ? error.message : String(error);
    }
    throw new KindlingError(`ImageFolder: ${name} cannot be decoded: ${problem}`, { cause });
  }
}

/** Files in the order of their folders, then of their names: as torchvision walks. */
const sortKey = ({ name }: PictureFile): string => name.replace(/\/([^/]*)$/, '\0$1');
