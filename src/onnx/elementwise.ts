/** The rules of elementwise functions, which stand beside these. */
import activations from '../ops/elementwise/activations.js';
import arithmetic from '../ops/elementwise/arithmetic.js';
import comparison from '../ops/elementwise/comparison.js';
import exponential from '../ops/elementwise/exponential.js';
import hyperbolic from '../ops/elementwise/hyperbolic.js';
import logical from '../ops/elementwise/logical.js';
import pow from '../ops/elementwise/pow.js';
import powers from '../ops/elementwise/powers.js';
import remainder from '../ops/elementwise/remainder.js';
import shrink from '../ops/elementwise/shrink.js';
import smooth from '../ops/elementwise/smooth.js';
import trigonometric from '../ops/elementwise/trigonometric.js';
import type { OnnxRules } from '../ops/onnx.js';

export const ELEMENTWISE: OnnxRules = {
  ...{ ...activations, ...arithmetic, ...comparison, ...exponential, ...hyperbolic, ...logical },
  ...{ ...pow, ...powers, ...remainder, ...shrink, ...smooth, ...trigonometric },
};
