/**
 * The residual network of `examples/resnet` beside PyTorch's, from the same weights and pictures
 * (`examples/resnet/pytorch.py --fixture`): outputs, loss, all gradients, running statistics, and some steps of training.
 */
import { capture, type Tensor, tensor } from 'kindling';
import { loadSafetensors } from 'kindling/io';
import { summary } from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { expect, it } from 'vitest';
import { ResNet } from '../../examples/resnet/network.js';
import { optimizerOf, scheduleOf } from '../../examples/resnet/recipe.js';
import { close, plain } from '../support/agree.js';
import { loadBytes } from '../support/fixtures.js';
import { uniform } from '../support/random.js';

const BATCH = 8;

/** The network, pictures and labels of the fixture: see `pytorch.py`. */
function begin(): { model: ResNet; images: Tensor; labels: Tensor } {
  let k = 0;
  const numbers = (shape: readonly number[], low: number, high: number): Tensor => {
    const size = shape.reduce((product, n) => product * n, 1);
    return tensor(
      Float32Array.from({ length: size }, () => low + (high - low) * uniform(k++)),
      { shape },
    );
  };
  const model = new ResNet();
  const parameters = model.namedParameters().map(([name, { shape }]) => {
    if (shape.length === 1) return [name, name.endsWith('bias') ? numbers(shape, -0.5, 0.5) : numbers(shape, 0.5, 1.5)];
    const bound = Math.sqrt(6 / shape.slice(1).reduce((product, n) => product * n, 1));
    return [name, numbers(shape, -bound, bound)];
  });
  model.loadStateDict(Object.fromEntries(parameters), { strict: false });
  return {
    model,
    images: numbers([BATCH, 3, 32, 32], -2, 2),
    labels: tensor(
      Array.from({ length: BATCH }, (_, i) => (7 * i + 3) % 10),
      { dtype: 'i32' },
    ),
  };
}

const bytes = await loadBytes('resnet.safetensors');
let theirs: Record<string, Tensor> | undefined;

/** PyTorch's tensor of this name. */
function wanted(name: string): Tensor {
  theirs ??= loadSafetensors(bytes);
  const found = theirs[name];
  if (!found) throw new Error(`resnet.safetensors: no ${name}`);
  return found;
}

/**
 * Both sides sum up to 2,048 products of f32 in orders of their own, eight layers deep, and gradients through batch
 * normalisation are differences of such sums: what is small beside the tensor's largest element is rounded like it.
 */
async function agrees(name: string, got: Tensor, bound = 1e-4): Promise<void> {
  const want = [...(await wanted(name).data())];
  const atol = bound * Math.max(...want.map(Math.abs));
  await close(name, got, plain(wanted(name).shape, want), { rtol: bound, atol });
}

it('computes what PyTorch computes, forward and backward', async () => {
  const { model, images, labels } = begin();
  const logits = model.forward(images);
  const loss = F.crossEntropy(logits, labels);
  loss.backward();
  await agrees('logits', logits);
  await agrees('loss', loss);
  for (const [name, { grad }] of model.namedParameters()) {
    if (!grad) throw new Error(`${name} has no gradient`);
    await agrees(`gradient.${name}`, grad);
  }
  const running = model.namedBuffers().filter(([name]) => name.includes('running'));
  expect(running).toHaveLength(18);
  for (const [name, buffer] of running) await agrees(`buffer.${name}`, buffer);
  model.eval();
  await agrees('evaluated', model.forward(images));
});

it("a captured step follows PyTorch's losses, its rate and momentum from the schedule", async () => {
  const { model, images, labels } = begin();
  const losses = await wanted('losses').data();
  const optimizer = optimizerOf(model);
  const scheduler = scheduleOf(optimizer, losses.length);
  const train = capture((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const found: number[] = [];
  for (const _ of losses) {
    found.push(await train(images, labels).item());
    scheduler.step();
  }
  train.reset();
  expect(found).toHaveLength(4);
  for (const [i, loss] of found.entries()) expect(loss / (losses[i] ?? 0)).toBeCloseTo(1, 3);
});

// By hand: a convolution's parameters once per output pixel, batch normalisation's and the last layer's once.
it('is summed up', () => {
  const { totalParams, totalMultAdds, rows } = summary(new ResNet(), [1, 3, 32, 32]);
  const block = (inputs: number, outputs: number, side: number): number[] => {
    const shortcut = inputs === outputs ? 0 : 1;
    const weights = 9 * inputs * outputs + 9 * outputs * outputs + shortcut * inputs * outputs;
    return [weights, (4 + 2 * shortcut) * outputs, side * side];
  };
  const parts = [[432, 32, 256], block(16, 16, 16), block(16, 32, 8), block(32, 64, 4), [0, 650, 0]];
  expect(totalParams).toBe(parts.reduce((sum, [conv = 0, rest = 0]) => sum + conv + rest, 0));
  expect(totalMultAdds).toBe(parts.reduce((sum, [conv = 0, rest = 0, area = 0]) => sum + conv * area + rest, 0));
  expect(rows.find(({ name }) => name === 'blocks.2')?.outputShape).toEqual([1, 64, 4, 4]);
});
