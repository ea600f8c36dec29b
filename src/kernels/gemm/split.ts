/**
 * The second half of a product whose sum was cut into parts: output[i] = finish( Σ over parts p, in order, of parts[p, i] ).
 *
 * Layout: parts is [parts][size]. Launch: one invocation per output element, which reads `AT_ONCE` of them
 * before it adds any: 240 parts of 896 sums, one by one, took 55 µs on an H200 (in lanes of 16, 11; this way was not measured there).
 * So one text serves any number of parts.
 */

import { blocked } from '../blocked.js';
import { type Element, type Kernel, kernel, linear, linearMain } from '../kernel.js';
import { range } from '../range.js';
import { type GemmVariant, SMALL } from './spec.js';

/** A product in two dispatches: `partial` writes `partialSize` floats, `reduce` reads them and writes the result. */
export interface Split {
  partial: Kernel;
  partialSize: number;
  reduce: Kernel;
}

/** Shorter sums are not worth a launch that adds their parts. */
const WHOLE = 512;
/** Longer ones are cut on software adapters: lavapipe leaves loops after 65,535 turns. */
const LONGEST = 131072;

/**
 * Into how many parts to cut a sum of `length` products for each of rows × columns outputs: until there are tiles, about of
 * the size that they will have, to keep an adapter busy, a few per core, or several per compute unit.
 */
export function splitsFor(
  variant: GemmVariant,
  { rows, columns, batches }: { rows: number; columns: number; batches: number },
  length: number,
): number {
  const isFlat = variant === 'registers' || rows * columns * batches * length < SMALL;
  const [height, width, wanted, shortest, fewest] =
    variant === 'workgroup' ? [64, 64, 256, 128, 1] : [isFlat ? 8 : 32, 32, 4, 256, Math.ceil(length / LONGEST)];
  const tiles = Math.ceil(rows / height) * Math.ceil(columns / width) * batches;
  const most = length < WHOLE ? 1 : Math.floor(length / shortest);
  return Math.max(fewest, Math.min(Math.floor(wanted / tiles), most));
}

/** Parts of a run begin at multiples of this: of the steps that any variant takes at a time. */
export const UNIT = 16;

/** Parts of equal length, a multiple of `unit`, of which none is empty: at most as many as wanted. */
export function cut(length: number, wanted: number, unit: number): { part: number; splits: number } {
  const part = Math.ceil(Math.ceil(length / Math.min(wanted, length)) / unit) * unit;
  return { part, splits: Math.ceil(length / part) };
}

/** Parts that are read together. */
const AT_ONCE = 8;

/** What a product cut into parts adds last: what it reads for that, and WGSL by `column`, and by `i` and sizes of the params. */
export interface Bias {
  read: Readonly<Record<string, Element>>;
  sizes: Readonly<Record<string, number>>;
  ofColumn: string;
  of: string;
}

/** Adds the parts. `outputs` names the buffers that the sums go to, one after the other, two at most, with their lengths. */
export function sumParts(
  name: string,
  parts: number,
  outputs: Readonly<Record<string, number>>,
  bias?: Bias | undefined,
): Kernel {
  const [[output, first], [second, rest] = ['', 0]] = Object.entries(outputs) as [[string, number], [string, number]?];
  const size = first + rest;
  const value = bias ? `sum + ${bias.of}` : 'sum';
  return kernel({
    name,
    read: { parts: 'f32', ...bias?.read },
    write: { [output]: 'f32', ...(second && { [second]: 'f32' }) },
    workgroups: linear(size),
    params: { size, parts, first, ...bias?.sizes },
    puts: second ? undefined : output,
    wgsl: `
fn part(k: u32, i: u32) -> f32 {
  return select(0.0, parts[min(k, params.parts - 1u) * params.size + i], k < params.parts);
}
${linearMain('params.size')}
  var k = 0u;
  ${blocked({
    state: { sum: '0.0' },
    end: 'params.parts',
    step: `${AT_ONCE}u`,
    turns: Math.ceil(parts / AT_ONCE),
    turn: (level) =>
      `${level('sum')} += ${range(AT_ONCE)
        .map((n) => `part(k + ${n}u, i)`)
        .join(' + ')};`,
  })}
  ${second ? `if (i >= params.first) {\n    ${second}[i - params.first] = sum;\n    return;\n  }` : ''}
  ${second ? `${output}[i] = ${value}` : `put(${value}, i)`};
}`,
  });
}
