/** What tests of refused arguments and options put into calls, and how they read the error. */
import * as kindling from 'kindling';
import * as data from 'kindling/data';
import * as io from 'kindling/io';
import * as linalg from 'kindling/linalg';
import * as log from 'kindling/log';
import * as metrics from 'kindling/metrics';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import * as onnx from 'kindling/onnx';
import * as optim from 'kindling/optim';
import * as profile from 'kindling/profile';
import * as train from 'kindling/train';
import * as tune from 'kindling/tune';

/** All that the package exports, by module. */
export const EXPORTS: Readonly<Record<string, object>> = {
  ...{ kindling, nn, init: nn.init, functional: F, linalg, optim, data, metrics, io, log, onnx, profile, train, tune },
};

export const ones = (): kindling.Tensor => kindling.ones([2, 3]);
export const parameter = (): kindling.Tensor => kindling.ones([2], { requiresGrad: true });
export const layer = (): nn.Linear => new nn.Linear(2, 2);
export const stepped = () => new optim.SGD([parameter()], { lr: 1 });
export const dataset = () => new data.TensorDataset({ data: new Float32Array(4), shape: [4, 1] });
export const identity = (value: kindling.Tensor): kindling.Tensor => value;

/** What a call ends in: the message of its KindlingError, or of another one after `raw: `. */
export async function message(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'no error';
  } catch (error) {
    return error instanceof kindling.KindlingError ? error.message : `raw: ${error}`;
  }
}
