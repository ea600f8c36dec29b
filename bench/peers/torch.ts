/** PyTorch on the CPU, two threads, where a Python on this machine has it. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type HostTensor, writeSafetensors } from 'kindling/io';
import { ROOT } from '../../scripts/page.js';
import { pythonWithTorch } from '../../scripts/python.js';
import type { Results } from '../results.js';
import { NETWORKS, type Network } from './networks.js';
import { gptStart, resnetStart, type Start, type Values } from './starts.js';
import type { Workload } from './workloads.js';

/** The text that `examples/gpt` trains on. */
export const TEXT = fileURLToPath(new URL('../../examples/gpt/moby-dick.txt', import.meta.url));

export const startOf = (network: Network): Start =>
  network === 'resnet' ? resnetStart() : gptStart(readFileSync(TEXT, 'utf8'));

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

/** @param folder holds what bench:peers writes: `training.bin`, and the starts */
export function measurePytorch(workloads: readonly Workload[], folder: string): Results | null {
  const python = pythonWithTorch();
  if (!python) return null;
  const names = workloads.map(({ name }) => name).join(',');
  const script = join(ROOT, 'bench/torch/torch_cpu.py');
  const args = [script, '--training', join(folder, 'training.bin'), '--starts', folder, '--only', names];
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) {
    console.error(`PyTorch's part failed: ${stderr}`);
    return null;
  }
  return JSON.parse(stdout) as Results;
}
