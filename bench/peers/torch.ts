/** PyTorch on the CPU, two threads, where a Python on this machine has it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../scripts/page.js';
import { pythonWithTorch } from '../../scripts/python.js';
import type { Results } from '../results.js';
import type { Workload } from './workloads.js';

export function measurePytorch(workloads: readonly Workload[], trainingFile: string): Results | null {
  const python = pythonWithTorch();
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
