/** The network of the study: three convolutions, two linear layers, 122,570 parameters. */
import type { Tensor } from 'kindling';
import { Conv2d, Dropout, Dropout2d, init, Linear, Module } from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import type { Scenario } from './scenarios.js';

export class Net extends Module {
  conv1 = new Conv2d(3, 32, 3);
  conv2 = new Conv2d(32, 64, 3);
  conv3 = new Conv2d(64, 64, 3);
  fc1: Linear;
  fc2 = new Linear(64, 10);
  dropoutConv: Dropout2d;
  dropoutDense: Dropout;
  readonly #activate: (x: Tensor) => Tensor;
  readonly #thirdConv: boolean;

  constructor(scenario: Scenario) {
    super();
    this.#thirdConv = scenario.thirdConv ?? true;
    this.#activate = { relu: F.relu, tanh: F.tanh, sigmoid: F.sigmoid }[scenario.activation ?? 'relu'];
    // Without the third convolution the dense layer sees 64 maps of 6 by 6.
    this.fc1 = new Linear(this.#thirdConv ? 1024 : 2304, 64);
    this.dropoutConv = new Dropout2d(scenario.dropoutConv ?? 0);
    this.dropoutDense = new Dropout(scenario.dropoutDense ?? 0);
    if (scenario.kaiming) {
      for (const layer of this.modules()) {
        if (layer instanceof Conv2d || layer instanceof Linear) init.kaimingUniform(layer.weight);
      }
    }
  }

  /** [N, 3, 32, 32] to log-probabilities [N, 10]. */
  override forward(x: Tensor): Tensor {
    const activate = this.#activate;
    let y = F.maxPool2d(this.dropoutConv(activate(this.conv1(x))), { kernelSize: 2 });
    y = F.maxPool2d(this.dropoutConv(activate(this.conv2(y))), { kernelSize: 2 });
    if (this.#thirdConv) y = this.dropoutConv(activate(this.conv3(y)));
    y = this.dropoutDense(activate(this.fc1(y.flatten(1))));
    return F.logSoftmax(this.fc2(y), { dim: 1 });
  }
}
