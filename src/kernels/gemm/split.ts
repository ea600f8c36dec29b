/**
 * The second half of a product whose sum was cut into parts: output[i] = finish( Σ over parts p, in order, of parts[p, i] ).
 *
 * Layout: parts is [parts][size]. Launch: one invocation per output element.
 */
import { type Element, type Kernel, kernel, linear, linearMain } from '../kernel.js';
import { type GemmVariant, RELU } from './spec.js';

/** A product in two dispatches: `partial` writes `partialSize` floats, `reduce` reads them and writes the result. */
export interface Split {
  partial: Kernel;
  partialSize: number;
  reduce: Kernel;
}

/** Sums below `length` steps of k are not worth cutting further. */
const SHORTEST = { registers: 256, subgroups: 256, workgroup: 64 } as const;
/** Tiles that keep an adapter busy: a few per core, or several per compute unit. */
const TILES = { registers: 16, subgroups: 16, workgroup: 512 } as const;

/** Into how many parts to cut a sum of `length` products for each of rows × columns outputs. */
export function splitsFor(
  variant: GemmVariant,
  outputs: { rows: number; columns: number; batches: number },
  length: number,
): number {
  const tiles = Math.ceil(outputs.rows / 32) * Math.ceil(outputs.columns / 64) * outputs.batches;
  return Math.max(1, Math.min(Math.floor(TILES[variant] / tiles), Math.floor(length / SHORTEST[variant])));
}

/**
 * Adds the parts. `outputs` names the buffers that the `size` sums go to, one after the other, with their lengths.
 * `extra`, `bias` (a WGSL expression of `i`) and `relu` are the epilogue that the partial product could not apply.
 */
export function sumParts(spec: {
  name: string;
  parts: number;
  outputs: Readonly<Record<string, number>>;
  extra?: Readonly<Record<string, Element>>;
  bias?: string | undefined;
  relu?: boolean | undefined;
}): Kernel {
  const lengths = Object.entries(spec.outputs);
  const size = lengths.reduce((sum, [, length]) => sum + length, 0);
  const value = spec.bias ? `sum + ${spec.bias}` : 'sum';
  let start = 0;
  const stores = lengths.map(([name, length]) => {
    const store = `if (i >= ${start}u && i < ${start + length}u) { ${name}[i - ${start}u] = ${spec.relu ? `relu(${value})` : value}; }`;
    start += length;
    return store;
  });
  return kernel({
    name: spec.name,
    read: { parts: 'f32', ...spec.extra },
    write: Object.fromEntries(lengths.map(([name]) => [name, 'f32' as const])),
    workgroups: linear(size),
    wgsl: `${spec.relu ? RELU : ''}
${linearMain(size)}
  var sum = 0.0;
  for (var part = 0u; part < ${spec.parts}u; part++) { sum += parts[part * ${size}u + i]; }
  ${stores.join('\n  ')}
}`,
  });
}
