/**
 * TensorFlow.js with its WebGPU backend: channels last, the layout of its fast kernels; the step is
 * `optimizer.minimize`, convolutions fused with bias and ReLU; single gradients are the kernels that its own gradients run.
 */
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-webgpu';
import { outSize } from '../conv.js';
import type { Library, Prepared } from '../library.js';
import { BATCHES } from '../networks.js';
import { LEARNING_RATE, PARAMETERS, type TrainingData } from '../training.js';
import type { Kernel } from '../workloads.js';
import { channelsLast, filter, permuted } from './tfjsLayout.js';
import { train } from './tfjsNetworks.js';

export async function open(): Promise<Library> {
  if (!(await tf.setBackend('webgpu'))) throw new Error('tfjs has no WebGPU here');
  await tf.ready();
  return {
    prepare: async (workload, inputs, data) =>
      workload.kind === 'step' ? prepareStep(workload.batch, data) : prepareKernel(workload, inputs),
    train,
  };
}

function prepareStep(batch: number, data: TrainingData): Prepared {
  const variables = PARAMETERS.map(([name, shape], i) => {
    const values = data.weights[i] as Float32Array;
    if (shape.length === 4) return tf.variable(filter(values, shape));
    if (name === 'fc1.weight')
      return tf.variable(tf.tensor2d(permuted(values, [64, 64, 4, 4], [2, 3, 1, 0]), [1024, 64]));
    if (name === 'fc2.weight') return tf.variable(tf.tensor2d(permuted(values, shape, [1, 0]), [64, 10]));
    return tf.variable(tf.tensor1d(values));
  });
  const [w1, b1, w2, b2, w3, b3, w4, b4, w5, b5] = variables as unknown as [
    tf.Tensor4D,
    tf.Tensor,
    tf.Tensor4D,
    tf.Tensor,
    tf.Tensor4D,
    tf.Tensor,
    tf.Tensor2D,
    tf.Tensor,
    tf.Tensor2D,
    tf.Tensor,
  ];
  const conv = (x: tf.Tensor4D, weight: tf.Tensor4D, bias: tf.Tensor): tf.Tensor4D =>
    tf.fused.conv2d({ x, filter: weight, strides: 1, pad: 'valid', bias, activation: 'relu' });
  const pool = (x: tf.Tensor4D): tf.Tensor4D => tf.maxPool(x, 2, 2, 'valid');
  const optimizer = tf.train.adam(LEARNING_RATE, 0.9, 0.999, 1e-8);
  const lossOf = (x: tf.Tensor4D, oneHot: tf.Tensor2D): tf.Scalar => {
    const maps = conv(pool(conv(pool(conv(x, w1, b1)), w2, b2)), w3, b3);
    const h = tf.fused.matMul({ a: maps.reshape<tf.Tensor2D>([batch, 1024]), b: w4, bias: b4, activation: 'relu' });
    const logits = tf.fused.matMul({ a: h as tf.Tensor2D, b: w5, bias: b5 });
    return tf
      .logSoftmax(logits)
      .mul(oneHot)
      .sum()
      .mul<tf.Scalar>(-1 / batch);
  };
  const batches = Array.from({ length: BATCHES }, (_, t) => {
    const { images, labels } = data.batch(t, batch);
    const oneHot = new Float32Array(batch * 10);
    labels.forEach((label, n) => {
      oneHot[n * 10 + label] = 1;
    });
    return [channelsLast(images, [batch, 3, 32, 32]), tf.tensor2d(oneHot, [batch, 10])] as const;
  });
  let t = 0;
  return {
    async run() {
      const [x, oneHot] = batches[t++ % BATCHES] as (typeof batches)[number];
      const loss = optimizer.minimize(() => lossOf(x, oneHot), true) as tf.Scalar;
      const [value] = await loss.data();
      loss.dispose();
      return value as number;
    },
    result: async () => [],
    dispose() {
      optimizer.dispose();
      tf.dispose([variables, batches.flat()]);
    },
  };
}

interface Running {
  work(): tf.Tensor;
  readonly held: tf.Tensor[];
  /** Reorders a result as PyTorch lays it out. */
  layout?(values: ArrayLike<number>): ArrayLike<number>;
}

function kernel(workload: Kernel, inputs: Float32Array[]): Running {
  const of = (index: number, ...shape: number[]): tf.Tensor => tf.tensor(inputs[index] as Float32Array, shape);
  switch (workload.kind) {
    case 'matmul': {
      const [a, b] = [of(0, workload.n, workload.n), of(1, workload.n, workload.n)];
      return { work: () => tf.matMul(a, b), held: [a, b] };
    }
    case 'conv2dForward':
    case 'conv2dInputGrad':
    case 'conv2dWeightGrad': {
      const { batch, inChannels, size, outChannels, kernel: k, stride } = workload.conv;
      const out = outSize(workload.conv);
      const x = channelsLast(inputs[0] as Float32Array, [batch, inChannels, size, size]);
      const weight = filter(inputs[1] as Float32Array, [outChannels, inChannels, k, k]);
      const dy = channelsLast(inputs[2] as Float32Array, [batch, outChannels, out, out]);
      const held = [x, weight, dy];
      const attributes = { strides: [stride, stride], pad: 'valid', dataFormat: 'NHWC' };
      if (workload.kind === 'conv2dForward') {
        const layout = (values: ArrayLike<number>) => permuted(values, [batch, out, out, outChannels], [0, 3, 1, 2]);
        return { work: () => tf.conv2d(x, weight, stride, 'valid'), held, layout };
      }
      if (workload.kind === 'conv2dInputGrad') {
        const work = (): tf.Tensor =>
          tf.engine().runKernel('Conv2DBackpropInput', { dy, filter: weight }, { ...attributes, inputShape: x.shape });
        return { work, held, layout: (values) => permuted(values, [batch, size, size, inChannels], [0, 3, 1, 2]) };
      }
      const work = (): tf.Tensor =>
        tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, { ...attributes, filterShape: weight.shape });
      return { work, held, layout: (values) => permuted(values, [k, k, inChannels, outChannels], [3, 2, 0, 1]) };
    }
    case 'relu': {
      const x = of(0, workload.size);
      return { work: () => tf.relu(x), held: [x] };
    }
    case 'add': {
      const [x, y] = [of(0, workload.size), of(1, workload.size)];
      return { work: () => tf.add(x, y), held: [x, y] };
    }
    case 'sum': {
      const x = of(0, workload.size);
      return { work: () => tf.sum(x), held: [x] };
    }
    case 'logSoftmax': {
      const x = of(0, workload.rows, workload.columns);
      return { work: () => tf.logSoftmax(x), held: [x] };
    }
    case 'adam': {
      const parameter = tf.variable(of(0, workload.size), true, 'parameter');
      const grad = of(1, workload.size);
      const optimizer = tf.train.adam(LEARNING_RATE, 0.9, 0.999, 1e-8);
      const work = (): tf.Tensor => {
        optimizer.applyGradients([{ name: 'parameter', tensor: grad }]);
        return parameter;
      };
      return { work, held: [parameter, grad] };
    }
    default:
      return workload satisfies never;
  }
}

function prepareKernel(workload: Kernel, inputs: Float32Array[]): Prepared {
  const { work, held, layout = (values) => values } = kernel(workload, inputs);
  let last: tf.Tensor | null = null;
  const forget = (): void => {
    if (last && !held.includes(last)) last.dispose();
  };
  return {
    async run() {
      forget();
      const made = work();
      last = made;
      const element = made.size === 1 ? made.clone() : tf.tidy(() => made.flatten().slice(0, 1));
      const [value] = await element.data();
      element.dispose();
      return value as number;
    },
    result: async () => layout(await (last as tf.Tensor).data()),
    dispose() {
      forget();
      tf.dispose(held);
    },
  };
}
