/**
 * The second half of a product whose sum was cut into parts: output[i] = finish( Σ over parts p, in order, of parts[p, i] ).
 *
 * Layout: parts is [parts][size]. Launch: one invocation per output element. Where the parts are many, an invocation reads
 * `AT_ONCE` of them before it adds any: 240 parts of 896 sums, one by one, took 55 µs on an H200 (in lanes of 16, 11; this way
 * was not measured there).
 */

import { blocked } from '../blocked.js';
import { type Element, type Kernel, kernel, linear, linearMain } from '../kernel.js';
import { range } from '../range.js';
import type { GemmVariant } from './spec.js';

/** A product in two dispatches: `partial` writes `partialSize` floats, `reduce` reads them and writes the result. */
export interface Split {
  partial: Kernel;
  partialSize: number;
  reduce: Kernel;
}

/** Sums below `length` steps of k are not worth cutting further. */
const SHORTEST = { registers: 256, subgroups: 256, workgroup: 128 } as const;
/** Longer ones are cut on software adapters: lavapipe leaves loops after 65,535 turns. */
const LONGEST = 131072;
/** Tiles that keep an adapter busy: a few per core, or several per compute unit. */
const TILES = { registers: 4, subgroups: 4, workgroup: 256 } as const;
/** Rows and columns of a tile, about. */
const TILE = { registers: [8, 64], subgroups: [32, 32], workgroup: [64, 64] } as const;

/** Into how many parts to cut a sum of `length` products for each of rows × columns outputs. */
export function splitsFor(
  variant: GemmVariant,
  outputs: { rows: number; columns: number; batches: number },
  length: number,
): number {
  const [rows, columns] = TILE[variant];
  const tiles = Math.ceil(outputs.rows / rows) * Math.ceil(outputs.columns / columns) * outputs.batches;
  const fewest = variant === 'workgroup' ? 1 : Math.ceil(length / LONGEST);
  return Math.max(fewest, Math.min(Math.floor(TILES[variant] / tiles), Math.floor(length / SHORTEST[variant])));
}

/** Parts of a run begin at multiples of this: of the steps that any variant takes at a time. */
export const UNIT = 16;

/** Parts of equal length, a multiple of `unit`, of which none is empty: at most as many as wanted. */
export function cut(length: number, wanted: number, unit: number): { part: number; splits: number } {
  const part = Math.ceil(Math.ceil(length / Math.min(wanted, length)) / unit) * unit;
  return { part, splits: Math.ceil(length / part) };
}

/** Parts that are read together where there are four times as many. */
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
  const atOnce = parts < 4 * AT_ONCE ? 1 : AT_ONCE;
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
    step: `${atOnce}u`,
    turns: Math.ceil(parts / atOnce),
    turn: (level) =>
      `${level('sum')} += ${range(atOnce)
        .map((n) => `part(k + ${n}u, i)`)
        .join(' + ')};`,
  })}
  ${second ? `if (i >= params.first) {\n    ${second}[i - params.first] = sum;\n    return;\n  }` : ''}
  ${second ? `${output}[i] = ${value}` : `put(${value}, i)`};
}`,
  });
}
