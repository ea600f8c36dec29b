/** PyTorch on the CPU, two threads, where a Python on this machine has it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../scripts/page.js';
import type { Results } from '../results.js';
import type { Workload } from './workloads.js';

/** Pythons asked for PyTorch, the system's own before what a version manager puts first. */
const PYTHONS = [process.env.PYTHON, '/usr/bin/python3', 'python3'].filter((one) => one !== undefined);

export function measurePytorch(workloads: readonly Workload[], trainingFile: string): Results | null {
  const python = PYTHONS.find((one) => spawnSync(one, ['-c', 'import torch']).status === 0);
  if (!python) return null;
  const names = workloads.map(({ name }) => name).join(',');
  const args = [join(ROOT, 'bench/torch/torch_cpu.py'), '--training', trainingFile, '--only', names];
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) {
    console.error(`PyTorch's part failed: ${stderr}`);
    return null;
  }
  return JSON.parse(stdout) as Results;
}
