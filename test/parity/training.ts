/** A training run of the study's network from given weights: its losses against PyTorch's in float64. */
import { relu, reshape, step, tensor } from 'kindling';
import { conv2d, linear, logSoftmax, maxPool2d, nllLoss } from 'kindling/nn/functional';
import { Adam, lrScheduler } from 'kindling/optim';
import { hostTensor, onDevice, type Tensors } from './cases.js';
import { worstError } from './compare.js';

export interface TrainingCase {
  name: string;
  lr: number;
  weight_decay: number;
  gamma: number;
  scheduler_every: number;
  batch: number;
  steps: number;
  mean: number[] | null;
  std: number[] | null;
  loss_float64: number[];
}

export interface TrainingFile {
  start_prefix: string;
  images: string;
  labels: string;
}

/** The first ten losses agree to 1e-4 relative, every one to 1e-2. `progress` is told each step's loss. */
export async function runTraining(
  test: TrainingCase,
  file: TrainingFile,
  tensors: Tensors,
  progress: (line: string) => void,
): Promise<number> {
  const parameter = (name: string) => onDevice(tensors, `${file.start_prefix}${name}`, true);
  const layer = (name: string) => [parameter(`${name}.weight`), parameter(`${name}.bias`)] as const;
  const [conv1, conv2, conv3] = [layer('conv1'), layer('conv2'), layer('conv3')];
  const [fc1, fc2] = [layer('fc1'), layer('fc2')];
  const optimizer = new Adam([conv1, conv2, conv3, fc1, fc2].flat(), { lr: test.lr, weightDecay: test.weight_decay });
  const scheduler = new lrScheduler.ExponentialLR(optimizer, { gamma: test.gamma });
  const losses: number[] = [];
  for (let t = 0; t < test.steps; t++) {
    const [x, y] = batchOf(test, file, tensors, t);
    const loss = step(() => {
      let h = maxPool2d(relu(conv2d(x, ...conv1)), { kernelSize: 2 });
      h = maxPool2d(relu(conv2d(h, ...conv2)), { kernelSize: 2 });
      h = reshape(relu(conv2d(h, ...conv3)), [test.batch, -1]);
      h = linear(relu(linear(h, ...fc1)), ...fc2);
      const value = nllLoss(logSoftmax(h, 1), y);
      optimizer.zeroGrad();
      value.backward();
      optimizer.step();
      return value;
    });
    losses.push(await loss.item());
    for (const made of [x, y, loss]) made.dispose();
    progress(`${test.name}: step ${t + 1} of ${test.steps}, loss ${losses.at(-1)?.toFixed(5)}`);
    if ((t + 1) % test.scheduler_every === 0) scheduler.step();
  }
  const want = test.loss_float64;
  return Math.max(
    worstError(losses.slice(0, 10), want.slice(0, 10), { rtol: 1e-4, atol: 0 }),
    worstError(losses, want, { rtol: 1e-2, atol: 0 }),
  );
}

/** Batch `t` in file order, wrapping round; bytes become x/255, and (x/255 − mean)/std where the case has both. */
function batchOf({ batch, mean, std }: TrainingCase, file: TrainingFile, tensors: Tensors, t: number) {
  const images = hostTensor(tensors, file.images);
  const labels = hostTensor(tensors, file.labels).data;
  const [count = 0, channels = 0, height = 0, width = 0] = images.shape;
  const size = channels * height * width;
  const x = new Float32Array(batch * size);
  const y = new Int32Array(batch);
  for (let j = 0; j < batch; j++) {
    const from = (t * batch + j) % count;
    y[j] = labels[from] ?? 0;
    for (let i = 0; i < size; i++) {
      const channel = Math.floor(i / (height * width));
      x[j * size + i] = ((images.data[from * size + i] ?? 0) / 255 - (mean?.[channel] ?? 0)) / (std?.[channel] ?? 1);
    }
  }
  return [tensor(x, { shape: [batch, channels, height, width] }), tensor(y)] as const;
}
