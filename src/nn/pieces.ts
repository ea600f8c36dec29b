/** More elementwise functions as modules, and PReLU, GLU and Softmin. What each computes stands with the function of the same name. */
import { atMost, checked, required } from '../gpu/options.js';
import { full } from '../tensor/create.js';
import type { Tensor } from '../tensor/tensor.js';
import { elementwise, Softmax } from './activations.js';
import * as F from './functional.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { float, named, real } from './repr.js';

/** {@link F.selu}. @see https://pytorch.org/docs/stable/generated/torch.nn.SELU.html */
export class SELU extends /* @__PURE__ */ elementwise('SELU', F.selu) {}

/** x · tanh(softplus(x)). @see https://pytorch.org/docs/stable/generated/torch.nn.Mish.html */
export class Mish extends /* @__PURE__ */ elementwise('Mish', F.mish) {}

/** log(1 / (1 + e^−x)). @see https://pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html */
export class LogSigmoid extends /* @__PURE__ */ elementwise('LogSigmoid', F.logsigmoid) {}

/** x / (1 + |x|). @see https://pytorch.org/docs/stable/generated/torch.nn.Softsign.html */
export class Softsign extends /* @__PURE__ */ elementwise('Softsign', F.softsign) {}

/** x − tanh(x). @see https://pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html */
export class Tanhshrink extends /* @__PURE__ */ elementwise('Tanhshrink', F.tanhshrink) {}

/** x above 0, `alpha` · (e^(x / alpha) − 1) below. @see https://pytorch.org/docs/stable/generated/torch.nn.CELU.html */
export class CELU extends Module {
  /** @param alpha default 1 */
  constructor(public alpha = 1) {
    super();
    atMost('CELU', 1, arguments);
    checked('CELU', { alpha }, { alpha: 'number' });
  }

  forward(x: Tensor): Tensor {
    return F.celu(x, { alpha: this.alpha });
  }

  override extraRepr(): string {
    return named({ alpha: float(this.alpha) });
  }
}

/** x limited to [minVal, maxVal]. @see https://pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html */
export class Hardtanh extends Module {
  /**
   * @param minVal default −1
   * @param maxVal default 1
   */
  constructor(
    public minVal = -1,
    public maxVal = 1,
  ) {
    super();
    atMost('Hardtanh', 2, arguments);
    checked('Hardtanh', { minVal, maxVal }, { minVal: 'number', maxVal: 'number' });
  }

  forward(x: Tensor): Tensor {
    return F.hardtanh(x, { minVal: this.minVal, maxVal: this.maxVal });
  }

  override extraRepr(): string {
    return named({ min_val: float(this.minVal), max_val: float(this.maxVal) });
  }
}

/** x less `lambd` towards 0, and 0 where |x| is no more. @see https://pytorch.org/docs/stable/generated/torch.nn.Softshrink.html */
export class Softshrink extends Module {
  /** @param lambd default 0.5 */
  constructor(public lambd = 0.5) {
    super();
    atMost(this.constructor.name, 1, arguments);
    checked(this.constructor.name, { lambd }, { lambd: 'number' });
  }

  forward(x: Tensor): Tensor {
    return F.softshrink(x, { lambd: this.lambd });
  }

  override extraRepr(): string {
    return real(this.lambd);
  }
}

/** x, and 0 where |x| is no more than `lambd`. @see https://pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html */
export class Hardshrink extends Softshrink {
  override forward(x: Tensor): Tensor {
    return F.hardshrink(x, { lambd: this.lambd });
  }
}

/**
 * x above 0, weight · x below: a slope that is learned, one for all or one for each channel.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html
 */
export class PReLU extends Module {
  /** [numParameters] */
  weight: Parameter;
  readonly numParameters: number;

  /**
   * @param numParameters 1, or the number of channels. Default: 1
   * @param options.init what every slope starts at. Default: 0.25
   */
  constructor(numParameters = 1, options: { init?: number | undefined } = {}) {
    super();
    const { init = 0.25 } = checked('PReLU', options, { init: 'number' });
    required('PReLU', { numParameters }, { numParameters: 'size' });
    this.numParameters = numParameters;
    this.weight = new Parameter(full([numParameters], init));
  }

  forward(x: Tensor): Tensor {
    return F.prelu(x, this.weight);
  }

  override extraRepr(): string {
    return named({ num_parameters: this.numParameters });
  }
}

/** The first half along `dim`, times the sigmoid of the second. @see https://pytorch.org/docs/stable/generated/torch.nn.GLU.html */
export class GLU extends Module {
  /** @param dim default −1 */
  constructor(public dim = -1) {
    super();
    atMost('GLU', 1, arguments);
    checked('GLU', { dim }, { dim: 'whole' });
  }

  forward(x: Tensor): Tensor {
    return F.glu(x, { dim: this.dim });
  }

  override extraRepr(): string {
    return named({ dim: this.dim });
  }
}

/** Softmax of −x along `dim`. @see https://pytorch.org/docs/stable/generated/torch.nn.Softmin.html */
export class Softmin extends Softmax {
  override forward(x: Tensor): Tensor {
    return F.softmin(x, { dim: this.dim });
  }
}
