import { files } from '#files';
import { refuse } from '../gpu/errors.js';
import { checked, type Known } from '../gpu/options.js';
import { ImageDataset } from './dataset.js';
import { bringOnce, checkDownload, type Fetch, fetchFile, rootOf } from './fetched.js';
import type { OnProgress } from './files/files.js';
import { readIdx } from './idx.js';

export interface MNISTOptions {
  split: 'train' | 'test';
  /**
   * A folder of the four IDX files, gzipped or not, or one with torchvision's `MNIST/raw` (`FashionMNIST/raw`) in it, where
   * they are downloaded to. In a browser: a URL of either. Default: the cache, `$KINDLING_CACHE` or `~/.cache/kindling`.
   */
  root?: string | undefined;
  /** Whether to download what is not there. Default false. */
  download?: boolean | undefined;
  onProgress?: OnProgress | undefined;
  /** The folder to download from, and MD5 sums by file name. Default: torchvision's. */
  url?: string | undefined;
  md5?: Readonly<Record<string, string>> | undefined;
  /** @internal */
  retryDelay?: number | undefined;
}

const FAMILY: Known<MNISTOptions> = {
  split: ['train', 'test'],
  root: 'string',
  download: 'boolean',
  onProgress: 'function',
  url: 'string',
  md5: 'any',
  retryDelay: 'number',
};

/** A data set in MNIST's format. */
export interface MNISTFamily {
  readonly classes: readonly string[];
  /**
   * Loads a split as bytes: pictures [1, 28, 28] with labels 0 to 9; for all training pictures 47 MB.
   *
   * @throws KindlingError where there is no data and `download` is not set, the network fails, a checksum differs, or a
   *   file is damaged or does not fit its partner
   */
  load(options: MNISTOptions): Promise<ImageDataset>;
  /** Whether `load` finds both splits in `root` (default: the cache) without downloading them. */
  available(root?: string | null): Promise<boolean>;
}

const PARTS = { train: 'train', test: 't10k' } as const;
const ENDINGS = ['-images-idx3-ubyte', '-labels-idx1-ubyte'] as const;

function family(
  { name, folder, size, ...official }: { name: string; folder: string; size: string; url: string },
  md5s: readonly (readonly [file: string, md5: string])[],
  classes: readonly string[],
): MNISTFamily {
  const raw = (root: string): string => files.join(files.join(root, folder), 'raw');

  async function find(root: string, file: string): Promise<string | null> {
    for (const path of [root, raw(root)].flatMap((place) =>
      [file, `${file}.gz`].map((one) => files.join(place, one)),
    )) {
      if ((await files.size(path)) !== null) return path;
    }
    return null;
  }

  async function read(file: string, shape: readonly number[], options: MNISTOptions) {
    const { download, onProgress, retryDelay, url = official.url, md5 = Object.fromEntries(md5s) } = options;
    const root = rootOf(name, options.root);
    const packed = `${file}.gz`;
    const path = (await find(root, file)) ?? files.join(raw(root), packed);
    const source = { url: `${url}${packed}`, path, md5: md5[packed] ?? '', retryDelay };
    const fetch: Fetch = { ...source, name, download, size, onProgress };
    await bringOnce(path, {
      there: async () => (await files.size(path)) !== null,
      check: () => checkDownload(root, fetch),
      work: () => fetchFile(fetch),
      onProgress,
    });
    return { path, bytes: await readIdx(path, content(path), shape) };
  }

  return {
    classes,
    async load(options) {
      checked(`${folder}.load`, options, FAMILY);
      const [imagesFile, labelsFile] = ENDINGS.map((ending) => PARTS[options.split] + ending) as [string, string];
      const images = await read(imagesFile, [28, 28], options);
      const labels = await read(labelsFile, [], options);
      const count = images.bytes.length / 784;
      if (labels.bytes.length !== count) {
        refuse(`${name}: ${images.path} has ${count} pictures, ${labels.path} ${labels.bytes.length} labels`);
      }
      const wrong = labels.bytes.findIndex((label) => label > 9);
      if (wrong >= 0) {
        refuse(`${labels.path}: label ${labels.bytes[wrong]} at ${wrong}; labels are 0 to 9. The file is damaged`);
      }
      return new ImageDataset(images.bytes, labels.bytes, classes, name, false, [1, 28, 28]);
    },
    async available(root = files.cache) {
      if (root === null) return false;
      const names = Object.values(PARTS).flatMap((part) => ENDINGS.map((ending) => part + ending));
      return (await Promise.all(names.map((file) => find(root, file)))).every((path) => path !== null);
    },
  };
}

/** A file, unpacked where its name ends in `.gz`. */
async function* content(path: string): AsyncGenerator<Uint8Array> {
  if (path.endsWith('.gz')) yield* files.gunzip(path);
  else yield await files.read(path);
}

/**
 * MNIST (LeCun, Cortes and Burges): 60,000 training and 10,000 test pictures of handwritten digits.
 *
 * @example
 * const train = await MNIST.load({ split: 'train', download: true });
 * @see https://pytorch.org/vision/stable/generated/torchvision.datasets.MNIST.html
 */
export const MNIST = /* @__PURE__ */ family(
  { name: 'MNIST', folder: 'MNIST', url: 'https://ossci-datasets.s3.amazonaws.com/mnist/', size: '12 MB' },
  [
    ['train-images-idx3-ubyte.gz', 'f68b3c2dcbeaaa9fbdd348bbdeb94873'],
    ['train-labels-idx1-ubyte.gz', 'd53e105ee54ea40749a09fcbcd1e9432'],
    ['t10k-images-idx3-ubyte.gz', '9fb629c4189551a2d022fa330f9573f3'],
    ['t10k-labels-idx1-ubyte.gz', 'ec29112dd5afa0611ce80d1b7f02629c'],
  ],
  ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
);

/**
 * Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): 60,000 training and 10,000 test pictures of ten kinds of clothes.
 *
 * @see https://pytorch.org/vision/stable/generated/torchvision.datasets.FashionMNIST.html
 */
export const FashionMNIST = /* @__PURE__ */ family(
  {
    name: 'Fashion-MNIST',
    folder: 'FashionMNIST',
    url: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    size: '31 MB',
  },
  [
    ['train-images-idx3-ubyte.gz', '8d4fb7e6c68d591d4c3dfef9ec88bf0d'],
    ['train-labels-idx1-ubyte.gz', '25c81989df183df01b3e8a0aad5dffbe'],
    ['t10k-images-idx3-ubyte.gz', 'bef4ecab320f06d8554ea6380940ec79'],
    ['t10k-labels-idx1-ubyte.gz', 'bb300cfdad3c16e7a12a480ee83cd310'],
  ],
  ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
);
