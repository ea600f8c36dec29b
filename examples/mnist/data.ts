/** Which digits are trained on. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type ImageDataset, MNIST, synthetic } from 'kindling/data';
import type { Settings } from './options.js';

export interface Digits {
  readonly train: ImageDataset;
  readonly test: ImageDataset;
  /** SHA-256 of all bytes used: a resumed run must see the same. */
  readonly fingerprint: string;
}

/**
 * Pictures where nothing is said: what two cores without a GPU train on in minutes. `--train-size
 * 60000` takes all of MNIST.
 */
const SIZES = { MNIST: { train: 20_000, test: 10_000 }, synthetic: { train: 10_000, test: 2000 } };

const FILES = 'train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte';

/** @throws Error where the files are missing or broken, or hold fewer pictures than are asked for */
export async function loadDigits({ data, trainSize, testSize }: Settings): Promise<Digits> {
  const [train, test] =
    data === undefined
      ? [made('train', trainSize), made('test', testSize)]
      : [await read(data, 'train', trainSize), await read(data, 'test', testSize)];
  const hash = createHash('sha256');
  for (const { images, labels } of [train, test]) hash.update(images).update(labels);
  return { train, test, fingerprint: hash.digest('hex') };
}

function made(split: 'train' | 'test', count = SIZES.synthetic[split]): ImageDataset {
  return synthetic({ split, count, like: 'MNIST' });
}

async function read(folder: string, split: 'train' | 'test', size: number | undefined): Promise<ImageDataset> {
  if (!existsSync(folder)) throw new Error(`--data ${folder}: there is no such folder`);
  if (!(await MNIST.available(folder))) throw new Error(`--data ${folder} wants ${FILES}, each as it is or as .gz`);
  const pictures = await MNIST.load({ split, root: folder });
  if (size !== undefined && size > pictures.length) {
    throw new Error(`--${split}-size ${size}: there are ${pictures.length} ${split} pictures`);
  }
  return pictures.first(size ?? Math.min(SIZES.MNIST[split], pictures.length));
}
