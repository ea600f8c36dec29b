/**
 * Kernels that work on rows: a row is walked once or several times, and sums or maxima over it decide what is written.
 * A short row belongs to one invocation. A long one belongs to a workgroup, whose lanes take every 64th element (or as many
 * as `lanes` says) and combine what they found in a tree of fixed shape, so results repeat to the bit.
 *
 * Launch: one invocation, or one workgroup, per row. The body sees `row`, and walks with
 * `for (var k = lane; k < length; k += lanes)`; `rowSum(x)` and `rowMax(x)` combine the lanes' values and give every lane
 * the result. They hold barriers, so the body calls them where all lanes do.
 */
import { extremeOf } from './floats.js';
import { type Element, type Kernel, kernel, LINEAR_WORKGROUP, linear, linearMain } from './kernel.js';
import { combined, found, laneMain } from './lanes.js';

/** The least f32 as WGSL: where a maximum starts. */
export const LOWEST = 'bitcast<f32>(0xff7fffffu)';

export interface RowKernel {
  name: string;
  read: Readonly<Record<string, Element>>;
  write: Readonly<Record<string, Element>>;
  rows: number;
  /** Their number as WGSL, where the text is to serve any. */
  count?: string;
  /** Elements of a row. */
  length: number;
  /** Invocations per row, a power of two. Default: by the number and length of the rows. */
  lanes?: number | undefined;
  /** Functions the body calls. */
  module?: string;
  body: string;
  /** As a kernel's. */
  puts?: string;
  params?: Readonly<Record<string, number>>;
}

/**
 * What software adapters want: barriers only where one of a few long rows would be walked by a single lane. On SwiftShader
 * the statistics of 16 channels of 12,800 took 5.3 ms by 64 lanes and 2.2 by one each (two cores, 2026-11). Lavapipe leaves loops, without a
 * word, once an invocation has made 65,535 turns in all of them; three walks over a row stay below.
 */
export const softwareLanes = (rows: number, length: number): number =>
  (length > 256 && rows < 4) || length > 16384 ? 64 : 1;

/** What GPUs want: neighbouring lanes on neighbouring elements wherever a row has enough of them. */
export function gpuLanes(rows: number, length: number): number {
  if (length > 2048) return 256;
  return length > 64 || (length > 32 && rows < 1024) ? 64 : 1;
}

/** A row that is worth a workgroup anywhere: a long one always, a shorter one where rows are too few to fill an adapter. */
const eitherLanes = (rows: number, length: number): number =>
  length > 512 || (length > 32 && rows < 1024) ? LINEAR_WORKGROUP : 1;

const combine = (name: string, lanes: number, join: (a: string, b: string) => string): string => `
fn ${name}(lane: u32, value: f32) -> f32 {${combined(lanes, 'value', join)}
  let all = found[0];
  workgroupBarrier();
  return all;
}`;

/** A kernel over rows. */
export function rowKernel({ rows, count = `${rows}u`, length, lanes: wanted, ...rest }: RowKernel): Kernel {
  const { module = '', body, ...source } = rest;
  const lanes = wanted ?? eitherLanes(rows, length);
  const alone = lanes === 1;
  const calls = (to: (call: string) => string): string => body.replace(/\brow(Sum|Max)\(/g, to);
  const uses = (call: string): boolean => body.includes(`${call}(`);
  return kernel({
    ...source,
    workgroups: linear(alone ? rows : rows * LINEAR_WORKGROUP),
    wgsl: alone
      ? `${module}
${linearMain(count)}
  let row = i;
  let lane = 0u;
  let lanes = 1u;
${calls(() => '(')}
}`
      : `${found(lanes)}
${uses('rowSum') ? combine('rowSum', lanes, (a, b) => `${a} + ${b}`) : ''}
${uses('rowMax') ? combine('rowMax', lanes, (a, b) => extremeOf('max', a, b)) : ''}
${module}${laneMain(lanes, 'row', count)}
  let lanes = ${lanes}u;
${calls((call) => `${call}lane, `)}
}`,
  });
}
