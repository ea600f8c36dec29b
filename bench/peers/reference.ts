/** The weights, pictures and float64 losses of PyTorch's training run, where a folder of reference cases is at hand. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from 'kindling/io';
import { ROOT } from '../../scripts/page.js';
import { PARAMETERS, TrainingData } from './training.js';

export interface Reference {
  readonly data: TrainingData;
  /** Losses of the first steps at batch 64, in float64; null without the folder. */
  readonly losses: number[] | null;
  readonly source: string;
}

export function reference(): Reference {
  const folders = [process.env.KINDLING_REFERENCE, join(ROOT, '../shared/reference')];
  const cases = folders.map((at) => at && join(at, 'cases')).find((at) => at && existsSync(join(at, 'training.json')));
  if (!cases) return { data: TrainingData.random(640), losses: null, source: 'noise, seeded' };
  const file = JSON.parse(readFileSync(join(cases, 'training.json'), 'utf8')) as {
    start_prefix: string;
    images: string;
    labels: string;
    cases: { name: string; loss_float64: number[] }[];
  };
  const { tensors } = readSafetensors(readFileSync(join(cases, 'training.safetensors')));
  const values = (name: string): Float32Array => {
    const found = tensors.get(name);
    if (!found) throw new Error(`training.safetensors holds no ${name}`);
    return Float32Array.from(found.data);
  };
  const weights = PARAMETERS.map(([name]) => values(`${file.start_prefix}${name}`));
  const images = values(file.images).map((byte) => byte / 255);
  const losses = file.cases.find(({ name }) => name === 'baseline')?.loss_float64 ?? null;
  return { data: new TrainingData(weights, images, values(file.labels)), losses, source: "CIFAR-10, PyTorch's cases" };
}

/** Losses of the examples' networks, by workload: `losses.ts` has them from PyTorch. */
export function knownLosses(): Map<string, readonly number[]> {
  const file = join(ROOT, 'bench/peers/losses.json');
  const known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { losses: number[] }>;
  return new Map(Object.entries(known).map(([network, { losses }]) => [`${network}Step`, losses]));
}
