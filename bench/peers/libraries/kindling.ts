/** kindling: the step is captured, as in its README; kernels are called eagerly. */
import { add, capture, init, logSoftmax, matmul, narrow, step, sum, type Tensor, tensor } from 'kindling';
import { useFewChannels } from 'kindling/fewChannels';
import * as F from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';
import { Net } from '../../../examples/cifar/network.js';
import { trained } from '../../networks.js';
import { outSize } from '../conv.js';
import type { Prepared } from '../library.js';
import { BATCHES, type Network } from '../networks.js';
import type { Start } from '../starts.js';
import { LEARNING_RATE, PARAMETERS, type TrainingData } from '../training.js';
import type { Kernel, StepOrKernel } from '../workloads.js';

/** Several runs may be waited for as one: the time of one of many, without that of waiting. */
export interface Repeatable extends Prepared {
  run(times?: number): Promise<number>;
}

export async function open() {
  await init();
  useFewChannels();
  return {
    prepare: async (workload: StepOrKernel, inputs: Float32Array[], data: TrainingData): Promise<Repeatable> =>
      workload.kind === 'step' ? prepareStep(workload.batch, data) : prepareKernel(workload, inputs),
    train(network: Network, start: Start): Repeatable {
      const { model, update, batches } = trained(network, start);
      return replayed(capture(update), batches, [
        ...model.parameters(),
        ...model.namedBuffers().map(([, buffer]) => buffer),
      ]);
    },
  };
}

function prepareStep(batch: number, data: TrainingData): Repeatable {
  const model = new Net({ name: 'bench', lr: LEARNING_RATE });
  model.loadStateDict(
    Object.fromEntries(
      PARAMETERS.map(([name, shape], i) => [name, tensor(data.weights[i] as Float32Array, { shape: [...shape] })]),
    ),
  );
  const optimizer = new Adam(model.parameters(), { lr: LEARNING_RATE });
  const batches = Array.from({ length: BATCHES }, (_, t) => {
    const { images, labels } = data.batch(t, batch);
    return [tensor(images, { shape: [batch, 3, 32, 32] }), tensor(labels)] as const;
  });
  const train = capture((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.nllLoss(model(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  return replayed(train, batches, model.parameters());
}

/** A captured step on its batches in turn. */
function replayed(
  train: ((x: Tensor, y: Tensor) => Tensor) & { reset(): void },
  batches: readonly (readonly [x: Tensor, y: Tensor])[],
  held: readonly Tensor[],
): Repeatable {
  let t = 0;
  return {
    async run(times = 1) {
      const losses = Array.from({ length: times }, () =>
        train(...(batches[t++ % BATCHES] as (typeof batches)[number])),
      );
      const value = await (losses.at(-1) as Tensor).item();
      for (const loss of losses) loss.dispose();
      return value;
    },
    result: async () => [],
    dispose() {
      train.reset();
      for (const one of [...batches.flat(), ...held]) one.dispose();
    },
  };
}

/** The kernel as a function without arguments, and the tensors it works on. */
function kernel(workload: Kernel, inputs: Float32Array[]): [() => Tensor, Tensor[]] {
  const put = (index: number, ...shape: number[]): Tensor => tensor(inputs[index] as Float32Array, { shape });
  switch (workload.kind) {
    case 'matmul': {
      const [a, b] = [put(0, workload.n, workload.n), put(1, workload.n, workload.n)];
      return [() => matmul(a, b), [a, b]];
    }
    case 'conv2dForward':
    case 'conv2dInputGrad':
    case 'conv2dWeightGrad': {
      const { batch, inChannels, size, outChannels, kernel: k, stride } = workload.conv;
      const out = outSize(workload.conv);
      const x = put(0, batch, inChannels, size, size);
      const weight = put(1, outChannels, inChannels, k, k);
      const grad = put(2, batch, outChannels, out, out);
      if (workload.kind === 'conv2dForward') return [() => F.conv2d(x, weight, null, { stride }), [x, weight, grad]];
      const wanted = (workload.kind === 'conv2dInputGrad' ? x : weight).requiresGrad_();
      // The forward pass, whose result nobody reads, is not run.
      const gradient = (): Tensor =>
        step(() => {
          wanted.grad = null;
          F.conv2d(x, weight, null, { stride }).backward(grad);
          const result = wanted.grad as Tensor | null;
          if (!result) throw new Error('no gradient');
          wanted.grad = null;
          return result;
        });
      return [gradient, [x, weight, grad]];
    }
    case 'relu': {
      const x = put(0, workload.size);
      return [() => F.relu(x), [x]];
    }
    case 'add': {
      const [x, y] = [put(0, workload.size), put(1, workload.size)];
      return [() => add(x, y), [x, y]];
    }
    case 'sum': {
      const x = put(0, workload.size);
      return [() => sum(x), [x]];
    }
    case 'logSoftmax': {
      const x = put(0, workload.rows, workload.columns);
      return [() => logSoftmax(x, { dim: 1 }), [x]];
    }
    case 'adam': {
      const parameter = put(0, workload.size).requiresGrad_();
      const optimizer = new Adam([parameter], { lr: LEARNING_RATE });
      const grad = put(1, workload.size);
      parameter.grad = grad;
      const update = (): Tensor => {
        step(() => optimizer.step());
        return parameter;
      };
      return [update, [parameter, grad]];
    }
    default:
      return workload satisfies never;
  }
}

function prepareKernel(workload: Kernel, inputs: Float32Array[]): Repeatable {
  const [work, held] = kernel(workload, inputs);
  let results: Tensor[] = [];
  const forget = (): void => {
    for (const result of results) if (!held.includes(result)) result.dispose();
    results = [];
  };
  const last = (): Tensor => results.at(-1) as Tensor;
  return {
    async run(times = 1) {
      forget();
      results = Array.from({ length: times }, work);
      const element = last().size === 1 ? last() : step(() => narrow(last().detach().flatten(), 0, 0, 1));
      const value = await element.item();
      if (element !== last()) element.dispose();
      return value;
    },
    result: () => last().data(),
    dispose() {
      forget();
      for (const one of held) one.dispose();
    },
  };
}
