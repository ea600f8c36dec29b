/**
 * Representative kernels of every family, each spec a line: every branch of a generator, every variant, odd shapes. They
 * are compiled on Dawn's null backend by the tests, printed by `npm run wgsl`, and broken on purpose by `npm run mutate`.
 */

import { castKernel, fillKernel, gatherKernel, scatterKernel, whereKernel } from '../../src/kernels/copy.js';
import { cumsumKernel } from '../../src/kernels/cumsum.js';
import {
  type BinaryLine,
  binaryKernel,
  type UnaryLine,
  unaryGradKernel,
  unaryKernel,
} from '../../src/kernels/elementwise.js';
import { eliminationKernel } from '../../src/kernels/elimination.js';
import { fitKernel } from '../../src/kernels/fit.js';
import { bitsOf, GPU_FLAT } from '../../src/kernels/flat.js';
import type { Kernel } from '../../src/kernels/kernel.js';
import { nanToNumKernel } from '../../src/kernels/nanToNum.js';
import { recurrenceKernel } from '../../src/kernels/recurrence.js';
import { argKernel, MAX, MIN, PROD, reduceKernel, SUM } from '../../src/kernels/reduce.js';
import { nonzeroKernel, selectGradKernel, selectKernel } from '../../src/kernels/select.js';
import { singularKernels } from '../../src/kernels/singular.js';
import { countedSortKernel, mergeKernel, networkSortKernel } from '../../src/kernels/sort.js';
import { triangleKernel } from '../../src/kernels/triangle.js';
import { layerKernels } from './catalogueLayers.js';
import { binaryRecords, record, unaryRecords } from './records.js';

const unary = unaryRecords;
const binary = binaryRecords;
const [neg, relu] = ['neg', 'relu'].map((name) => record(unary, name)) as [UnaryLine, UnaryLine];
const [add, sub, div] = ['add', 'sub', 'div'].map((name) => record(binary, name)) as [
  BinaryLine,
  BinaryLine,
  BinaryLine,
];
const broadcast = { type: 'f32', shape: [3, 5, 7], stridesA: [7, 0, 1], stridesB: [0, 1, 0] } as const;
const middle = { outer: 5, length: 6, inner: 7, splits: 1 } as const;
/** Along the last dimension and across it, four at once and not. */
const SLABS = [
  { outer: 5, length: 40, inner: 1 },
  { outer: 5, length: 41, inner: 1 },
  { outer: 5, length: 40, inner: 8 },
] as const;

/** The kernels, made when asked for. */
export function catalogue(): Kernel[] {
  return [
    ...unary.map((line) => unaryKernel(line, { size: 300, parameter: bitsOf(0.5, 'f32') })),
    ...unary.map((line) => unaryGradKernel(line, { size: 300, parameter: bitsOf(0.5, 'f32') })),
    unaryKernel(neg, { size: 5, type: 'i32' }),
    unaryKernel(relu, { size: 5, flat: GPU_FLAT }),
    ...binary.map((line) => binaryKernel(line, { part: 'value', ...broadcast })),
    ...binary
      .filter(({ slopes }) => slopes)
      .flatMap((line) => (['gradA', 'gradB'] as const).map((part) => binaryKernel(line, { part, ...broadcast }))),
    binaryKernel(add, { part: 'value', ...broadcast, type: 'i32' }),
    // Four at once: in one shape, and with one element for all.
    binaryKernel(sub, { part: 'value', type: 'f32', shape: [2, 4], stridesA: [4, 1], stridesB: [4, 1] }),
    binaryKernel(sub, { part: 'value', type: 'i32', shape: [2, 4], stridesA: [0, 0], stridesB: [4, 1] }),
    binaryKernel(div, { part: 'gradB', type: 'f32', shape: [2, 4], stridesA: [4, 1], stridesB: [0, 0] }),
    ...[SUM, PROD, MAX, MIN].flatMap((op) =>
      (['f32', 'i32', 'u32'] as const).map((type) => reduceKernel(op, { type, ...middle, lanes: 1, scale: 1 })),
    ),
    ...[SUM, MAX].flatMap((op) => [
      ...SLABS.map((slab) => reduceKernel(op, { type: 'f32', ...slab, splits: 3, lanes: 1, scale: 0.25 })),
      ...SLABS.slice(0, 2).map((slab) => reduceKernel(op, { type: 'i32', ...slab, splits: 2, lanes: 64, scale: 1 })),
    ]),
    ...(['max', 'min'] as const).flatMap((op) => [
      argKernel({ op, type: 'f32', ...middle }),
      argKernel({ op, type: 'f32', ...middle, splits: 3 }),
      argKernel({ op, type: 'f32', ...middle, among: 3 }),
    ]),
    ...[8, 9].map((size) => nanToNumKernel({ size, nan: 0, posinf: 1, neginf: 2 })),
    // Four at once: neighbours, the same one, apart and backwards; and one by one.
    gatherKernel({ shape: [3, 4], strides: [-4, 1], offset: 8 }),
    gatherKernel({ shape: [3, 4], strides: [1, 0], offset: 0 }),
    gatherKernel({ shape: [3, 4], strides: [4, -1], offset: 3 }),
    gatherKernel({ shape: [3, 5], strides: [1, 3], offset: 0 }),
    scatterKernel({ shape: [3, 4], strides: [8, 1], offset: 2 }),
    scatterKernel({ shape: [3, 4], strides: [8, 1], offset: 4 }),
    fillKernel({ size: 70000 * 64, bits: bitsOf(1.5, 'f32') }),
    castKernel({ from: 'f32', to: 'i32', bool: false, size: 7 }),
    castKernel({ from: 'f32', to: 'u32', bool: true, size: 7 }),
    castKernel({ from: 'u32', to: 'f32', bool: false, size: 8 }),
    castKernel({ from: 'f32', to: 'u32', bool: false, size: 8 }),
    castKernel({ from: 'i32', to: 'f32', bool: false, none: '0x80000000u', size: 8 }),
    fitKernel({ size: 7, type: 'i32', none: '0x80000000u' }),
    fitKernel({ size: 8, type: 'u32', none: '0xffffffffu' }),
    castKernel({ from: 'i32', to: 'u32', bool: true, size: 8 }),
    whereKernel({
      shape: [6, 7],
      strides: [
        [7, 1],
        [7, 1],
        [0, 1],
      ],
    }),
    ...[7, 8].flatMap((columns) => {
      const matrices = { size: 15 * columns, rows: 5, columns, diagonal: -1, type: 'f32' } as const;
      return [
        triangleKernel({ ...matrices, lower: true, fill: '-Infinity' }),
        triangleKernel({ ...matrices, lower: false, fill: 0 }),
      ];
    }),
    ...[1, 4].flatMap((lanes) =>
      [false, true].map((reverse) => cumsumKernel({ ...middle, lanes, reverse, type: reverse ? 'f32' : 'i32' })),
    ),
    ...[1, 4].flatMap((lanes) =>
      (['totals', 'sums'] as const).map((want) =>
        cumsumKernel({ ...middle, lanes, parts: 2, want, reverse: false, type: 'f32' }),
      ),
    ),
    ...(['solve', 'inverse', 'det', 'cofactors'] as const).map((kind) =>
      eliminationKernel({ kind, batch: 3, n: 5, k: kind === 'det' ? 0 : 5, lanes: 16 }),
    ),
    ...[false, true].flatMap((vectors) =>
      [false, true].flatMap((isSoftware) =>
        [3, 40].flatMap((p) => singularKernels({ batch: 3, p, q: 70, wide: vectors, vectors, isSoftware })),
      ),
    ),
    ...[selectKernel({ size: 70 }), selectGradKernel({ size: 70 }), nonzeroKernel({ count: 5, shape: [2, 3, 4] })],
    ...(['product', 'forward', 'backward'] as const).map((kind) => recurrenceKernel({ ...middle, kind, type: 'f32' })),
    ...(['f32', 'i32', 'u32'] as const).flatMap((type) => {
      const rows = { outer: 2, length: 300, inner: 3, type, descending: type !== 'f32', keep: 100 };
      return [
        ...[countedSortKernel, networkSortKernel].flatMap((sort) => [
          sort({ ...rows, run: 64 }),
          sort({ ...rows, run: 512 }),
        ]),
        ...[64, 256].map((run) => mergeKernel({ ...rows, run })),
      ];
    }),
    ...layerKernels(),
  ];
}
