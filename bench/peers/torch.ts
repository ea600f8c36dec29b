/** PyTorch on the CPU, two threads, where a Python on this machine has it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../scripts/page.js';
import { pythonWithTorch } from '../../scripts/python.js';
import type { Results } from '../results.js';
import type { Workload } from './workloads.js';

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
