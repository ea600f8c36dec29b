import { files } from '#files';
import { refuse } from '../gpu/errors.js';
import { checked, type Known } from '../gpu/options.js';
import { ImageDataset } from './dataset.js';
import { bringOnce, checkDownload, type Fetch, fetchFile, rootOf } from './fetched.js';
import type { OnProgress } from './files/files.js';
import { readTar } from './tar.js';

const URL = 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz';
const MD5 = 'c32a1d4ab5d03f1284b67883e8d87530';
const ARCHIVE = 'cifar-10-binary.tar.gz';
const FOLDER = 'cifar-10-batches-bin';
/** In a folder unpacked here: the checksum of the archive it came from. */
const ORIGIN = 'archive.md5';
const CLASSES: readonly string[] = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ');
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

const CIFAR: Known<CIFAR10Options> = {
  split: ['train', 'test'],
  root: 'string',
  download: 'boolean',
  limit: 'number',
  onProgress: 'function',
  url: 'string',
  md5: 'string',
  recordsPerFile: 'number',
  retryDelay: 'number',
};

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
    checked('CIFAR10.load', options, CIFAR);
    const settings = { ...options, recordsPerFile: options.recordsPerFile ?? 10_000 };
    const root = rootOf('CIFAR10', options.root);
    const found = await folderIn(root);
    if (found !== null) return readFolder(found, settings);
    if ((await files.size(root)) !== null) return readArchive(root, settings);
    await prepare(root, settings);
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
  const archive = files.join(root, ARCHIVE);
  const fetch: Fetch = { name: 'CIFAR10', url, path: archive, md5, download, size: '170 MB', onProgress, retryDelay };
  await bringOnce(archive, {
    there: async () => (await folderIn(root)) !== null,
    async check() {
      if ((await files.size(archive)) === null) checkDownload(root, fetch);
    },
    work: () => unpack(root, fetch, settings),
    onProgress,
  });
}

async function unpack(root: string, fetch: Fetch, settings: Settings): Promise<void> {
  const { path: archive, md5, download } = fetch;
  if ((await files.size(archive)) !== null && !(await files.hasMd5(archive, md5))) {
    if (!download) {
      refuse(
        `CIFAR10: ${archive} does not have MD5 ${md5}. To take it as it is, give its own path as \`root\`; ` +
          'to replace it, set `download: true`.',
      );
    }
    await files.setAside(archive);
  }
  if ((await files.size(archive)) === null) await fetchFile(fetch);
  await files.writeFolder(files.join(root, FOLDER), unpacked(archive, md5, settings));
}

/** The files of an archive that are wanted, each checked, and all of them. */
async function* filesOf(archive: string, wanted: readonly string[], settings: Settings) {
  const missing = new Set(wanted);
  for await (const { name, bytes } of readTar(files.gunzip(archive))) {
    const base = name.slice(name.lastIndexOf('/') + 1);
    if (!missing.delete(base)) continue;
    checkSize(`${archive}: ${name}`, bytes.length, settings);
    checkLabels(`${archive}: ${name}`, bytes);
    yield [base, bytes] as const;
  }
  if (missing.size > 0) refuse(`CIFAR10: ${archive} has no ${[...missing].join(', ')}: it is not the binary version`);
}

/** What a folder gets of an archive. */
async function* unpacked(
  archive: string,
  md5: string,
  settings: Settings,
): AsyncGenerator<readonly [string, Uint8Array]> {
  const wanted = [...NAMES.train, ...NAMES.test];
  const each = settings.recordsPerFile * RECORD;
  let done = 0;
  for await (const file of filesOf(archive, wanted, settings)) {
    yield file;
    done += each;
    settings.onProgress?.({ stage: 'unpack', done, total: wanted.length * each });
  }
  yield [ORIGIN, new TextEncoder().encode(md5)];
}

async function readFolder(folder: string, settings: Settings): Promise<ImageDataset> {
  const origin = files.join(folder, ORIGIN);
  const md5 = (await files.size(origin)) === null ? null : await files.read(origin, MD5.length);
  const source = md5 && new TextDecoder().decode(md5) === MD5 ? 'CIFAR-10 (official)' : 'CIFAR-10 (local files)';
  return assembled(settings, source, async (name, length) => {
    const path = files.join(folder, name);
    checkSize(path, (await files.size(path)) ?? refuse(`CIFAR10: ${path} is missing`), settings);
    const bytes = length > 0 ? await files.read(path, length) : new Uint8Array();
    checkLabels(path, bytes);
    return bytes;
  });
}

/** Reads an archive without unpacking it to disk. */
async function readArchive(archive: string, settings: Settings): Promise<ImageDataset> {
  const found = new Map<string, Uint8Array>();
  for await (const [name, bytes] of filesOf(archive, NAMES[settings.split], settings)) found.set(name, bytes);
  return assembled(settings, 'CIFAR-10 (local files)', async (name, length) => {
    return (found.get(name) as Uint8Array).subarray(0, length);
  });
}

/** A split from its files, of each of which `read` gives the first bytes. */
async function assembled(
  { split, limit, recordsPerFile }: Settings,
  source: string,
  read: (name: string, length: number) => Promise<Uint8Array>,
): Promise<ImageDataset> {
  const all = NAMES[split].length * recordsPerFile;
  const count = limit ?? all;
  if (!Number.isSafeInteger(count) || count < 0 || count > all) {
    refuse(`CIFAR10: limit ${limit}; the ${split} split has ${all} pictures`);
  }
  const images = new Uint8Array(count * (RECORD - 1));
  const labels = new Uint8Array(count);
  for (const [file, name] of NAMES[split].entries()) {
    const first = file * recordsPerFile;
    const wanted = Math.min(recordsPerFile, Math.max(0, count - first));
    const bytes = await read(name, wanted * RECORD);
    if (bytes.length < wanted * RECORD) refuse(`CIFAR10: ${name} ends after ${bytes.length} bytes`);
    for (let i = 0; i < wanted; i++) {
      labels[first + i] = bytes[i * RECORD] as number;
      images.set(bytes.subarray(i * RECORD + 1, (i + 1) * RECORD), (first + i) * (RECORD - 1));
    }
  }
  return new ImageDataset(images, labels, CLASSES, source);
}

function checkSize(name: string, size: number, { recordsPerFile }: Settings): void {
  const want = recordsPerFile * RECORD;
  const what = size < want ? 'cut off' : 'too long';
  const remedy = 'Remove it (or the folder it is in) and load again';
  if (size !== want) refuse(`CIFAR10: ${name} is ${what}: ${size} bytes instead of ${want}. ${remedy}`);
}

function checkLabels(name: string, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += RECORD) {
    const label = bytes[at] as number;
    if (label > 9) refuse(`CIFAR10: ${name} has label ${label} at record ${at / RECORD}, not 0 to 9: it is damaged`);
  }
}
