/** Windows of images as columns, and back. */
import { checked, required } from '../gpu/options.js';
import { WINDOW } from '../ops/windows.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';
import { named, tuple } from './repr.js';

abstract class Windows extends Module {
  dilation: F.Pair;
  padding: F.Pair;
  stride: F.Pair;

  constructor(
    public kernelSize: F.Pair,
    { dilation = 1, padding = 0, stride = 1 }: F.WindowOptions,
  ) {
    super();
    required(this.constructor.name, { kernelSize }, { kernelSize: 'sizes' });
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
  }

  override extraRepr(): string {
    const { kernelSize, dilation, padding, stride } = this;
    return named({
      kernel_size: tuple(kernelSize),
      dilation: tuple(dilation),
      padding: tuple(padding),
      stride: tuple(stride),
    });
  }
}

/**
 * The windows of images as columns: {@link F.unfold}. x: [N, C, H, W]; y: [N, C·kh·kw, L].
 *
 * @example new Unfold([2, 3])(zeros([2, 5, 3, 4])) // [2, 30, 4]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html
 */
export class Unfold extends Windows {
  /**
   * @param options.dilation default 1
   * @param options.padding default 0
   * @param options.stride default 1
   */
  constructor(kernelSize: F.Pair, options: F.WindowOptions = {}) {
    super(kernelSize, checked('Unfold', options, WINDOW));
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, dilation, padding, stride } = this;
    return F.unfold(x, kernelSize, { dilation, padding, stride });
  }
}

/**
 * Windows added up to images of a size, where they overlap: {@link F.fold}. x: [N, C·kh·kw, L]; y: [N, C, *outputSize].
 *
 * @example new Fold([4, 5], [2, 2])(zeros([1, 12, 12])) // [1, 3, 4, 5]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Fold.html
 */
export class Fold extends Windows {
  /**
   * @param options.dilation default 1
   * @param options.padding default 0
   * @param options.stride default 1
   */
  constructor(
    public outputSize: F.Pair,
    kernelSize: F.Pair,
    options: F.WindowOptions = {},
  ) {
    super(kernelSize, checked('Fold', options, WINDOW));
    required('Fold', { outputSize }, { outputSize: 'sizes' });
  }

  forward(x: Tensor): Tensor {
    const { outputSize, kernelSize, dilation, padding, stride } = this;
    return F.fold(x, outputSize, kernelSize, { dilation, padding, stride });
  }

  override extraRepr(): string {
    return `${named({ output_size: tuple(this.outputSize) })}, ${super.extraRepr()}`;
  }
}
