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

const FILES = 'train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte';

/** @throws Error where the files are missing or broken, or hold fewer pictures than are asked for */
export async function loadDigits({ data, trainSize, testSize }: Settings): Promise<Digits> {
  const [train, test] =
    data === undefined
      ? [made('train', trainSize ?? 10_000), made('test', testSize ?? 2000)]
      : [await read(data, 'train', trainSize), await read(data, 'test', testSize)];
  const hash = createHash('sha256');
  for (const { images, labels } of [train, test]) hash.update(images).update(labels);
  return { train, test, fingerprint: hash.digest('hex') };
}

const made = (split: 'train' | 'test', count: number): ImageDataset => synthetic({ split, count, like: 'MNIST' });

async function read(folder: string, split: 'train' | 'test', size: number | undefined): Promise<ImageDataset> {
  if (!existsSync(folder)) throw new Error(`--data ${folder}: there is no such folder`);
  if (!(await MNIST.available(folder))) throw new Error(`--data ${folder} wants ${FILES}, each as it is or as .gz`);
  const pictures = await MNIST.load({ split, root: folder });
  if (size !== undefined && size > pictures.length) {
    throw new Error(`--${split}-size ${size}: there are ${pictures.length} ${split} pictures`);
  }
  return pictures.first(size ?? pictures.length);
}
