/** Which images the study trains on. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { CIFAR10, type ImageDataset, type OnProgress, synthetic } from 'kindling/data';
import type { RunData } from './train.js';

export interface StudyData extends RunData {
  /** The `--data` that gives these images again. */
  readonly path: string;
  /** SHA-256 of all bytes used: a resumed study must see the same. */
  readonly fingerprint: string;
}

const FETCH = 'npm run example:cifar -- --data cifar10';

/**
 * @param choice a path, `cifar10` (downloads), `synthetic`, or undefined: CIFAR-10 from the cache, else synthetic
 * @throws Error where the data are missing or broken
 */
export async function loadData(
  choice: string | undefined,
  trainSize: number,
  testSize: number,
  log: (line: string) => void,
): Promise<StudyData> {
  const found = choice ?? ((await CIFAR10.available()) ? 'cifar10' : undefined);
  if (found === undefined || found === 'synthetic') {
    log('SYNTHETIC DATA: ten classes of generated pictures, not CIFAR-10.');
    if (found === undefined) log(`The real images (170 MB): ${FETCH}`);
    const train = synthetic({ count: trainSize, split: 'train' });
    return finish(train, synthetic({ count: testSize, split: 'test' }), 'synthetic');
  }
  if (found !== 'cifar10' && !existsSync(found)) {
    throw new Error(`--data ${found}: there is no such file or folder; the real images come with ${FETCH}`);
  }
  const options =
    found === 'cifar10' ? { download: choice === 'cifar10', onProgress: progressLine(log) } : { root: found };
  const train = await CIFAR10.load({ ...options, split: 'train' });
  const test = await CIFAR10.load({ ...options, split: 'test' });
  for (const [name, wanted, set] of [
    ['train', trainSize, train],
    ['test', testSize, test],
  ] as const) {
    if (set.length < wanted) throw new Error(`--${name}-size ${wanted}: there are ${set.length} ${name} images`);
  }
  return finish(train.first(trainSize), test.first(testSize), found);
}

function finish(train: ImageDataset, test: ImageDataset, path: string): StudyData {
  const hash = createHash('sha256');
  for (const { images, labels } of [train, test]) hash.update(images).update(labels);
  return { train, test, path, fingerprint: hash.digest('hex') };
}

function progressLine(log: (line: string) => void): OnProgress {
  let last = Number.NEGATIVE_INFINITY;
  return ({ stage, done, total }) => {
    if (performance.now() - last < 5000 && done !== total) return;
    last = performance.now();
    log(`CIFAR-10, ${stage}: ${(done / 1e6).toFixed(0)} MB${total ? ` of ${(total / 1e6).toFixed(0)}` : ''}`);
  };
}
