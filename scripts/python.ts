/** A Python that has what is wanted, where there is one. */
import { spawnSync } from 'node:child_process';

/** The system's own before what a version manager puts first. */
const PYTHONS = [process.env.PYTHON, '/usr/bin/python3', 'python3'].filter((one) => one !== undefined);

/** The command of the first Python that imports a module, or undefined. */
export const pythonWith = (module: string): string | undefined =>
  PYTHONS.find((one) => spawnSync(one, ['-c', `import ${module}`]).status === 0);

export const pythonWithTorch = (): string | undefined => pythonWith('torch');
