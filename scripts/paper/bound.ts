/**
 * The least time that a launch can take on an adapter, as far as its peaks tell.
 *
 *   arithmetic = multiply-adds / peak
 *   mixed      = the larger of arithmetic / (their share of the vector instructions) and what is read of workgroup memory / its rate
 *   spread     = mixed, as long as the unit takes that has most workgroups; it has n = ⌈workgroups / units⌉ of them, and keeps only as
 *                many of its SIMDs busy as they have subgroups
 *   memory     = the larger of bytes / the cache's rate and bytes that it lacks / the memory's
 *   bound      = launch + the larger of spread and memory
 */
import type { Adapter } from './adapters.js';
import type { Launch } from './launches.js';
import type { Traffic } from './traffic.js';

/** Of a kernel's inner loop, as `npm run isa` finds it. */
export interface Mix {
  /** Of multiply-adds in the vector instructions. */
  readonly share: number;
  /** Multiply-adds per read of workgroup memory; null where it reads none. */
  readonly fmaPerLds: number | null;
}

/** `workgroups`: units that have nothing to do; `lds`: reads of workgroup memory; `mix`: other instructions of the inner loop. */
export type Limit = 'launch' | 'memory' | 'workgroups' | 'lds' | 'mix' | 'arithmetic';

/** Microseconds. */
export interface Bound {
  readonly arithmetic: number;
  readonly mixed: number;
  readonly spread: number;
  readonly memory: number;
  /** The larger of spread and memory. */
  readonly work: number;
  /** With the launch. */
  readonly total: number;
  /** What it is that most of the time goes to. */
  readonly binds: Limit;
}

/** A time less than this factor above another is as good as the same. */
const NEAR = 1.05;

/** Bytes of a lane's read of a vec4. */
const VEC4 = 16;

/** Microseconds of so many at a rate of billions per second. */
const at = (count: number, rate: number | undefined): number => (count > 0 && rate ? count / rate / 1e3 : 0);

export function boundOf(launch: Launch, mix: Mix | null, { bytes, missed }: Traffic, adapter: Adapter): Bound {
  const { multiplyAdds, invocations } = launch;
  const { units, lanes, subgroup, ghz, workgroupMemory, launchUs = 0 } = adapter;
  const arithmetic = at(multiplyAdds, adapter.gflops / 2);
  const instructions = arithmetic / (mix?.share || 1);
  const read = mix?.fmaPerLds ? (VEC4 * multiplyAdds) / mix.fmaPerLds : 0;
  const reads = units && ghz && workgroupMemory ? at(read, units * workgroupMemory * ghz) : 0;
  const mixed = Math.max(instructions, reads);

  // Of the unit that has most to do: its part, and the part of its SIMDs that is busy.
  const count = launch.workgroups.reduce((product, n) => product * n, 1);
  const most = units ? Math.ceil(count / units) : 0;
  const uneven = units ? (most * units) / count : 1;
  const busy =
    units && lanes && subgroup ? Math.min(1, (most * Math.ceil(invocations / subgroup)) / (lanes / subgroup)) : 1;
  const spread = multiplyAdds > 0 ? Math.max((instructions * uneven) / busy, reads * uneven) : 0;

  const memory = Math.max(at(bytes, adapter.cache ? adapter.cache.gbs : adapter.gbs), at(missed, adapter.gbs));
  const work = Math.max(spread, memory);
  return {
    ...{ arithmetic, mixed, spread, memory, work },
    total: launchUs + work,
    binds: limit({ launchUs, memory, spread, mixed, reads, arithmetic }),
  };
}

type Parts = Record<'launchUs' | 'memory' | 'spread' | 'mixed' | 'reads' | 'arithmetic', number>;

function limit({ launchUs, memory, spread, mixed, reads, arithmetic }: Parts): Limit {
  if (launchUs >= Math.max(memory, spread)) return 'launch';
  if (memory >= spread) return 'memory';
  // What makes it longer than its arithmetic has to be: units that wait, or the inner loop.
  const [waiting, beside] = [spread / mixed, mixed / arithmetic];
  if (Math.max(waiting, beside) < NEAR) return 'arithmetic';
  if (waiting >= beside) return 'workgroups';
  return reads >= mixed ? 'lds' : 'mix';
}
