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
  /** The same over a turn of the loop around it, in which a product copies a slice; null for kernels that have no slices. */
  readonly loopShare: number | null;
}

const FMA = /^v_(dual_)?(fma|fmac|mac|mad)(ak|mk)?_(legacy_)?f32/;
const LDS_READ = /^ds_(read|load)/;

const VECTOR = /^v_/;
const GLOBAL_LOAD = /^(buffer|global|flat)_load/;

/** A basic block: its instructions (where the compiler paired two, both), and the labels that it jumps to. */
interface Block {
  readonly label: string;
  readonly code: string[];
  readonly jumps: string[];
}

function blocks(assembly: string): Block[] {
  const found: Block[] = [{ label: '', code: [], jumps: [] }];
  for (const line of assembly.split('\n')) {
    const label = /^(BB\d+):/.exec(line)?.[1];
    if (label) found.push({ label, code: [], jumps: [] });
    else if (/^\s+[a-z]/.test(line)) {
      found.at(-1)?.code.push(...line.split('::').map((one) => one.trim()));
      const target = /^\s+s_c?branch\w* (BB\d+)/.exec(line)?.[1];
      if (target) found.at(-1)?.jumps.push(target);
    }
  }
  return found;
}

const count = (block: Pick<Block, 'code'>, what: RegExp): number => block.code.filter((one) => what.test(one)).length;

/** Loops, the smallest first: a jump back, and all that lies between. */
function loopsOf(all: readonly Block[]): [first: number, last: number][] {
  const ends = new Map<number, number>();
  for (const [last, { jumps }] of all.entries()) {
    for (const label of jumps) {
      const first = all.findIndex((block) => block.label === label);
      if (first >= 0 && first <= last) ends.set(first, last);
    }
  }
  return [...ends].sort(([a, b], [c, d]) => b - a - (d - c));
}

/** Multiply-adds of an invocation in a turn of a product's loop over slices, by its WGSL. */
function perSlice(wgsl: string): number {
  const [, turns, turn = ''] =
    /for \(var k = 0u; k < (\d+)u; k\+\+\) (\{\s+\{?\s*let a0[\s\S]*?\n {4}\})/.exec(wgsl) ?? [];
  return turns ? 4 * Number(turns) * (turn.match(/ \+= a\d/g)?.length ?? 0) : 0;
}

/**
 * The share of multiply-adds over the loop around a block, each block counted as often as a turn runs it, for a workgroup that
 * adds up no rows.
 */
function loopShare(all: readonly Block[], inner: Block, slice: number): number | null {
  const loops = loopsOf(all);
  const at = all.indexOf(inner);
  const sum = (blocks: readonly Block[], what: RegExp): number => blocks.reduce((n, one) => n + count(one, what), 0);
  const within = ([first, last]: [number, number]): Block[] => all.slice(first, last + 1);
  const around = loops.find((loop) => loop[0] <= at && at <= loop[1] && sum(within(loop), GLOBAL_LOAD) > 0);
  if (!slice || !around) return null;
  const addsRows = (block: Block): boolean => count(block, LDS_READ) > 0 && count(block, FMA) === 0;
  let others = sum(within(around), VECTOR) - sum(within(around).filter(addsRows), VECTOR);
  for (const loop of loops) {
    // A loop over a slice's steps.
    if (loop === around || loop[0] < around[0] || loop[1] > around[1]) continue;
    const fma = sum(within(loop), FMA);
    if (fma > 0) others += sum(within(loop), VECTOR) * (slice / fma - 1);
  }
  return slice / others;
}

/** @param report what layer.c writes. @param wgsl the kernel's text. @throws Error where a figure is missing */
export function figuresOf(report: string, wgsl: string): Figures {
  const [statistics = '', assembly = ''] = report.split(/^assembly:$/m);
  const statistic = (name: string): number => {
    const value = new RegExp(`^${name}: (\\d+)$`, 'm').exec(statistics)?.[1];
    if (value === undefined) throw new Error(`the driver says nothing of "${name}":\n${statistics}`);
    return Number(value);
  };
  const all = blocks(assembly);
  const inner = all.reduce((best, block) => (count(block, FMA) > count(best, FMA) ? block : best));
  const [fma, valu, ldsReads] = [count(inner, FMA), count(inner, VECTOR), count(inner, LDS_READ)];
  return {
    vgprs: statistic('VGPRs'),
    spilled: statistic('Spilled VGPRs'),
    lds: statistic('LDS size'),
    waves: statistic('Subgroups per SIMD'),
    ...{ fma, valu, ldsReads },
    fmaPerLds: ldsReads > 0 ? fma / ldsReads : null,
    share: valu > 0 ? fma / valu : null,
    loopShare: loopShare(all, inner, perSlice(wgsl)),
  };
}
