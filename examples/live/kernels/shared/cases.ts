/** Every kernel that the page shows: its family, its ladder of sizes, and how exact it has to be. */

export interface KernelCase {
  readonly id: string;
  readonly family: string;
  readonly title: string;
  /** How it is called in kindling. */
  readonly call: string;
  /** What n is, and its ladder. */
  readonly of: string;
  readonly sizes: readonly number[];
  /** The most that a result may be off, in ulp of what it is measured against. 0: not at all. */
  readonly bound: number;
}

type Line = readonly [id: string, title: string, call: string, of: string, sizes: readonly number[], bound: number];

/** n, 2n, 4n … or with another factor. */
const ladder = (from: number, to: number, factor = 2): number[] => {
  const sizes: number[] = [];
  for (let size = from; size <= to; size *= factor) sizes.push(size);
  return sizes;
};

const ELEMENTS = ladder(2 ** 12, 2 ** 24, 4);
const IMAGES = ladder(1, 256);
const ROWS = ladder(16, 2 ** 14, 4);

/**
 * Bounds. Where a result is a sum, its error is measured against the sum of the terms' magnitudes: of terms of either sign, adding
 * in any order, it stays within a few ulp however many there are. What is copied or compared is exact. exp, log, tanh, 1/√x and
 * division may each be some ulp off by WGSL's own account.
 */
const FAMILIES: Readonly<Record<string, readonly Line[]>> = {
  'Matrix products': [
    ['matmul', 'Matrix product', 'matmul(a, b)', 'rows and columns', ladder(32, 4096), 8],
    ['linear', 'Linear layer', 'F.linear(x, weight, bias)', 'rows and columns', ladder(32, 4096), 8],
    ['matvec', 'One row by a matrix', 'matmul(x, weight)', 'rows and columns', ladder(64, 8192), 8],
  ],
  Convolutions: [
    ['conv2d', 'Convolution', 'F.conv2d(x, weight, null, { padding: 1 })', 'images', IMAGES, 8],
    ['conv2dInputGrad', 'Convolution, input gradient', 'F.conv2d(…).backward(g); x.grad', 'images', IMAGES, 8],
    ['conv2dWeightGrad', 'Convolution, weight gradient', 'F.conv2d(…).backward(g); weight.grad', 'images', IMAGES, 8],
    [
      'conv2dStrided',
      'Convolution with a stride',
      'F.conv2d(x, weight, null, { stride: 2, padding: 2 })',
      'images',
      IMAGES,
      8,
    ],
    [
      'depthwise',
      'Depthwise convolution',
      'F.conv2d(x, weight, null, { padding: 1, groups: 64 })',
      'images',
      IMAGES,
      8,
    ],
  ],
  Pooling: [
    ['maxPool2d', 'Max pooling', 'F.maxPool2d(x, 2)', 'images', IMAGES, 0],
    ['maxPool2dGrad', 'Max pooling, gradient', 'F.maxPool2d(x, 2).backward(g); x.grad', 'images', IMAGES, 0],
    ['avgPool2d', 'Average pooling', 'F.avgPool2d(x, 2)', 'images', IMAGES, 4],
  ],
  Reductions: [
    ['sum', 'Sum of all', 'sum(x)', 'elements', ELEMENTS, 8],
    ['sumRows', 'Sums of rows', 'sum(x, { dim: 1 })', 'rows', ROWS, 8],
    ['sumColumns', 'Sums of columns', 'sum(x, { dim: 0 })', 'rows', ROWS, 8],
    ['argmax', 'Where the largest lies', 'argmax(x, { dim: 1 })', 'rows', ROWS, 0],
    ['cumsum', 'Running sums', 'cumsum(x, 1)', 'elements of a row', ladder(64, 2 ** 16, 4), 8],
  ],
  'Rows and losses': [
    ['softmax', 'Softmax', 'softmax(x, 1)', 'rows', ROWS, 64],
    ['logSoftmax', 'Log-softmax', 'logSoftmax(x, 1)', 'rows', ROWS, 32],
    ['crossEntropy', 'Cross-entropy', 'F.crossEntropy(x, targets)', 'rows', ROWS, 32],
    ['crossEntropyGrad', 'Cross-entropy, gradient', 'F.crossEntropy(x, targets).backward(); x.grad', 'rows', ROWS, 64],
  ],
  Normalisation: [
    ['layerNorm', 'Layer norm', 'F.layerNorm(x, [256], { weight, bias })', 'rows', ROWS, 16],
    ['layerNormGrad', 'Layer norm, gradient', 'F.layerNorm(…).backward(g); x.grad', 'rows', ROWS, 32],
    ['batchNorm', 'Batch norm', 'F.batchNorm(x, { weight, bias, training: true })', 'images', IMAGES, 16],
  ],
  Elementwise: [
    ['relu', 'ReLU', 'relu(x)', 'elements', ELEMENTS, 0],
    ['add', 'Addition', 'add(x, y)', 'elements', ELEMENTS, 0.5],
    ['chain', 'A chain, fused', 'x.mul(a).add(b).sigmoid().mul(y)', 'elements', ELEMENTS, 32],
    ['dropout', 'Dropout', 'F.dropout(x, { p: 0.2 })', 'elements', ELEMENTS, 4],
  ],
  Attention: [
    ['attention', 'Attention', 'F.scaledDotProductAttention(q, k, v)', 'places', ladder(16, 2048), 32],
    [
      'attentionCausal',
      'Causal attention',
      'F.scaledDotProductAttention(q, k, v, { isCausal: true })',
      'places',
      ladder(16, 2048),
      32,
    ],
  ],
  Embedding: [
    ['embedding', 'Embedding', 'F.embedding(indices, weight)', 'rows that are picked', ROWS, 0],
    [
      'embeddingGrad',
      'Embedding, gradient',
      'F.embedding(…).backward(g); weight.grad',
      'rows that are picked',
      ROWS,
      8,
    ],
  ],
  Optimizers: [
    ['adam', 'Adam', 'new Adam(parameters).step()', 'parameters', ELEMENTS, 4],
    ['clipGradNorm', 'Clipping', 'clipGradNorm(parameters, 1)', 'parameters', ELEMENTS, 16],
  ],
  Order: [
    ['sort', 'Sorting rows', 'sort(x, { dim: 1 })', 'elements of a row', ladder(16, 2 ** 16, 4), 0],
    ['topk', 'The ten largest', 'topk(x, 10)', 'elements of a row', ladder(16, 2 ** 16, 4), 0],
  ],
  Recurrent: [['lstm', 'LSTM', 'new LSTM(32, 64)', 'steps', ladder(4, 256), 64]],
};

export const CASES: readonly KernelCase[] = Object.entries(FAMILIES).flatMap(([family, lines]) =>
  lines.map(([id, title, call, of, sizes, bound]) => ({ family, id, title, call, of, sizes, bound })),
);

export const FAMILY_NAMES: readonly string[] = Object.keys(FAMILIES);

export const caseOf = (id: string): KernelCase | undefined => CASES.find((one) => one.id === id);
