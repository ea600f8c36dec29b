/**
 * kindling/linalg: functions of `torch.linalg`, in camelCase: norms, and small matrices in batches.
 *
 * @example
 * import { inv, solve } from 'kindling/linalg';
 */
export { det, inv, solve } from '../ops/linalg.js';
export {
  type MatrixNormOptions,
  matrixNorm,
  type NormOptions,
  norm,
  type VectorNormOptions,
  vectorNorm,
} from '../ops/linalgNorm.js';
export { svdvals } from '../ops/singular.js';
