/**
 * Kernels that work on rows: a row is walked once or several times, and sums or maxima over it decide what is written.
 * A short row belongs to one invocation. A longer one belongs to several `lanes`, which take turns at its elements and combine
 * what they found in a tree of fixed shape, so results repeat to the bit. Rows of fewer lanes than a workgroup share one: where
 * the elements of a row are neighbours so are its lanes, and where those of neighbouring rows are (`across`), lanes beside each
 * other belong to these rows.
 *
 * Launch: workgroups of 64 to 256 lanes, for as many rows as they serve. The body sees `row`, and walks with
 * `for (var k = lane; k < length; k += lanes)`; `rowSum(x)` and `rowMax(x)` combine the lanes' values and give every lane
 * the result. They hold barriers, so the body calls them where all lanes do. Whoever is left over in the last workgroup
 * has a `lane` behind the end of every walk: what is not walked is written where `lane == 0u`.
 */
import { extremeOf } from './floats.js';
import { type Element, type Kernel, kernel, LINEAR_WORKGROUP, linear } from './kernel.js';
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
  /** Invocations per row, a power of two up to 256. Default: 64. */
  lanes?: number | undefined;
  /** Whether neighbours of an element belong to neighbouring rows. */
  across?: boolean | undefined;
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

/**
 * What GPUs want: eight elements or more for each lane, in steps of four, so that rows of similar lengths share a text; of rows
 * that lie across, 8 neighbours in each workgroup.
 */
export const gpuLanes = (length: number, across: boolean): number =>
  4 ** (Math.log2(Math.min(length / 8, across ? 16 : 256) | 1) >> 1);

/** A kernel over rows. */
export function rowKernel({ rows, count = `${rows}u`, lanes = LINEAR_WORKGROUP, across, ...rest }: RowKernel): Kernel {
  const { module = '', body, ...source } = rest;
  const alone = lanes === 1;
  const width = Math.max(lanes, across ? 128 : LINEAR_WORKGROUP);
  const together = width / lanes;
  // How far lanes of a row lie apart in their workgroup, and rows.
  const [apart, rowsApart] = across ? [together, 1] : [1, lanes];
  const combine = (name: string, join: (a: string, b: string) => string): string => `
fn ${name}(place: u32, lane: u32, value: f32) -> f32 {${combined(lanes, 'value', join, 'place', apart)}
  let all = found[place - lane * ${apart}u];
  workgroupBarrier();
  return all;
}`;
  return kernel({
    ...source,
    workgroups: linear(Math.ceil(rows / together) * LINEAR_WORKGROUP),
    wgsl: `${
      alone
        ? ''
        : found(width) +
          combine('rowSum', (a, b) => `${a} + ${b}`) +
          combine('rowMax', (a, b) => extremeOf('max', a, b))
    }
${module}${laneMain(width, 'block', count).replace('lane:', 'place:')}
  let row = block * ${together}u + place / ${rowsApart}u % ${together}u;
  let lane = select(0x80000000u, place / ${apart}u % ${lanes}u, row < ${count});
  let lanes = ${lanes}u;
${body.replace(/\b(row(?:Sum|Max))\(/g, alone ? '(' : '$1(place, lane, ')}
}`,
  });
}
