import { checked } from '../gpu/options.js';
import { CTC } from '../ops/ctc.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';

type Lengths = readonly number[] | Tensor;

/**
 * Connectionist temporal classification, of log-probabilities [T, N, C]. What it computes stands with `ctcLoss`.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html
 */
export class CTCLoss extends Module<
  [logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths]
> {
  blank: number;
  reduction: F.Reduction;
  zeroInfinity: boolean;

  /** @param options.blank default 0 */
  constructor(options: F.CtcOptions = {}) {
    super();
    const { blank = 0, reduction = 'mean', zeroInfinity = false } = checked('CTCLoss', options, CTC);
    this.blank = blank;
    this.reduction = reduction;
    this.zeroInfinity = zeroInfinity;
  }

  forward(logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths): Tensor {
    const { blank, reduction, zeroInfinity } = this;
    return F.ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, reduction, zeroInfinity });
  }
}
