/**
 * conv2d with 3 × 3 windows (stride 1, dilation 1, one group) by Winograd's F(2 × 2, 3 × 3). Per tile of 2 × 2 outputs:
 *
 *   y = output · [ Σ_c (weight · w[o, c] · weightᵀ) ⊙ (input · x[c] · inputᵀ) ] · outputᵀ + bias
 *
 * with the maps of winogradTransforms.ts: tiles of x and windows of w become 4 × 4 *positions*, which are multiplied one by
 * one and summed over channels, and the sums are mapped back: 4 / 9 of the multiplications. The gradient for x is the same
 * with the window turned and its channels exchanged. The gradient for w sums over tiles instead:
 * dw = weightGrad · [ Σ (outputGrad · dy · outputGradᵀ) ⊙ (input · x · inputᵀ) ] · weightGradᵀ.
 *
 * The middle step is a convolution with 1 × 1 windows and a group per position, so the kernels beside this file do it.
 *
 * Layout: mapped images are [n, 16 · channels, tilesDown, tilesAcross], mapped weights [16 · o, c].
 * Launch: one invocation maps one tile of a plane (`input`: two side by side, which share half of their inputs), or a window.
 *
 * Times faster than the direct kernels, medians (SwiftShader on 2 busy cores, Chromium 156 and Node, 2026-11; forward, input
 * gradient, weight gradient):
 * - [16, 128, 16, 16] × [128, 128, 3, 3]: 2.2, 2.4, 2.5; [4, 256, 16, 16] × [256, 256, 3, 3]: 2.2, 1.2 to 2, 2.3 (Chromium).
 * - [64, 64, 6, 6] × [64, 64, 3, 3]: 1.3 to 1.5, 0.8, 1.6.
 * - [64, 32, 15, 15] × [64, 32, 3, 3]: 1.0, 0.8 to 1.1, 1.3 to 1.4. The maps cost a fifth to a third of the time there.
 * Price: three dispatches more, and mapped tensors of 4 times the size: with the weight gradients of both of the latter, a
 * step of the study's network has 28 dispatches and 36 MB instead of 22 and 21.
 */
import type { GemmVariant } from '../gemm/spec.js';
import type { Split } from '../gemm/split.js';
import { interned, type Kernel, kernel, linear, linearKernel, linearMain } from '../kernel.js';
import { range } from '../range.js';
import { conv2dForward } from './forward.js';
import { type Conv2dShape, conv2dOutput } from './shape.js';
import { conv2dWeightGrad } from './weightGrad.js';
import { MAPS, mapped } from './winogradTransforms.js';

export interface WinogradSpec {
  shape: Conv2dShape;
  /** Of the product. */
  variant: GemmVariant;
}

/** Whether a convolution can be done so. */
export const winogradFits = (s: Conv2dShape): boolean =>
  s.kh === 3 && s.kw === 3 && [s.strideH, s.strideW, s.dilationH, s.dilationW, s.groups].every((value) => value === 1);

/**
 * Which of a convolution's three products take it. 64 channels forward and 32 in the weight gradient would gain too, where
 * dispatches and memory do not matter.
 *
 * @param software whether the adapter computes on the CPU; nothing was measured on others, which keep the direct kernels.
 */
export function winogradWins(shape: Conv2dShape, software: boolean) {
  const fits = software && winogradFits(shape);
  const channels = Math.min(shape.c, shape.o);
  return { forward: fits && channels >= 128, inputGrad: fits && channels >= 128, weightGrad: fits && channels >= 64 };
}

const POSITIONS = range(16).map((p) => ({ p, row: Math.floor(p / 4), column: p % 4 }));
const TAPS = range(9).map((tap) => ({ tap, row: Math.floor(tap / 3), column: tap % 3 }));

/** The convolution in the middle: one group per position. */
function middle(shape: Conv2dShape): Conv2dShape {
  const { oh, ow } = conv2dOutput(shape);
  return {
    ...{ ...shape, c: 16 * shape.c, o: 16 * shape.o, groups: 16, kh: 1, kw: 1, padH: 0, padW: 0 },
    ...{ h: Math.ceil(oh / 2), w: Math.ceil(ow / 2) },
  };
}

const sizeOf = ({ n, h, w }: Conv2dShape, channels: number): number => n * channels * h * w;

/** WGSL of where position 0 of tile `i` of a plane lies, and `i`'s plane and first pixel. */
function tileOf(shape: Conv2dShape, channels: number): string {
  const { h, w } = middle(shape);
  return `  let plane = i / ${h * w}u;
  let top = i / ${w}u % ${h}u * 2u;
  let left = i % ${w}u * 2u;
  let tile = (plane / ${channels}u * ${16 * channels}u + plane % ${channels}u) * ${h * w}u + i % ${h * w}u;`;
}

/** The outputs of a tile, and the WGSL condition under which they exist, unless they always do. */
function outputsOf(shape: Conv2dShape) {
  const { oh, ow } = conv2dOutput(shape);
  return [0, 1].flatMap((row) =>
    [0, 1].map((column) => {
      const checks = [
        ...(row > 0 && oh % 2 > 0 ? [`(top + 1u < ${oh}u)`] : []),
        ...(column > 0 && ow % 2 > 0 ? [`(left + 1u < ${ow}u)`] : []),
      ];
      return {
        row,
        column,
        at: `plane * ${oh * ow}u + top * ${ow}u + left + ${row * ow + column}u`,
        exists: checks.join(' & '),
      };
    }),
  );
}

/** The input gradient of a padding above 2 has a negative one. */
const less = (padding: number): string => (padding < 0 ? ` + ${-padding}u` : ` - ${padding}u`);

/** [x] → v, mapped. */
const inputKernel = /* @__PURE__ */ interned((shape: Conv2dShape): Kernel => {
  const { n, c, h, w, padH, padW } = shape;
  const { h: down, w: across } = middle(shape);
  const pairs = Math.ceil(across / 2);
  const size = n * c * down * pairs;
  const columns = range(6);
  // Rows and columns before the image wrap to large numbers.
  const loads = range(4).map(
    (row) => `  let y${row} = tileY * 2u + ${row}u${less(padH)};
  let inside${row} = y${row} < ${h}u;
  ${columns.map((column) => `let x${row}_${column} = select(0.0, x[image + y${row} * ${w}u + left + ${column}u], inside${row} & has${column});`).join('\n  ')}`,
  );
  const known = new Set<string>();
  const tiles = [0, 1].map((t) => {
    const maps = mapped(`v${t}_`, MAPS.input, (row, column) => `x${row}_${column}`, 2 * t, known);
    const stores = POSITIONS.map(
      ({ p, row, column }) => `v[at + ${p * c * down * across + t}u] = v${t}_${row}_${column};`,
    );
    return `  ${maps.join('\n  ')}
  ${t > 0 && across % 2 > 0 ? `if (tileX + 1u < ${across}u) {` : '{'}
    ${stores.join('\n    ')}
  }`;
  });
  return linearKernel({
    name: 'conv2d.winograd.input',
    read: { x: 'f32' },
    write: { v: 'f32' },
    size,
    body: `  let tileX = i % ${pairs}u * 2u;
  let tileY = i / ${pairs}u % ${down}u;
  let plane = i / ${pairs * down}u;
  let image = plane * ${h * w}u;
  let left = tileX * 2u${less(padW)};
  ${columns.map((column) => `let has${column} = left + ${column}u < ${w}u;`).join('\n  ')}
${loads.join('\n')}
  let at = (plane / ${c}u * ${16 * c}u + plane % ${c}u) * ${down * across}u + tileY * ${across}u + tileX;
${tiles.join('\n')}`,
  });
});

/** [weight] → u, mapped; `turned` by half a turn and with its channels exchanged for the input gradient. */
const weightKernel = /* @__PURE__ */ interned(
  ({ o, c, turned }: { o: number; c: number; turned: boolean }): Kernel =>
    linearKernel({
      name: 'conv2d.winograd.weight',
      read: { weight: 'f32' },
      write: { u: 'f32' },
      size: o * c,
      body: `  let at = ${turned ? `(i % ${o}u * ${c}u + i / ${o}u)` : 'i'} * 9u;
  ${TAPS.map(({ tap, row, column }) => `let w${row}_${column} = weight[at + ${turned ? 8 - tap : tap}u];`).join('\n  ')}
  ${mapped('u', MAPS.weight, (row, column) => `w${row}_${column}`).join('\n  ')}
  ${POSITIONS.map(({ p, row, column }) => `u[${p * o * c}u + i] = u${row}_${column};`).join('\n  ')}`,
    }),
);

/** [sums, bias?] → y. */
const outputKernel = /* @__PURE__ */ interned(({ shape, bias }: { shape: Conv2dShape; bias?: boolean }): Kernel => {
  const { o } = shape;
  const { n, h, w } = middle(shape);
  const size = n * o * h * w;
  const stores = outputsOf(shape).map(({ row, column, at, exists }) => {
    const store = `put(y${row}_${column}${bias ? ' + added' : ''}, ${at});`;
    return exists ? `if (${exists}) { ${store} }` : store;
  });
  return kernel({
    name: 'conv2d.winograd.output',
    read: { sums: 'f32', ...(bias && { bias: 'f32' as const }) },
    write: { y: 'f32' },
    puts: 'y',
    workgroups: linear(size),
    wgsl: `${linearMain(size)}
${tileOf(shape, o)}${bias ? `\n  let added = bias[plane % ${o}u];` : ''}
  ${POSITIONS.map(({ p, row, column }) => `let m${row}_${column} = sums[tile + ${p * o * h * w}u];`).join('\n  ')}
  ${mapped('y', MAPS.output, (row, column) => `m${row}_${column}`).join('\n  ')}
  ${stores.join('\n  ')}
}`,
  });
});

/** A convolution in four dispatches, in the order of the fields, with the floats that each of the first three writes. */
export interface Winograd {
  /** [x] → v */
  input: Kernel;
  inputSize: number;
  /** [weight] → u */
  weight: Kernel;
  weightSize: number;
  /** [v, u] → sums */
  product: Kernel;
  productSize: number;
  /** [sums, bias?] → y */
  output: Kernel;
}

/** y of x and weight. */
export const winogradForward = /* @__PURE__ */ interned(
  ({ shape, variant, bias }: WinogradSpec & { bias: boolean }): Winograd => ({
    ...upToSums(shape, variant, false),
    output: outputKernel({ shape, bias }),
  }),
);

/** dx of dy and weight. */
export const winogradInputGrad = /* @__PURE__ */ interned(({ shape, variant }: WinogradSpec): Winograd => {
  const { oh, ow } = conv2dOutput(shape);
  const turned = { ...shape, c: shape.o, o: shape.c, h: oh, w: ow, padH: 2 - shape.padH, padW: 2 - shape.padW };
  return { ...upToSums(turned, variant, true), output: outputKernel({ shape: turned }) };
});

function upToSums(shape: Conv2dShape, variant: GemmVariant, turned: boolean): Omit<Winograd, 'output'> {
  const { o, c } = shape;
  const product = middle(shape);
  return {
    input: inputKernel(shape),
    inputSize: sizeOf(product, product.c),
    weight: weightKernel(turned ? { o: c, c: o, turned } : { o, c, turned }),
    weightSize: 16 * o * c,
    product: conv2dForward({ shape: product, bias: false, variant }),
    productSize: sizeOf(product, product.o),
  };
}

/** The gradients for weight and bias, in dispatches in the order of the fields. */
export interface WinogradWeightGrad {
  /** [x] → v, as forward's. */
  input: Kernel;
  inputSize: number;
  /** [dy] → z */
  outputGrad: Kernel;
  outputGradSize: number;
  /** [z, v] → sums, and the sums of z if the bias has a gradient. */
  product: Kernel | Split;
  sumSizes: readonly number[];
  /** [sums, sums of z?] → dweight, dbias? */
  weightGrad: Kernel;
}

export const winogradWeightGrad = /* @__PURE__ */ interned(
  ({ shape, variant, bias }: WinogradSpec & { bias: boolean }): WinogradWeightGrad => {
    const { o, c } = shape;
    const product = middle(shape);
    return {
      input: inputKernel(shape),
      inputSize: sizeOf(product, product.c),
      outputGrad: outputGradKernel(shape),
      outputGradSize: sizeOf(product, product.o),
      product: conv2dWeightGrad({ shape: product, bias, variant }),
      sumSizes: [16 * o * c, ...(bias ? [16 * o] : [])],
      weightGrad: weightGradKernel({ o, c, bias }),
    };
  },
);

/** [dy] → z, mapped. */
const outputGradKernel = /* @__PURE__ */ interned((shape: Conv2dShape): Kernel => {
  const { o } = shape;
  const { n, h, w } = middle(shape);
  const size = n * o * h * w;
  const loads = outputsOf(shape).map(
    ({ row, column, at, exists }) =>
      `let dy${row}_${column} = ${exists ? `select(0.0, dy[${at}], ${exists})` : `dy[${at}]`};`,
  );
  return linearKernel({
    name: 'conv2d.winograd.outputGrad',
    read: { dy: 'f32' },
    write: { z: 'f32' },
    size,
    body: `${tileOf(shape, o)}
  ${loads.join('\n  ')}
  ${mapped('z', MAPS.outputGrad, (row, column) => `dy${row}_${column}`).join('\n  ')}
  ${POSITIONS.map(({ p, row, column }) => `z[tile + ${p * o * h * w}u] = z${row}_${column};`).join('\n  ')}`,
  });
});

/** [sums, sums of z?] → dweight, dbias?. Position 5 of z, (1, 1), is a quarter of the sum over its tile. */
const weightGradKernel = /* @__PURE__ */ interned(
  ({ o, c, bias }: { o: number; c: number; bias: boolean }): Kernel =>
    linearKernel({
      name: 'conv2d.winograd.weightGrad',
      read: { sums: 'f32', ...(bias ? { totals: 'f32' } : {}) },
      write: { weightGrad: 'f32', ...(bias ? { biasGrad: 'f32' } : {}) },
      size: o * c,
      body: `  ${POSITIONS.map(({ p, row, column }) => `let m${row}_${column} = sums[${p * o * c}u + i];`).join('\n  ')}
  ${mapped('w', MAPS.weightGrad, (row, column) => `m${row}_${column}`).join('\n  ')}
  ${TAPS.map(({ tap, row, column }) => `weightGrad[i * 9u + ${tap}u] = w${row}_${column};`).join('\n  ')}
  ${bias ? `if (i < ${o}u) { biasGrad[i] = 4.0 * totals[${5 * o}u + i]; }` : ''}`,
    }),
);
