/**
 * conv2d with 3 × 3 windows (stride 1, dilation 1, one group) by Winograd's minimal filtering. Per tile of outputs:
 *
 *   y = output · [ Σ_c (weight · w[o, c] · weightᵀ) ⊙ (input · x[c] · inputᵀ) ] · outputᵀ + bias
 *
 * with the maps of winogradTransforms.ts: x and w are mapped, multiplied place by place of the tile (its *positions*) and
 * summed over channels, and the sums are mapped back. The gradient for x is the same with the window turned and its
 * channels exchanged; the gradient for w sums over tiles: dw = weightGrad · [ Σ_tiles (outputGrad · dy) ⊙ (input · x) ].
 *
 * The middle step is itself a convolution with one group per position, so the kernels beside this file do it: with tiles
 * of 2 × 2 its windows are 1 × 1 (16 positions, 4 / 9 of the multiplications), with tiles of 1 × 4 they are 3 × 1
 * (6 positions, half of the multiplications).
 *
 * Layout: mapped images are [n, positions · channels, tilesDown, tilesAcross], mapped weights [positions · o, c, window].
 * Launch: one invocation maps one plane's tile (`input`: several tiles side by side, whose inputs overlap).
 */
import type { GemmVariant } from '../gemm/spec.js';
import { RELU } from '../gemm/spec.js';
import type { Split } from '../gemm/split.js';
import { f32, interned, type Kernel, kernel, linear, linearMain } from '../kernel.js';
import { conv2dForward } from './forward.js';
import { type Conv2dShape, conv2dOutput } from './shape.js';
import { conv2dWeightGrad } from './weightGrad.js';
import { MAPS, mapped, type TileSize } from './winogradTransforms.js';

/** Outputs of a tile, down and across. */
export type WinogradTile = readonly [TileSize, TileSize];

export interface WinogradSpec {
  shape: Conv2dShape;
  tile: WinogradTile;
  /** Of the product. */
  variant: GemmVariant;
}

/** Whether a convolution can be done so, its input gradient included. */
export const winogradFits = (s: Conv2dShape): boolean =>
  [s.kh, s.kw].every((size) => size === 3) &&
  [s.strideH, s.strideW, s.dilationH, s.dilationW, s.groups].every((value) => value === 1) &&
  Math.max(s.padH, s.padW) <= 2;

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const positionsOf = ([down, across]: WinogradTile): readonly [number, number] => [
  MAPS[down].input.length,
  MAPS[across].input.length,
];

/** Tiles of an image's outputs; where tiles are one row high, the mapped input has all rows of the image. */
function tiles(shape: Conv2dShape, [down, across]: WinogradTile) {
  const { oh, ow } = conv2dOutput(shape);
  return {
    outDown: Math.ceil(oh / down),
    inDown: down === 1 ? shape.h : Math.ceil(oh / down),
    across: Math.ceil(ow / across),
  };
}

/** The convolution in the middle: a group per position, and the part of the window that the maps leave. */
function middle(shape: Conv2dShape, tile: WinogradTile): Conv2dShape {
  const { inDown, across } = tiles(shape, tile);
  const [high, wide] = positionsOf(tile);
  const groups = high * wide;
  return {
    ...{ ...shape, c: groups * shape.c, o: groups * shape.o, h: inDown, w: across, groups },
    ...{ kh: high === 1 ? 3 : 1, kw: 1, padH: high === 1 ? shape.padH : 0, padW: 0 },
  };
}

const sizeOf = ({ n, h, w }: Conv2dShape, channels: number): number => n * h * w * channels;

/** Tiles side by side that one invocation maps. More share more inputs and take longer to compile. */
const STRIP = 2;

/** [x] → mapped x. */
export const winogradInput = interned(({ shape, tile }: Omit<WinogradSpec, 'variant'>): Kernel => {
  const { n, c, h, w, padH, padW } = shape;
  const [down, across] = tile;
  const [high, wide] = positionsOf(tile);
  const { inDown, across: tilesAcross } = tiles(shape, tile);
  const strips = Math.ceil(tilesAcross / STRIP);
  const inputs = range(wide + (STRIP - 1) * across);
  const plane = inDown * tilesAcross;
  const size = n * c * inDown * strips;
  // Rows and columns before the image wrap to large numbers.
  const loads = range(high).map((i) => {
    const reads = inputs.map((j) => `let x${i}_${j} = select(0.0, x[row + left + ${j}u], rowInside & inside${j});`);
    return `  let top${i} = tileY * ${down}u + ${i}u${down === 1 ? '' : ` - ${padH}u`};`.concat(
      reads
        .map(
          (read) =>
            `\n  ${read.replace('row +', `image + top${i} * ${w}u +`).replace('rowInside', `(top${i} < ${h}u)`)}`,
        )
        .join(''),
    );
  });
  const known = new Set<string>();
  const stores = range(STRIP).map((t) => {
    const maps = mapped(`v${t}_`, [MAPS[down].input, MAPS[across].input], (i, j) => `x${i}_${j}`, t * across, known);
    const writes = range(high * wide).map(
      (p) => `v[at + ${p * c * plane}u + ${t}u] = v${t}_${Math.floor(p / wide)}_${p % wide};`,
    );
    const ragged = tilesAcross % STRIP > 0 && t > 0;
    return `  ${maps.join('\n  ')}\n  ${ragged ? `if (tileX + ${t}u < ${tilesAcross}u) {` : '{'}\n    ${writes.join('\n    ')}\n  }`;
  });
  return kernel({
    name: 'conv2d.winograd.input',
    read: { x: 'f32' },
    write: { v: 'f32' },
    workgroups: linear(size),
    wgsl: `${linearMain(size)}
  let tileX = i % ${strips}u * ${STRIP}u;
  let tileY = i / ${strips}u % ${inDown}u;
  let plane = i / ${strips * inDown}u;
  let image = plane * ${h * w}u;
  let left = tileX * ${across}u - ${padW}u;
${inputs.map((j) => `  let inside${j} = left + ${j}u < ${w}u;`).join('\n')}
${loads.join('\n')}
  let at = (plane / ${c}u * ${high * wide * c}u + plane % ${c}u) * ${plane}u + tileY * ${tilesAcross}u + tileX;
${stores.join('\n')}
}`,
  });
});

/** [weight] → mapped weight; `turned` by half a turn, with the channels exchanged, for the input gradient. */
export const winogradWeight = interned(
  ({ o, c, tile, turned }: { o: number; c: number; tile: WinogradTile; turned: boolean }): Kernel => {
    const [down, across] = [MAPS[tile[0]].weight, MAPS[tile[1]].weight];
    const [inputs, outputs] = turned ? [o, c] : [c, o];
    const maps = mapped('u', [down, across], (i, j) => (turned ? `w${2 - i}_${2 - j}` : `w${i}_${j}`));
    const taps = range(9).map((tap) => `let w${Math.floor(tap / 3)}_${tap % 3} = weight[at + ${tap}u];`);
    return kernel({
      name: 'conv2d.winograd.weight',
      read: { weight: 'f32' },
      write: { u: 'f32' },
      workgroups: linear(o * c),
      wgsl: `${linearMain(o * c)}
  let at = ${turned ? `(i % ${o}u * ${c}u + i / ${o}u)` : 'i'} * 9u;
  ${taps.join('\n  ')}
  ${maps.join('\n  ')}
  ${stored(tile, outputs * inputs, (row, column) => `u${row}_${column}`, 'u').join('\n  ')}
}`,
    });
  },
);

/** Stores of a mapped window: [position][lines][what is left of the window], element `i` of the lines. */
function stored(
  tile: WinogradTile,
  lines: number,
  value: (row: number, column: number) => string,
  to: string,
): string[] {
  return places(tile, lines, 'i').map(({ row, column, at }) => `${to}[${at}] = ${value(row, column)};`);
}

/** Where each element of a mapped window lies. */
function places(tile: WinogradTile, lines: number, line: string) {
  const [down, across] = tile;
  const [, wide] = positionsOf(tile);
  const window = (down === 1 ? 3 : 1) * (across === 1 ? 3 : 1);
  return range(MAPS[down].weight.length).flatMap((row) =>
    range(MAPS[across].weight.length).map((column) => {
      const position = (down === 1 ? 0 : row * wide) + (across === 1 ? 0 : column);
      const tap = (down === 1 ? row * (across === 1 ? 3 : 1) : 0) + (across === 1 ? column : 0);
      return { row, column, at: `${position * lines * window + tap}u + ${line} * ${window}u` };
    }),
  );
}

/** [mapped sums, bias?] → y. */
const winogradOutput = interned(
  ({ shape, tile, bias, relu }: Omit<WinogradSpec, 'variant'> & { bias: boolean; relu: boolean }): Kernel => {
    const { n, o } = shape;
    const { oh, ow } = conv2dOutput(shape);
    const [down, across] = tile;
    const [high, wide] = positionsOf(tile);
    const { outDown, across: tilesAcross } = tiles(shape, tile);
    const plane = outDown * tilesAcross;
    const size = n * o * plane;
    const loads = range(high * wide).map(
      (p) => `let m${Math.floor(p / wide)}_${p % wide} = sums[source + ${p * o * plane}u];`,
    );
    const stores = range(down).flatMap((i) =>
      range(across).map((j) => {
        const checks = [
          ...(i > 0 && oh % down > 0 ? [`(top + ${i}u < ${oh}u)`] : []),
          ...(j > 0 && ow % across > 0 ? [`(left + ${j}u < ${ow}u)`] : []),
        ];
        const sum = `y${i}_${j}${bias ? ' + bias' : ''}`;
        const store = `y[to + ${i * ow + j}u] = ${relu ? `relu(${sum})` : sum};`;
        return checks.length > 0 ? `if (${checks.join(' & ')}) { ${store} }` : store;
      }),
    );
    return kernel({
      name: 'conv2d.winograd.output',
      read: { sums: 'f32', ...(bias ? { biases: 'f32' } : {}) },
      write: { y: 'f32' },
      workgroups: linear(size),
      wgsl: `${relu ? RELU : ''}
${linearMain(size)}
  let plane = i / ${plane}u;
  let top = i / ${tilesAcross}u % ${outDown}u * ${down}u;
  let left = i % ${tilesAcross}u * ${across}u;
  let source = (plane / ${o}u * ${high * wide * o}u + plane % ${o}u) * ${plane}u + i % ${plane}u;
  let to = plane * ${oh * ow}u + top * ${ow}u + left;${bias ? `\n  let bias = biases[plane % ${o}u];` : ''}
  ${loads.join('\n  ')}
  ${mapped('y', [MAPS[down].output, MAPS[across].output], (i, j) => `m${i}_${j}`).join('\n  ')}
  ${stores.join('\n  ')}
}`,
    });
  },
);

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

function winograd(spec: WinogradSpec & { bias: boolean; relu: boolean; turned: boolean }): Winograd {
  const { shape, tile, variant, bias, relu, turned } = spec;
  const product = middle(shape, tile);
  const [o, c] = turned ? [shape.c, shape.o] : [shape.o, shape.c];
  return {
    input: winogradInput({ shape, tile }),
    inputSize: sizeOf(product, product.c),
    weight: winogradWeight({ o, c, tile, turned }),
    weightSize: product.o * shape.c * product.kh * product.kw,
    product: conv2dForward({ shape: product, bias: false, variant }),
    productSize: product.n * product.o * tiles(shape, tile).outDown * product.w,
    output: winogradOutput({ shape, tile, bias, relu }),
  };
}

/** y of x and weight. */
export const winogradForward = ({
  bias,
  relu = false,
  ...spec
}: WinogradSpec & { bias: boolean; relu?: boolean }): Winograd => winograd({ ...spec, bias, relu, turned: false });

/** dx of dy and weight. */
export const winogradInputGrad = ({ shape, ...spec }: WinogradSpec): Winograd => {
  const { oh, ow } = conv2dOutput(shape);
  const turned = { ...shape, c: shape.o, o: shape.c, h: oh, w: ow, padH: 2 - shape.padH, padW: 2 - shape.padW };
  return winograd({ ...spec, shape: turned, bias: false, relu: false, turned: true });
};

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
  sums: readonly number[];
  /** [sums, sums of z?] → dweight, dbias? */
  weightGrad: Kernel;
}

export const winogradWeightGrad = interned(
  ({ shape, tile, variant, bias, splits }: WinogradSpec & { bias: boolean; splits?: number }): WinogradWeightGrad => {
    const product = middle(shape, tile);
    const { outDown } = tiles(shape, tile);
    return {
      input: winogradInput({ shape, tile }),
      inputSize: sizeOf(product, product.c),
      outputGrad: outputGradKernel({ shape, tile }),
      outputGradSize: product.n * product.o * outDown * product.w,
      product: conv2dWeightGrad({ shape: product, bias, variant, ...(splits ? { splits } : {}) }),
      sums: [product.o * shape.c * product.kh * product.kw, ...(bias ? [product.o] : [])],
      weightGrad: weightGradKernel({ o: shape.o, c: shape.c, tile, bias }),
    };
  },
);

/** [dy] → mapped dy. */
const outputGradKernel = interned(({ shape, tile }: Omit<WinogradSpec, 'variant'>): Kernel => {
  const { n, o } = shape;
  const { oh, ow } = conv2dOutput(shape);
  const [down, across] = tile;
  const [high, wide] = positionsOf(tile);
  const { outDown, across: tilesAcross } = tiles(shape, tile);
  const plane = outDown * tilesAcross;
  const size = n * o * plane;
  const loads = range(down).flatMap((i) =>
    range(across).map((j) => {
      const checks = [
        ...(i > 0 && oh % down > 0 ? [`(top + ${i}u < ${oh}u)`] : []),
        ...(j > 0 && ow % across > 0 ? [`(left + ${j}u < ${ow}u)`] : []),
      ];
      const load = `dy[source + ${i * ow + j}u]`;
      return `let dy${i}_${j} = ${checks.length > 0 ? `select(0.0, ${load}, ${checks.join(' & ')})` : load};`;
    }),
  );
  return kernel({
    name: 'conv2d.winograd.outputGrad',
    read: { dy: 'f32' },
    write: { z: 'f32' },
    workgroups: linear(size),
    wgsl: `${linearMain(size)}
  let plane = i / ${plane}u;
  let top = i / ${tilesAcross}u % ${outDown}u * ${down}u;
  let left = i % ${tilesAcross}u * ${across}u;
  let source = plane * ${oh * ow}u + top * ${ow}u + left;
  let to = (plane / ${o}u * ${high * wide * o}u + plane % ${o}u) * ${plane}u + i % ${plane}u;
  ${loads.join('\n  ')}
  ${mapped('z', [MAPS[down].outputGrad, MAPS[across].outputGrad], (i, j) => `dy${i}_${j}`).join('\n  ')}
  ${range(high * wide)
    .map((p) => `z[to + ${p * o * plane}u] = z${Math.floor(p / wide)}_${p % wide};`)
    .join('\n  ')}
}`,
  });
});

/** [sums, sums of z?] → dweight, dbias?. Position 1 of an outputGrad map is a multiple of the sum over the tile. */
const weightGradKernel = interned(
  ({ o, c, tile, bias }: { o: number; c: number; tile: WinogradTile; bias: boolean }): Kernel => {
    const [down, across] = [MAPS[tile[0]], MAPS[tile[1]]];
    const [high, wide] = positionsOf(tile);
    const middleOf = (positions: number): number => Math.min(1, positions - 1);
    const share = (down.outputGrad[middleOf(high)]?.[0] ?? 1) * (across.outputGrad[middleOf(wide)]?.[0] ?? 1);
    const loads = places(tile, o * c, 'i').map(({ row, column, at }) => `let m${row}_${column} = sums[${at}];`);
    const taps = range(9).map((tap) => `weightGrad[i * 9u + ${tap}u] = w${Math.floor(tap / 3)}_${tap % 3};`);
    return kernel({
      name: 'conv2d.winograd.weightGrad',
      read: { sums: 'f32', ...(bias ? { totals: 'f32' } : {}) },
      write: { weightGrad: 'f32', ...(bias ? { biasGrad: 'f32' } : {}) },
      workgroups: linear(o * c),
      wgsl: `${linearMain(o * c)}
  ${loads.join('\n  ')}
  ${mapped('w', [down.weightGrad, across.weightGrad], (i, j) => `m${i}_${j}`).join('\n  ')}
  ${taps.join('\n  ')}
  ${bias ? `if (i < ${o}u) { biasGrad[i] = ${f32(1 / share)} * totals[${(middleOf(high) * wide + middleOf(wide)) * o}u + i]; }` : ''}
}`,
    });
  },
);
