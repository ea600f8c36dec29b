import { files } from '#files';
import { KindlingError } from '../gpu/errors.js';
import { ImageDataset } from './dataset.js';
import { fetchMissing, once, rootOf } from './fetched.js';
import type { OnProgress } from './files/files.js';
import { readTar } from './tar.js';

const URL = 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz';
const MD5 = 'c32a1d4ab5d03f1284b67883e8d87530';
const ARCHIVE = 'cifar-10-binary.tar.gz';
const FOLDER = 'cifar-10-batches-bin';
/** In a folder unpacked here: the checksum of the archive it came from. */
const ORIGIN = 'archive.md5';
const CLASSES: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];
const NAMES: Readonly<Record<'train' | 'test', readonly string[]>> = {
  train: [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`),
  test: ['test_batch.bin'],
};
/** A label and 3 × 32 × 32 bytes. */
const RECORD = 3073;

export interface CIFAR10Options {
  split: 'train' | 'test';
  /**
   * A folder of `.bin` files, a folder that has `cifar-10-batches-bin` in it, or an archive, which are taken as they are;
   * or where the data set is, or is to be, downloaded. In a browser: a URL of the first three. Default: the cache,
   * `$KINDLING_CACHE` or `~/.cache/kindling`.
   */
  root?: string | undefined;
  /** Whether to download what is not there. Default false. */
  download?: boolean | undefined;
  /** Take only the first pictures in file order. Default: all. */
  limit?: number | undefined;
  onProgress?: OnProgress | undefined;
  /** Where to download from, and the archive's checksum. Default: the official archive. */
  url?: string | undefined;
  md5?: string | undefined;
  /** @internal Records in a file, for tests with small files. */
  recordsPerFile?: number | undefined;
  /** @internal */
  retryDelay?: number | undefined;
}

type Settings = CIFAR10Options & { recordsPerFile: number };

/**
 * CIFAR-10 (Krizhevsky, 2009): 50,000 training and 10,000 test pictures of ten classes, from the official binary version.
 *
 * @see https://www.cs.toronto.edu/~kriz/cifar.html
 * @see https://pytorch.org/vision/stable/generated/torchvision.datasets.CIFAR10.html
 */
export const CIFAR10 = {
  classes: CLASSES,

  /**
   * Loads a split as bytes, about 150 MB for all training pictures.
   *
   * @throws KindlingError where there is no data and `download` is not set, the network fails, the checksum differs, an
   *   archive or a file is damaged, or the disk is full; nothing that was there before is overwritten
   * @example
   * const train = await CIFAR10.load({ split: 'train', download: true });
   */
  async load(options: CIFAR10Options): Promise<ImageDataset> {
    const settings = { recordsPerFile: 10_000, ...options };
    const root = rootOf('CIFAR10', options.root);
    const found = await folderIn(root);
    if (found !== null) return readFolder(found, settings);
    if ((await files.size(root)) !== null) return readArchive(root, settings);
    await once(root, () => prepare(root, settings));
    return readFolder(files.join(root, FOLDER), settings);
  },

  /** Whether `load` finds the data set in `root` (default: the cache) without downloading it. */
  async available(root: string | null = files.cache): Promise<boolean> {
    return root !== null && ((await folderIn(root)) !== null || (await files.size(root)) !== null);
  },
};

/** The folder with the `.bin` files: `root` or the one in it. */
async function folderIn(root: string): Promise<string | null> {
  for (const folder of [root, files.join(root, FOLDER)]) {
    for (const name of [...NAMES.test, ...NAMES.train]) {
      if ((await files.size(files.join(folder, name))) !== null) return folder;
    }
  }
  return null;
}

/** Downloads the archive, where it is not there yet, verifies and unpacks it. */
async function prepare(root: string, settings: Settings): Promise<void> {
  const { url = URL, md5 = MD5, download, onProgress, retryDelay } = settings;
  if ((await folderIn(root)) !== null) return; // Another load has just finished.
  const archive = files.join(root, ARCHIVE);
  if ((await files.size(archive)) !== null && !(await files.hasMd5(archive, md5))) {
    if (!download) {
      throw new KindlingError(
        `CIFAR10: ${archive} does not have MD5 ${md5}. To take it as it is, give its own path as \`root\`; ` +
          'to replace it, set `download: true`.',
      );
    }
    await files.setAside(archive);
  }
  if ((await files.size(archive)) === null) {
    await fetchMissing('CIFAR10', root, { url, path: archive, md5, download, size: '170 MB', onProgress, retryDelay });
  }
  await files.writeFolder(files.join(root, FOLDER), unpacked(archive, md5, settings));
}

/** The files of an archive, each checked, and complete. */
async function* unpacked(archive: string, md5: string, settings: Settings): AsyncGenerator<[string, Uint8Array]> {
  const wanted = [...NAMES.train, ...NAMES.test];
  const missing = new Set(wanted);
  for await (const { name, bytes } of readTar(files.gunzip(archive))) {
    const base = baseOf(name);
    if (!missing.delete(base)) continue;
    checkSize(name, bytes.length, settings);
    checkLabels(name, bytes);
    yield [base, bytes];
    const each = settings.recordsPerFile * RECORD;
    settings.onProgress?.({
      stage: 'unpack',
      done: (wanted.length - missing.size) * each,
      total: wanted.length * each,
    });
  }
  if (missing.size > 0) throw new KindlingError(`CIFAR10: ${archive} lacks ${[...missing].join(', ')}`);
  yield [ORIGIN, new TextEncoder().encode(md5)];
}

async function readFolder(folder: string, settings: Settings): Promise<ImageDataset> {
  const target = collector(settings);
  for (const name of NAMES[settings.split]) {
    const path = files.join(folder, name);
    const size = await files.size(path);
    if (size === null) throw new KindlingError(`CIFAR10: ${path} is missing`);
    checkSize(path, size, settings);
    if (target.wanted > 0) {
      target.add(path, await files.read(path, Math.min(target.wanted, settings.recordsPerFile) * RECORD));
    }
  }
  const origin = files.join(folder, ORIGIN);
  const official = (await files.size(origin)) !== null && decode(await files.read(origin, MD5.length)) === MD5;
  return target.dataset(official ? 'CIFAR-10 (official)' : 'CIFAR-10 (local files)');
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Reads an archive without unpacking it to disk. */
async function readArchive(archive: string, settings: Settings): Promise<ImageDataset> {
  const names = NAMES[settings.split];
  const found = new Map<string, Uint8Array>();
  for await (const { name, bytes } of readTar(files.gunzip(archive))) {
    if (!names.includes(baseOf(name))) continue;
    checkSize(`${archive}: ${name}`, bytes.length, settings);
    found.set(baseOf(name), bytes);
  }
  const target = collector(settings);
  for (const name of names) {
    const bytes = found.get(name);
    if (!bytes) throw new KindlingError(`CIFAR10: ${archive} has no ${name}: it is not the binary version`);
    target.add(`${archive}: ${name}`, bytes.subarray(0, target.wanted * RECORD));
  }
  return target.dataset('CIFAR-10 (local files)');
}

const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Takes records apart until `limit` pictures are there. */
function collector({ split, limit, recordsPerFile }: Settings) {
  const all = NAMES[split].length * recordsPerFile;
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 0 || limit > all)) {
    throw new KindlingError(`CIFAR10: limit ${limit}; the ${split} split has ${all} pictures`);
  }
  const count = limit ?? all;
  const images = new Uint8Array(count * (RECORD - 1));
  const labels = new Uint8Array(count);
  let done = 0;
  return {
    get wanted(): number {
      return count - done;
    },
    add(name: string, bytes: Uint8Array): void {
      checkLabels(name, bytes);
      for (let at = 0; at < bytes.length; at += RECORD) {
        labels[done] = bytes[at] as number;
        images.set(bytes.subarray(at + 1, at + RECORD), done * (RECORD - 1));
        done++;
      }
    },
    dataset(source: string): ImageDataset {
      if (done < count) throw new KindlingError(`CIFAR10: ${done} of ${count} pictures could be read`);
      return new ImageDataset(images, labels, CLASSES, source);
    },
  };
}

function checkSize(name: string, size: number, { recordsPerFile }: Settings): void {
  const want = recordsPerFile * RECORD;
  if (size === want) return;
  const what = size < want ? 'cut off' : 'too long';
  throw new KindlingError(
    `CIFAR10: ${name} is ${what}: ${size} bytes instead of ${want}. Remove it (or the folder it is in) and load again`,
  );
}

function checkLabels(name: string, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += RECORD) {
    const label = bytes[at] as number;
    if (label > 9) {
      throw new KindlingError(
        `CIFAR10: ${name} has label ${label} at record ${at / RECORD}; labels are 0 to 9. The file is damaged`,
      );
    }
  }
}
