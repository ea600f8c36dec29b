/** What each kernel computes, and how it goes about it, after the heads of the files in `src/kernels`. */

export interface Mathematics {
  readonly formulas: readonly string[];
  readonly words: string;
}

const PRODUCT =
  'Each invocation keeps a tile of sums in registers; on GPUs a workgroup loads slices of both factors into memory that its invocations share, and the next slice while it multiplies this one. Where there are few tiles the sum is split among workgroups and added up by a second kernel.';
const ROWS =
  'A row belongs to one invocation or to several lanes side by side, which add up theirs by workgroup memory; how many depends on its length and on the adapter.';
const WINDOWS = 'An invocation for each output. Windows lie side by side, so that every element belongs to one.';

export const MATHS: Readonly<Record<string, Mathematics>> = {
  matmul: { formulas: ['c_{ij} = sum_k a_{ik} b_{kj}'], words: PRODUCT },
  linear: {
    formulas: ['y_{ij} = b_j + sum_k x_{ik} w_{jk}'],
    words: `The weight is read as it lies, transposed by its strides, and the bias is added where the sum is written. ${PRODUCT}`,
  },
  matvec: {
    formulas: ['y_j = sum_k x_k w_{kj}'],
    words:
      'Each element of the matrix is used once: this is as fast as memory is. It runs by the kernel of matrix products.',
  },
  conv2d: {
    formulas: ['y_{nors} = sum_{c p q} x_{nc, r+p, s+q} w_{ocpq}'],
    words: `A matrix product whose left factor is never built: rows are outputs, columns are channels, and the place of x for a row and a tap is computed while it is loaded. ${PRODUCT}`,
  },
  conv2dInputGrad: {
    formulas: ['dx_{nchw} = sum_{o p q} g_{no, h−p, w−q} w_{ocpq}'],
    words:
      'The convolution of the gradient above with the windows turned over: again a product that gathers as it loads, one phase of the stride after the other.',
  },
  conv2dWeightGrad: {
    formulas: ['dw_{ocpq} = sum_{n r s} g_{nors} x_{nc, r+p, s+q}'],
    words:
      'The sum runs over all places of all images, so it is by far the longest of the three and the outputs are few: it is split among workgroups, whose parts a second kernel adds up.',
  },
  conv2dStrided: {
    formulas: ['y_{nors} = sum_{c p q} x_{nc, 2r+p−2, 2s+q−2} w_{ocpq}'],
    words: 'As the convolution, with every other place of x and two of padding, which count as zeros.',
  },
  depthwise: {
    formulas: ['y_{ncrs} = sum_{p q} x_{nc, r+p−1, s+q−1} w_{cpq}'],
    words:
      'Each channel has a window of its own. There is nothing to share as in a product: an invocation adds up the nine taps of some outputs itself.',
  },
  maxPool2d: { formulas: ['y_{ncrs} = max_{p q} x_{nc, 2r+p, 2s+q}'], words: WINDOWS },
  maxPool2dGrad: {
    formulas: ['dx_{nchw} = g_{ncrs} if x_{nchw} = y_{ncrs} else 0'],
    words:
      'Forward notes where the largest of each window lies, the first of several; backward writes the gradient there, and zero elsewhere.',
  },
  avgPool2d: { formulas: ['y_{ncrs} = frac{1}{4} sum_{p q} x_{nc, 2r+p, 2s+q}'], words: WINDOWS },
  sum: {
    formulas: ['y = sum_i x_i'],
    words:
      'Workgroups add up stretches of x, four elements at a time, and a second kernel their sums. Added in this order, rounding errors grow far slower than one after the other.',
  },
  sumRows: { formulas: ['y_i = sum_j x_{ij}'], words: ROWS },
  sumColumns: {
    formulas: ['y_j = sum_i x_{ij}'],
    words:
      'Neighbouring invocations own neighbouring columns, so that what they load together lies together; long columns are split.',
  },
  argmax: {
    formulas: ['y_i = argmax_j x_{ij}'],
    words: `The first of several that are equal; NaN counts as the largest. ${ROWS}`,
  },
  cumsum: {
    formulas: ['y_{ij} = sum_{k ≤ j} x_{ik}'],
    words: 'Lanes of a row add up stretches, learn from each other what lies before theirs, and go over them again.',
  },
  softmax: {
    formulas: ['y_{ij} = frac{exp(x_{ij} − m_i)}{sum_k exp(x_{ik} − m_i)}', 'm_i = max_k x_{ik}'],
    words: `The largest of the row is taken away first, so that no exponential overflows. ${ROWS}`,
  },
  logSoftmax: {
    formulas: ['y_{ij} = x_{ij} − m_i − log sum_k exp(x_{ik} − m_i)'],
    words: `No logarithm of a small exponential is taken: that would lose its digits. ${ROWS}`,
  },
  crossEntropy: {
    formulas: ['L = − frac{1}{N} sum_i log softmax(x_i)_{t_i}'],
    words: 'Logarithms of softmax, of which those of the targets are picked and averaged.',
  },
  crossEntropyGrad: {
    formulas: ['dx_{ij} = frac{1}{N} (softmax(x_i)_j − [j = t_i])'],
    words: 'The gradients of the mean, of the pick and of the logarithm in one kernel, from what forward left.',
  },
  layerNorm: {
    formulas: ['y_{ij} = frac{x_{ij} − μ_i}{sqrt{σ_i^2 + ε}} γ_j + β_j'],
    words: `Mean and variance of a row are found together, by moments that do not cancel. ${ROWS}`,
  },
  layerNormGrad: {
    formulas: ['dx = frac{1}{sqrt{σ^2 + ε}} (h − mean h − z mean(h z))', 'h = g γ, z = frac{x − μ}{sqrt{σ^2 + ε}}'],
    words: `Two sums per row, of h and of h z, then one pass that writes. ${ROWS}`,
  },
  batchNorm: {
    formulas: ['y_{nchw} = frac{x_{nchw} − μ_c}{sqrt{σ_c^2 + ε}} γ_c + β_c'],
    words:
      'Statistics of a channel over the batch and its planes first, in parts where there are few channels, by Welford’s moments; then a pass that normalises.',
  },
  relu: {
    formulas: ['y_i = max(0, x_i)'],
    words:
      'One line of WGSL in a frame that all elementwise functions share; it is as fast as memory is. How many elements an invocation takes is chosen for the adapter.',
  },
  add: { formulas: ['z_i = x_i + y_i'], words: 'Strides stand for broadcasting; here both are read side by side.' },
  chain: {
    formulas: ['z_i = σ(x_i a_i + b_i) y_i', 'σ(t) = frac{1}{1 + exp(−t)}'],
    words:
      'Four functions, one launch: those that read each other are put together when a step is planned, so that nothing between them goes through memory.',
  },
  dropout: {
    formulas: ['y_i = frac{m_i x_i}{1 − p}, m_i = 0 with p'],
    words:
      'The mask comes from Philox, counted from a seed: no state but a counter, the same numbers on every adapter. What is checked is each element, and the share of zeros.',
  },
  attention: {
    formulas: ['y_i = sum_j frac{exp(q_i · k_j / sqrt{d})}{sum_l exp(q_i · k_l / sqrt{d})} v_j'],
    words:
      'A workgroup keeps a block of queries and walks over blocks of keys and values, correcting what it has added up whenever a larger score appears. The scores are never written.',
  },
  attentionCausal: {
    formulas: ['y_i = sum_{j ≤ i} frac{exp(q_i · k_j / sqrt{d})}{sum_{l ≤ i} exp(q_i · k_l / sqrt{d})} v_j'],
    words:
      'The same, without the blocks of keys that come later. Rates count all pairs, so a kernel that skips half of them may be told twice as fast.',
  },
  embedding: {
    formulas: ['y_{kj} = w_{t_k, j}'],
    words: 'An invocation for each element, or four, of the rows that are picked.',
  },
  embeddingGrad: {
    formulas: ['dw_{rj} = sum_{k, t_k = r} g_{kj}'],
    words:
      'Picks are sorted by row, then each row adds up its own, in order: no atomic additions, so that the same bits come out every time.',
  },
  adam: {
    formulas: [
      'm ← β_1 m + (1 − β_1) g, v ← β_2 v + (1 − β_2) g^2',
      'θ ← θ − η frac{m / (1 − β_1^t)}{sqrt{v / (1 − β_2^t)} + ε}',
    ],
    words: 'All parameters of a group lie in one array, so that a step is one launch however many tensors there are.',
  },
  clipGradNorm: {
    formulas: ['g ← g min(1, c / |g|), |g| = sqrt{sum_i g_i^2}'],
    words:
      'Sums of squares by workgroup, then a kernel that adds these up and scales; nothing goes to the host. What is checked is the norm.',
  },
  sort: {
    formulas: ['y_i = sort(x_i)'],
    words:
      'Runs are sorted in a workgroup, then merged in passes that double them: each element finds its place in the other run by bisection. Equal elements keep their order.',
  },
  topk: {
    formulas: ['y_{ij} = x_{i, k} with rank k = j'],
    words: 'As sorting, from the largest down, and what cannot be among the ten is left out of each merge.',
  },
  lstm: {
    formulas: ['c ← σ(f) c + σ(i) tanh g, h ← σ(o) tanh c', '(i, f, g, o) = W x + U h + b'],
    words:
      'The products with the input are one, over all steps. The rest runs in a single launch: a workgroup keeps the states of a row and walks through time.',
  },
};
