/** A Python that has PyTorch, where there is one. */
import { spawnSync } from 'node:child_process';

/** The system's own before what a version manager puts first. */
const PYTHONS = [process.env.PYTHON, '/usr/bin/python3', 'python3'].filter((one) => one !== undefined);

/** The command of the first Python that imports PyTorch, or undefined. */
export const pythonWithTorch = (): string | undefined =>
  PYTHONS.find((one) => spawnSync(one, ['-c', 'import torch']).status === 0);
