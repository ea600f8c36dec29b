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

/** @throws Error where the files are missing or broken, or hold fewer pictures than are asked for */
export async function loadDigits({ data, trainSize, testSize }: Settings): Promise<Digits> {
  const sizes = { train: trainSize ?? 10_000, test: testSize ?? 2000 };
  const [train, test] =
    data === undefined
      ? (['train', 'test'] as const).map((split) => synthetic({ split, count: sizes[split], like: 'MNIST' }))
      : await Promise.all([read(data, 'train', trainSize), read(data, 'test', testSize)]);
  if (!train || !test) throw new Error('a split is missing');
  const hash = createHash('sha256');
  for (const { images, labels } of [train, test]) hash.update(images).update(labels);
  return { train, test, fingerprint: hash.digest('hex') };
}

async function read(folder: string, split: 'train' | 'test', size: number | undefined): Promise<ImageDataset> {
  if (!existsSync(folder)) throw new Error(`--data ${folder}: there is no such folder`);
  const pictures = await MNIST.load({ split, root: folder });
  if (size !== undefined && size > pictures.length) {
    throw new Error(`--${split}-size ${size}: there are ${pictures.length} ${split} pictures`);
  }
  return pictures.first(size ?? pictures.length);
}
