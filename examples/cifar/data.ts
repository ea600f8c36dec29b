/** Which images the study trains on. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { CIFAR10, type ImageDataset, type OnProgress, synthetic } from 'kindling/data';
import type { RunData } from './train.js';

export interface StudyData extends RunData {
  /** What to call their place in a report: no folder of this machine. */
  readonly path: string;
  /** The `--data` that gives these images again, from any folder. */
  readonly location: string;
  /** SHA-256 of all bytes used: a resumed study must see the same. */
  readonly fingerprint: string;
}

export interface DataOptions {
  /** A path, `cifar10`, `synthetic`, or undefined: CIFAR-10 from the cache, else synthetic. */
  readonly choice: string | undefined;
  /** Whether `cifar10` may be downloaded: only where the user asked for it. */
  readonly download: boolean;
  readonly trainSize: number;
  readonly testSize: number;
  /** The npm script to name where the real images are missing. Default: example:cifar. */
  readonly command?: string;
}

const fetchLine = ({ command = 'example:cifar' }: DataOptions): string => `npm run ${command} -- --data cifar10`;

/** @throws Error where the data are missing or broken */
export async function loadData(options: DataOptions, log: (line: string) => void): Promise<StudyData> {
  const { choice, download, trainSize, testSize } = options;
  const cached = !download && (choice ?? 'cifar10') === 'cifar10' && (await CIFAR10.available());
  const found = choice ?? (cached ? 'cifar10' : 'synthetic');
  if (found === 'synthetic') {
    log('SYNTHETIC DATA: ten classes of generated pictures, not CIFAR-10.');
    if (choice === undefined) log(`The real images (170 MB): ${fetchLine(options)}`);
    const train = synthetic({ count: trainSize, split: 'train' });
    return finish(train, synthetic({ count: testSize, split: 'test' }), found, found);
  }
  if (found === 'cifar10') {
    refuseMore(options, CIFAR10_SIZES);
    if (!download && !cached)
      throw new Error(`CIFAR-10 is not in its cache any more; it comes with ${fetchLine(options)}`);
    const source = { download, onProgress: progressLine(log) };
    return read(source, options, cached ? 'cache' : found, found);
  }
  const location = resolve(found);
  if (!existsSync(location)) {
    throw new Error(
      `--data ${found}: there is no such file or folder; the real images come with ${fetchLine(options)}`,
    );
  }
  return read({ root: location }, options, basename(location), location);
}

async function read(
  source: { root?: string; download?: boolean; onProgress?: OnProgress },
  options: DataOptions,
  path: string,
  location: string,
): Promise<StudyData> {
  const train = await CIFAR10.load({ ...source, split: 'train' });
  const test = await CIFAR10.load({ ...source, split: 'test' });
  refuseMore(options, { train: train.length, test: test.length });
  const { trainSize, testSize } = options;
  return finish(train.first(trainSize), test.first(testSize), path, location);
}

/** Known before it is downloaded. */
const CIFAR10_SIZES = { train: 50_000, test: 10_000 };

function refuseMore({ trainSize, testSize }: DataOptions, there: typeof CIFAR10_SIZES): void {
  for (const [name, wanted] of [
    ['train', trainSize],
    ['test', testSize],
  ] as const) {
    if (there[name] < wanted) throw new Error(`--${name}-size ${wanted}: there are ${there[name]} ${name} images`);
  }
}

function finish(train: ImageDataset, test: ImageDataset, path: string, location: string): StudyData {
  const hash = createHash('sha256');
  for (const { images, labels } of [train, test]) hash.update(images).update(labels);
  return { train, test, path, location, fingerprint: hash.digest('hex') };
}

function progressLine(log: (line: string) => void): OnProgress {
  let last = Number.NEGATIVE_INFINITY;
  return ({ stage, done, total }) => {
    if (stage === 'wait') return log('CIFAR-10: another process is downloading or unpacking it; waiting for that.');
    if (performance.now() - last < 5000 && done !== total) return;
    last = performance.now();
    log(`CIFAR-10, ${stage}: ${(done / 1e6).toFixed(0)} MB${total ? ` of ${(total / 1e6).toFixed(0)}` : ''}`);
  };
}
