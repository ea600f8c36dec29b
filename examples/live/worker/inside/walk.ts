/** The way of pictures through the study's network, with everything on it. It reads the model and changes nothing, its mode included. */
import type { Tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import type { Net } from '../../../cifar/network.js';
import type { Scenario } from '../../../cifar/scenarios.js';

export interface Passed {
  readonly name: string;
  readonly value: Tensor;
}

/** What `Net` computes in evaluation mode, step by step; the last are probabilities. Pooling has the name of its convolution. */
export function walk({ activation = 'relu', thirdConv = true }: Scenario, model: Net, pictures: Tensor): Passed[] {
  const activate = { relu: F.relu, tanh: F.tanh, sigmoid: F.sigmoid }[activation];
  const passed: Passed[] = [{ name: 'picture', value: pictures }];
  const pass = (name: string, value: Tensor): Tensor => {
    passed.push({ name, value });
    return value;
  };
  let y = pass('conv1', activate(model.conv1(pictures)));
  y = pass('pool1', F.maxPool2d(y, { kernelSize: 2 }));
  y = pass('conv2', activate(model.conv2(y)));
  y = pass('pool2', F.maxPool2d(y, { kernelSize: 2 }));
  if (thirdConv) y = pass('conv3', activate(model.conv3(y)));
  y = pass('fc1', activate(model.fc1(y.flatten(1))));
  pass('fc2', F.logSoftmax(model.fc2(y), { dim: 1 }).exp());
  return passed;
}
