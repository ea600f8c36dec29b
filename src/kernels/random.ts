/**
 * Random numbers: element i is made of word i mod 4 of philox(key = seed, counter = [⌊i / 4⌋, 0, stream, 1]), so it depends on
 * no launch shape. The same function runs on the host (`src/tensor/generator.ts`).
 *
 * Words of `draw`: seed low, seed high, 0, stream, then two or three of the distribution's own.
 * Launch: see flat.ts; a vec4 is the four words of one block.
 */
import { LOG, LOG1P, SIN } from './elementwise/helpers.js';
import { type Flat, flatKernel } from './flat.js';
import { interned, type Kernel } from './kernel.js';
import { PHILOX } from './philox.js';

export type Distribution = 'uniform' | 'normal' | 'integer' | 'bernoulli';
export type Drawn = 'f32' | 'i32' | 'u32';

/** WGSL of four values from four words. */
const DISTRIBUTIONS: Readonly<Record<Distribution, (type: Drawn) => string>> = {
  // low, high − low, the largest float below high: a sum that is rounded up must not reach it.
  uniform: () => `
fn values(w: vec4<u32>) -> vec4<f32> {
  let u = vec4<f32>(w >> vec4(8u)) * 5.9604645e-8;
  return min(bitcast<f32>(draw[4]) + bitcast<f32>(draw[5]) * u, vec4(bitcast<f32>(draw[6])));
}`,
  // mean, standard deviation. Box and Muller: two words make two values.
  normal: () => `${LOG}${LOG1P}${SIN}
fn pair(radius: u32, angle: u32) -> vec2<f32> {
  let r = sqrt(-2.0 * log1p_(-f32(radius >> 8u) * 5.9604645e-8));
  let a = f32(angle >> 8u) * 3.7450704e-7;
  return r * vec2(cos_(a), sin_(a));
}
fn values(w: vec4<u32>) -> vec4<f32> {
  return vec4(pair(w.x, w.y), pair(w.z, w.w)) * bitcast<f32>(draw[5]) + bitcast<f32>(draw[4]);
}`,
  // low, how many there are (0 for 2³²)
  integer: (type) => `
fn one(w: u32) -> ${type} { return ${type}(bitcast<${type === 'u32' ? 'u32' : 'i32'}>(draw[4] + select(mulhi(w, draw[5]), w, draw[5] == 0u))); }
fn values(w: vec4<u32>) -> vec4<${type}> { return vec4(one(w.x), one(w.y), one(w.z), one(w.w)); }`,
  // the probability in units of 2⁻³², and whether it is 1
  bernoulli: (type) => `
fn values(w: vec4<u32>) -> vec4<${type}> {
  return select(vec4<${type}>(0), vec4<${type}>(1), (w < vec4(draw[4])) | vec4(draw[5] == 1u));
}`,
};

/** draw → elements. */
export const randomKernel = /* @__PURE__ */ interned(
  (spec: { distribution: Distribution; type: Drawn; size: number; flat: Flat }): Kernel => {
    const { distribution, type, size, flat } = spec;
    return flatKernel({
      name: `random.${distribution}`,
      read: { draw: 'u32' },
      write: { ys: { walked: type } },
      size,
      flat,
      module: `${PHILOX}${DISTRIBUTIONS[distribution](type)}
fn block(n: u32) -> vec4<${type}> {
  return values(philox(vec2(draw[0], draw[1]), vec4(n, draw[2], draw[3], 1u)));
}`,
      body: (vector) => (vector ? 'ys[i] = block(i);' : 'ys[i] = block(i / 4u)[i % 4u];'),
    });
  },
);
