import { checked, wantTensor } from '../gpu/options.js';
import { keep } from '../tensor/step.js';
import { Tensor } from '../tensor/tensor.js';
import { noteParameter } from './unreached.js';

/**
 * A tensor that a module learns: assigned to a field, it is among the module's `parameters()`. It requires a gradient and
 * outlives the step that makes it.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
 */
export class Parameter extends Tensor {
  /**
   * @param data an f32 tensor, whose memory the parameter takes over
   * @param requiresGrad false freezes it. Default: true
   */
  constructor(data: Tensor, requiresGrad = true) {
    super(wantTensor('Parameter', 'data', data).shape, data.dtype, data.storage);
    checked('Parameter', { requiresGrad }, { requiresGrad: 'boolean' });
    keep(this);
    this.requiresGrad_(requiresGrad);
    noteParameter(this);
  }
}

/** @internal A parameter whose elements an initialisation has still to write. */
export const uninitialized = (shape: readonly number[]): Parameter => new Parameter(new Tensor(shape));
