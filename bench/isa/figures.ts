/** What a driver reports on a shader, in figures. */

/** `fma` to `share` are of the inner loop: the basic block with most multiply-adds, which holds what was unrolled of it. */
export interface Figures {
  /** Registers of each invocation. */
  readonly vgprs: number;
  /** Of them, how many had no place and went to memory. */
  readonly spilled: number;
  /** Bytes of workgroup memory. */
  readonly lds: number;
  /** Subgroups that a SIMD unit holds at a time. */
  readonly waves: number;
  /** Instructions that multiply and add. */
  readonly fma: number;
  /** Instructions on vectors, those included. */
  readonly valu: number;
  /** Instructions that read workgroup memory, of four values or fewer. */
  readonly ldsReads: number;
  /** Null where nothing is read there. */
  readonly fmaPerLds: number | null;
  /** The multiply-adds' share of all instructions on vectors; null without any. */
  readonly share: number | null;
}

const FMA = /^v_(dual_)?(fma|fmac|mac|mad)(ak|mk)?_(legacy_)?f32/;
const LDS_READ = /^ds_(read|load)/;

/** Instructions by basic block; where the compiler paired two, both. */
function blocks(assembly: string): string[][] {
  const found: string[][] = [[]];
  for (const line of assembly.split('\n')) {
    if (/^BB\d+:/.test(line)) found.push([]);
    else if (/^\s+[a-z]/.test(line)) found.at(-1)?.push(...line.split('::').map((one) => one.trim()));
  }
  return found;
}

const count = (block: readonly string[], what: RegExp): number => block.filter((one) => what.test(one)).length;

/** @param report what layer.c writes. @throws Error where a figure is missing */
export function figuresOf(report: string): Figures {
  const [statistics = '', assembly = ''] = report.split(/^assembly:$/m);
  const statistic = (name: string): number => {
    const value = new RegExp(`^${name}: (\\d+)$`, 'm').exec(statistics)?.[1];
    if (value === undefined) throw new Error(`the driver says nothing of "${name}":\n${statistics}`);
    return Number(value);
  };
  const inner = blocks(assembly).reduce((best, block) => (count(block, FMA) > count(best, FMA) ? block : best));
  const [fma, valu, ldsReads] = [count(inner, FMA), count(inner, /^v_/), count(inner, LDS_READ)];
  return {
    vgprs: statistic('VGPRs'),
    spilled: statistic('Spilled VGPRs'),
    lds: statistic('LDS size'),
    waves: statistic('Subgroups per SIMD'),
    ...{ fma, valu, ldsReads },
    fmaPerLds: ldsReads > 0 ? fma / ldsReads : null,
    share: valu > 0 ? fma / valu : null,
  };
}
