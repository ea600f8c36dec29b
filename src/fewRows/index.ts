/**
 * kindling/fewRows: matrix products of few rows and convolutions of few pixels by kernels of their own, for programs that ask for
 * them. They are apart because those that do not should not carry them.
 */
import { useConvWay } from '../choose/convChoice.js';
import { useProductWay } from '../choose/productWay.js';
import { atMost, required } from '../gpu/options.js';
import { fewPixels, fewRows } from '../ops/fewRows.js';

/**
 * On GPUs lets products with at most eight rows or columns read the matrix once, by neighbouring lanes, instead of in tiles most of
 * which would be empty: linear layers of up to eight rows, attention of one query, and their gradients. And convolutions that make
 * few pixels, and their gradients by the input, add up in parts, where a GPU would idle. Inference of one picture or token asks
 * for both; training in large batches does not. On software adapters nothing changes. Captured steps are recorded anew.
 *
 * @param on false: no more. Default: true.
 * @example
 * import { useFewRows } from 'kindling/fewRows';
 *
 * useFewRows();
 */
export function useFewRows(on = true): void {
  atMost('useFewRows', 1, arguments);
  required('useFewRows', { on }, { on: 'boolean' });
  useProductWay(on ? fewRows : null);
  useConvWay(fewPixels, on, true);
}
