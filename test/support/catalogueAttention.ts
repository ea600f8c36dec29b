/** The part of the catalogue that is attention. */
import { attentionKernel, attentionRowsKernel } from '../../src/kernels/attention/attention.js';
import type { AttentionSpec } from '../../src/kernels/attention/spec.js';
import type { Kernel } from '../../src/kernels/kernel.js';

const plain = { queries: 40, keys: 36, scale: 0.25, causal: false, batch: [[2, 0, 0, 0, 0]] } as const;
const intricate = {
  ...{ queries: 33, keys: 47, scale: 1, causal: true, dropout: { p: 0.1, stream: 1 } },
  batch: [
    [2, 0, 235, 329, 1551],
    [3, 165, 0, 0, 0],
  ],
} as const;

/** Features that vec4 fill and do not, and as many as need more threads. */
const CASES: readonly Omit<AttentionSpec, 'variant'>[] = [
  { ...plain, width: 16, outputs: 16 },
  { ...plain, width: 5, outputs: 7, mask: { type: 'u32', row: 0, column: 1 } },
  { ...intricate, width: 5, outputs: 7 },
  { ...intricate, causal: false, width: 8, outputs: 4, mask: { type: 'f32', row: 47, column: 1 } },
];
const WIDE: readonly Omit<AttentionSpec, 'variant'>[] = [
  { ...plain, width: 64, outputs: 64 },
  { ...plain, causal: true, width: 128, outputs: 128 },
  { ...plain, width: 256, outputs: 256 },
];

const parts = (spec: AttentionSpec): Kernel[] =>
  (['forward', 'queryGrad', 'keyGrad'] as const).map((part) => attentionKernel({ ...spec, part }));

export const attentionKernels = (): Kernel[] => [
  ...(['registers', 'subgroups', 'workgroup'] as const).flatMap((variant) =>
    CASES.flatMap((spec) => parts({ ...spec, variant })),
  ),
  ...WIDE.flatMap((spec) => parts({ ...spec, variant: 'workgroup' })),
  ...[1, 64].map((lanes) => attentionRowsKernel({ count: 12, outputs: 7, lanes, drops: lanes > 1 })),
];
