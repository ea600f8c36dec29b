/**
 * Tensors made of nothing but their index: one value everywhere, progressions, the identity. Values come from a buffer of
 * words, so a kernel serves all of them. Launch: see flat.ts.
 */
import { type Flat, flatKernel } from './flat.js';
import { interned, type Kernel } from './kernel.js';

export type Filled = 'f32' | 'i32' | 'u32';

/** A way to make an element of its index: WGSL of `fn value(i: u32)`. */
export interface Filling {
  readonly name: string;
  readonly value: (type: Filled) => string;
}

/** words[0] everywhere. */
export const VALUE: Filling = {
  name: 'value',
  value: (type) => `fn value(i: u32) -> ${type} { return bitcast<${type}>(words[0]); }`,
};

/**
 * start + i·step. For f32 both are given in two parts, the first of the step of 12 bits, so that its products with the halves of
 * i are exact: where they and the start cancel there is no rounding error yet. Words: start, its rest, step, its rest.
 */
export const PROGRESSION: Filling = {
  name: 'progression',
  value: (type) =>
    type === 'f32'
      ? `
fn value(i: u32) -> f32 {
  let step = bitcast<f32>(words[2]);
  let large = f32(i & 0xfffff000u) * step;
  let small = f32(i & 0xfffu) * step;
  return ((bitcast<f32>(words[0]) + large) + small) + (f32(i) * bitcast<f32>(words[3]) + bitcast<f32>(words[1]));
}`
      : `fn value(i: u32) -> ${type} { return bitcast<${type}>(words[0] + i * words[1]); }`,
};

/** 1 on the diagonal of a matrix of words[0] columns. */
export const EYE: Filling = {
  name: 'eye',
  value: (type) => `fn value(i: u32) -> ${type} { return ${type}(i / words[0] == i % words[0]); }`,
};

const kernelOf = /* @__PURE__ */ interned(
  ({
    name,
    value,
    type,
    size,
    flat,
  }: {
    name: string;
    value: string;
    type: Filled;
    size: number;
    flat: Flat;
  }): Kernel =>
    flatKernel({
      name: `fill.${name}`,
      read: { words: 'u32' },
      write: { ys: { walked: type } },
      size,
      flat,
      module: value,
      body: (vector) =>
        vector
          ? 'ys[i] = vec4(value(4u * i), value(4u * i + 1u), value(4u * i + 2u), value(4u * i + 3u));'
          : 'ys[i] = value(i);',
    }),
);

/** words → elements, each a function of its index. */
export const fillKernel = ({ name, value }: Filling, of: { type: Filled; size: number; flat: Flat }): Kernel =>
  kernelOf({ name, value: value(of.type), ...of });
