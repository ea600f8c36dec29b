/** Elementwise functions and softmax as modules. What each computes stands with the function of the same name. */
import { atMost, checked, required } from '../gpu/options.js';
import type { Tensor } from '../tensor/tensor.js';
import * as F from './functional.js';
import { Module } from './module.js';
import { float, named, real } from './repr.js';

export interface Elementwise extends Module {
  forward(x: Tensor): Tensor;
}

/** The base of a module that is a function without settings. */
export const elementwise = (name: string, apply: (x: Tensor) => Tensor): (new (options?: object) => Elementwise) =>
  class extends Module {
    /** There are no options: `inplace`, say, is refused by its name. */
    constructor(options: object = {}) {
      super();
      checked<object>(name, options, {});
    }

    forward(x: Tensor): Tensor {
      return apply(x);
    }
  };

/** max(x, 0). @see https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html */
export class ReLU extends /* @__PURE__ */ elementwise('ReLU', F.relu) {}

/** min(max(x, 0), 6). @see https://pytorch.org/docs/stable/generated/torch.nn.ReLU6.html */
export class ReLU6 extends /* @__PURE__ */ elementwise('ReLU6', F.relu6) {}

/** Hyperbolic tangent. @see https://pytorch.org/docs/stable/generated/torch.nn.Tanh.html */
export class Tanh extends /* @__PURE__ */ elementwise('Tanh', F.tanh) {}

/** 1 / (1 + e^−x). @see https://pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html */
export class Sigmoid extends /* @__PURE__ */ elementwise('Sigmoid', F.sigmoid) {}

/** x · sigmoid(x). @see https://pytorch.org/docs/stable/generated/torch.nn.SiLU.html */
export class SiLU extends /* @__PURE__ */ elementwise('SiLU', F.silu) {}

/** x/6 + 1/2 clamped to [0, 1]. @see https://pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html */
export class Hardsigmoid extends /* @__PURE__ */ elementwise('Hardsigmoid', F.hardsigmoid) {}

/** x · hardsigmoid(x). @see https://pytorch.org/docs/stable/generated/torch.nn.Hardswish.html */
export class Hardswish extends /* @__PURE__ */ elementwise('Hardswish', F.hardswish) {}

/** log(1 + e^(beta·x)) / beta. @see https://pytorch.org/docs/stable/generated/torch.nn.Softplus.html */
export class Softplus extends Module {
  /**
   * @param beta default 1
   * @param threshold beta·x above which the result is x. Default: 20
   */
  constructor(
    public beta = 1,
    public threshold = 20,
  ) {
    super();
    atMost('Softplus', 2, arguments);
    checked('Softplus', { beta, threshold }, { beta: 'number', threshold: 'number' });
  }

  forward(x: Tensor): Tensor {
    return F.softplus(x, { beta: this.beta, threshold: this.threshold });
  }

  override extraRepr(): string {
    return named({ beta: real(this.beta), threshold: real(this.threshold) });
  }
}

/** x above 0, `negativeSlope` · x below. @see https://pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html */
export class LeakyReLU extends Module {
  /** @param negativeSlope default 0.01 */
  constructor(public negativeSlope = 0.01) {
    super();
    atMost('LeakyReLU', 1, arguments);
    checked('LeakyReLU', { negativeSlope }, { negativeSlope: 'number' });
  }

  forward(x: Tensor): Tensor {
    return F.leakyRelu(x, { negativeSlope: this.negativeSlope });
  }

  override extraRepr(): string {
    return named({ negative_slope: real(this.negativeSlope) });
  }
}

/** x above 0, `alpha` · (e^x − 1) below. @see https://pytorch.org/docs/stable/generated/torch.nn.ELU.html */
export class ELU extends Module {
  /** @param alpha default 1 */
  constructor(public alpha = 1) {
    super();
    atMost('ELU', 1, arguments);
    checked('ELU', { alpha }, { alpha: 'number' });
  }

  forward(x: Tensor): Tensor {
    return F.elu(x, { alpha: this.alpha });
  }

  override extraRepr(): string {
    return named({ alpha: float(this.alpha) });
  }
}

/** x · Φ(x). @see https://pytorch.org/docs/stable/generated/torch.nn.GELU.html */
export class GELU extends Module {
  /** Default: 'none', exact; 'tanh' is faster. */
  approximate: 'none' | 'tanh';

  constructor(options: { approximate?: 'none' | 'tanh' } = {}) {
    super();
    const { approximate = 'none' } = checked('GELU', options, { approximate: ['none', 'tanh'] });
    this.approximate = approximate;
  }

  forward(x: Tensor): Tensor {
    return F.gelu(x, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

/** e^x divided by its sum along `dim`. @see https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html */
export class Softmax extends Module {
  constructor(public dim: number) {
    super();
    atMost(this.constructor.name, 1, arguments);
    required(this.constructor.name, { dim }, { dim: 'whole' });
  }

  forward(x: Tensor): Tensor {
    return F.softmax(x, { dim: this.dim });
  }

  override extraRepr(): string {
    return named({ dim: this.dim });
  }
}

/** Logarithm of softmax along `dim`. @see https://pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html */
export class LogSoftmax extends Softmax {
  override forward(x: Tensor): Tensor {
    return F.logSoftmax(x, { dim: this.dim });
  }
}
