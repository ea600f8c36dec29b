/** Kernels with what a family's compiler makes of them: the rows that are printed, written and committed. */
import { Progress } from '../progress.js';
import { compile } from './compile.js';
import { type Figures, figuresOf } from './figures.js';
import { hashOf } from './hash.js';
import type { Listed } from './kernels.js';
import { missed, type Target } from './targets.js';

export interface Row extends Figures {
  readonly of: string;
  readonly name: string;
  /** Of its WGSL. */
  readonly hash: string;
  readonly workgroups: readonly number[];
  readonly missed: readonly Target[];
}

export interface Family {
  readonly rows: readonly Row[];
  /** The device as its driver calls it, and the driver's version. */
  readonly compiler: string;
  /** Disassembly of each row. */
  readonly assembly: readonly string[];
  /** Kernels that did not compile, and why. */
  readonly failed: readonly string[];
}

/** Compiles kernels, each text once. */
export async function measure(family: string, kernels: readonly Listed[]): Promise<Family> {
  const texts = [...new Set(kernels.map(({ wgsl }) => wgsl))];
  const progress = new Progress(texts.length);
  const { compiler, results } = await compile(family, texts, () => {
    progress.done(1);
    progress.show(`compiled for ${family}`);
  });
  const rows: Row[] = [];
  const assembly: string[] = [];
  const failed: string[] = [];
  for (const { of, name, wgsl, workgroups, flops } of kernels) {
    const result = results[texts.indexOf(wgsl)] ?? { error: 'not compiled' };
    if ('error' in result) {
      failed.push(`${of}, ${name}: ${result.error}`);
      continue;
    }
    const figures = figuresOf(result.report, wgsl);
    const kernel = { workgroups, ...(flops !== undefined && { flops }) };
    rows.push({ of, name, hash: hashOf(wgsl), workgroups, ...figures, missed: missed(kernel, figures) });
    assembly.push(result.report.split(/^assembly:\n/m)[1] ?? '');
  }
  return { rows, compiler, assembly, failed };
}
