/**
 * jax-js by its documentation: every workload is one jitted function, the step with its optimizer in it; an argument is
 * given up where it is not needed again (`x`), and kept by `x.ref` where it is.
 */
import { defaultDevice, init, jit, lax, nn, numpy as np, valueAndGrad, vjp } from '@jax-js/jax';
import { outSize } from '../conv.js';
import type { Library, Prepared } from '../library.js';
import { BATCHES } from '../networks.js';
import { LEARNING_RATE, PARAMETERS, type TrainingData } from '../training.js';
import type { Kernel } from '../workloads.js';
import { type Arrays, adam, correction, dispose, kept, put } from './jaxArrays.js';
import { train } from './jaxNetworks.js';

export async function open(): Promise<Library> {
  const devices = await init('webgpu');
  if (!devices.includes('webgpu')) throw new Error('jax-js has no WebGPU here');
  defaultDevice('webgpu');
  return {
    prepare: async (workload, inputs, data) =>
      workload.kind === 'step' ? prepareStep(workload.batch, data) : prepareKernel(workload, inputs),
    train,
  };
}

const conv = (x: np.Array, weight: np.Array, stride = 1): np.Array =>
  lax.convGeneralDilated(x, weight, [stride, stride], 'VALID');

const pool = (x: np.Array): np.Array => lax.reduceWindow(x, np.max, [2, 2], [2, 2]);

/** Mean negative log-likelihood. Consumes its arguments. */
function lossOf(parameters: Arrays, x: np.Array, y: np.Array): np.Array {
  const [w1, b1, w2, b2, w3, b3, w4, b4, w5, b5] = parameters as [
    np.Array,
    np.Array,
    np.Array,
    np.Array,
    np.Array,
    np.Array,
    np.Array,
    np.Array,
    np.Array,
    np.Array,
  ];
  const batch = x.shape[0] as number;
  let h = pool(nn.relu(conv(x, w1).add(b1.reshape([32, 1, 1]))));
  h = pool(nn.relu(conv(h, w2).add(b2.reshape([64, 1, 1]))));
  h = nn.relu(conv(h, w3).add(b3.reshape([64, 1, 1]))).reshape([batch, 1024]);
  h = nn.relu(np.matmul(h, w4.transpose()).add(b4));
  const logs = nn.logSoftmax(np.matmul(h, w5.transpose()).add(b5), -1);
  return logs
    .mul(nn.oneHot(y, 10))
    .sum()
    .mul(-1 / batch);
}

function prepareStep(batch: number, data: TrainingData): Prepared {
  const train = jit((parameters: Arrays, first: Arrays, second: Arrays, count: np.Array, x: np.Array, y: np.Array) => {
    const [loss, grads] = valueAndGrad(lossOf)(kept(parameters), x, y) as [np.Array, Arrays];
    const t = count.add(1);
    const [c1, c2] = [correction(t.ref, 0.9), correction(t.ref, 0.999)];
    const updated = parameters.map((p, i) =>
      adam(LEARNING_RATE, p, first[i] as np.Array, second[i] as np.Array, grads[i] as np.Array, c1.ref, c2.ref),
    );
    dispose([c1, c2]);
    const column = (index: number): Arrays => updated.map((one) => one[index] as np.Array);
    return [loss, column(0), column(1), column(2), t] as [np.Array, Arrays, Arrays, Arrays, np.Array];
  });
  let parameters = PARAMETERS.map(([, shape], i) => put(data.weights[i] as Float32Array, shape));
  let first = PARAMETERS.map(([, shape]) => np.zeros([...shape]));
  let second = PARAMETERS.map(([, shape]) => np.zeros([...shape]));
  let count = np.zeros([]);
  const batches = Array.from({ length: BATCHES }, (_, t) => {
    const { images, labels } = data.batch(t, batch);
    return [put(images, [batch, 3, 32, 32]), put(labels, [batch])] as const;
  });
  let t = 0;
  return {
    async run() {
      const [x, y] = batches[t++ % BATCHES] as (typeof batches)[number];
      let loss: np.Array;
      [loss, parameters, first, second, count] = train(parameters, first, second, count, x.ref, y.ref);
      return (await loss.data())[0] as number;
    },
    result: async () => [],
    dispose() {
      dispose([...parameters, ...first, ...second, count, ...batches.flat()]);
      train.dispose();
    },
  };
}

/** The kernel as a function from its arrays, which it consumes, and those arrays. */
function kernel(workload: Kernel, inputs: Float32Array[]) {
  const of = (index: number, ...shape: number[]): np.Array => put(inputs[index] as Float32Array, shape);
  switch (workload.kind) {
    case 'matmul':
      return {
        work: jit((a: np.Array, b: np.Array) => np.matmul(a, b)),
        held: [of(0, workload.n, workload.n), of(1, workload.n, workload.n)],
      };
    case 'conv2dForward':
    case 'conv2dInputGrad':
    case 'conv2dWeightGrad': {
      const { batch, inChannels, size, outChannels, kernel: k, stride } = workload.conv;
      const out = outSize(workload.conv);
      const x = of(0, batch, inChannels, size, size);
      const weight = of(1, outChannels, inChannels, k, k);
      if (workload.kind === 'conv2dForward')
        return { work: jit((a: np.Array, b: np.Array) => conv(a, b, stride)), held: [x, weight] };
      const grad = of(2, batch, outChannels, out, out);
      const byInput = workload.kind === 'conv2dInputGrad';
      const work = jit((a: np.Array, b: np.Array, g: np.Array) => {
        const of = (wanted: np.Array): np.Array => (byInput ? conv(wanted, b, stride) : conv(a, wanted, stride));
        const [y, back] = vjp(of, [byInput ? a : b]);
        y.dispose();
        const [result] = back(g) as [np.Array];
        back.dispose();
        return result;
      });
      return { work, held: [x, weight, grad] };
    }
    case 'relu':
      return { work: jit((x: np.Array) => nn.relu(x)), held: [of(0, workload.size)] };
    case 'add':
      return { work: jit((x: np.Array, y: np.Array) => x.add(y)), held: [of(0, workload.size), of(1, workload.size)] };
    case 'sum':
      return { work: jit((x: np.Array) => x.sum()), held: [of(0, workload.size)] };
    case 'logSoftmax':
      return { work: jit((x: np.Array) => nn.logSoftmax(x, -1)), held: [of(0, workload.rows, workload.columns)] };
    default:
      throw new Error(`${workload.kind} is not one function`);
  }
}

async function firstOf(result: np.Array): Promise<number> {
  const element = result.size === 1 ? result.ref : result.ref.reshape([-1]).slice([0, 1]);
  return (await element.data())[0] as number;
}

function prepareKernel(workload: Kernel, inputs: Float32Array[]): Prepared {
  if (workload.kind === 'adam') return prepareAdam(workload.size, inputs);
  const { work, held } = kernel(workload, inputs) as {
    work: ((...arrays: Arrays) => np.Array) & { dispose(): void };
    held: Arrays;
  };
  let result: np.Array | null = null;
  return {
    run() {
      result?.dispose();
      result = work(...kept(held));
      return firstOf(result);
    },
    result: async () => (result as np.Array).ref.data(),
    dispose() {
      result?.dispose();
      dispose(held);
      work.dispose();
    },
  };
}

function prepareAdam(size: number, inputs: Float32Array[]): Prepared {
  const update = jit((p: np.Array, m: np.Array, v: np.Array, g: np.Array, count: np.Array) => {
    const t = count.add(1);
    const updated = adam(LEARNING_RATE, p, m, v, g, correction(t.ref, 0.9), correction(t.ref, 0.999));
    return [...updated, t];
  });
  const grad = put(inputs[1] as Float32Array, [size]);
  let state: Arrays = [put(inputs[0] as Float32Array, [size]), np.zeros([size]), np.zeros([size]), np.zeros([])];
  return {
    run() {
      const [p, m, v, count] = state as [np.Array, np.Array, np.Array, np.Array];
      state = update(p, m, v, grad.ref, count);
      return firstOf(state[0] as np.Array);
    },
    result: async () => (state[0] as np.Array).ref.data(),
    dispose() {
      dispose([...state, grad]);
      update.dispose();
    },
  };
}
