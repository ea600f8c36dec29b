/** Products with maps behind them, as plans make them: a ReLU, or the gradient of one that reads what it made. */
import { unaryGradKernel, unaryKernel } from '../../src/kernels/elementwise.js';
import type { Kernel } from '../../src/kernels/kernel.js';
import { tailOf } from '../../src/kernels/map.js';
import { record, unaryRecords } from './records.js';

export type TailName = 'relu' | 'mask';

/** `made`, or the second of two launches, with a tail. A mask is bound behind what the product reads. */
export function withTail<Made extends Kernel | { readonly reduce: Kernel }>(
  made: Made,
  size: number,
  ...names: TailName[]
): Made {
  if ('reduce' in made) return { ...made, reduce: tailed(made.reduce, size, names) };
  return tailed(made, size, names) as Made;
}

function tailed(kernel: Kernel, size: number, names: readonly TailName[]): Kernel {
  if (names.length === 0) return kernel;
  const relu = record(unaryRecords, 'relu');
  const lineOf = (name: TailName) => {
    const { map } = name === 'relu' ? unaryKernel(relu, { size }) : unaryGradKernel(relu, { size });
    if (!map) throw new Error('a ReLU is a map');
    return map.line;
  };
  const steps = names.map((name, n) => ({
    line: lineOf(name),
    from: name === 'relu' ? [~n] : [0, ~n],
    stored: n === names.length - 1,
  }));
  const reads = steps.flatMap(({ line }) =>
    line.inputs.filter(({ name }) => name === 'y').map((y) => [line, y] as const),
  );
  if (!kernel.withTail) throw new Error(`${kernel.name} takes no tail`);
  return kernel.withTail(tailOf([null, ...steps], reads, size, false));
}
