/** The starts in Node: from the text that lies in the repository, and into files that PyTorch reads. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type HostTensor, writeSafetensors } from 'kindling/io';
import { BATCH, NETWORKS, type Network } from './networks.js';
import { gptStart, resnetStart, type Start, type Values } from './starts.js';

/** The text that `examples/gpt` trains on. */
export const TEXT = fileURLToPath(new URL('../../examples/gpt/moby-dick.txt', import.meta.url));

export const startOf = (network: Network, batch = BATCH[network]): Start =>
  network === 'resnet' ? resnetStart(batch) : gptStart(readFileSync(TEXT, 'utf8'), batch);

/** A start as a file: parameters by their names, `batch.0.x`, `batch.0.y` and so on. */
export function startFile({ parameters, batches }: Start): Uint8Array {
  const hosted = ({ data, shape }: Values): HostTensor =>
    data instanceof Int32Array
      ? { dtype: 'i32', shape: [...shape], data, format: 'I64' }
      : { dtype: 'f32', shape: [...shape], data };
  const tensors = [...parameters].map(([name, values]) => [name, hosted(values)] as const);
  for (const [t, [x, y]] of batches.entries()) {
    tensors.push([`batch.${t}.x`, hosted(x)], [`batch.${t}.y`, hosted(y)]);
  }
  return writeSafetensors(new Map(tensors));
}

/** Writes the start of every network into `folder`. Returns the files. */
export function writeStarts(folder: string): string[] {
  return NETWORKS.map((network) => {
    const path = join(folder, `${network}.safetensors`);
    writeFileSync(path, startFile(startOf(network)));
    return path;
  });
}
