/**
 * Weights to PyTorch and back (`test/fixtures/exchange.py`): both make the same predictions. Where PyTorch is not installed,
 * a file that it wrote must do.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argmax, capture, manualSeed, noGrad, randint, randn, type Tensor, tensor } from 'kindling';
import { synthetic } from 'kindling/data';
import { loadSafetensors, readSafetensors, saveSafetensors } from 'kindling/io';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { SGD } from 'kindling/optim';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Net } from '../../examples/cifar/network.js';
import { ROOT } from '../../scripts/page.js';
import { pythonWithTorch } from '../../scripts/python.js';

const FIXTURE = join(ROOT, 'test/fixtures/exchange.safetensors');

class Residual extends nn.Module {
  stem = new nn.Sequential(new nn.Conv2d(3, 4, 3, { padding: 1, bias: false }), new nn.BatchNorm2d(4), new nn.ReLU());
  conv = new nn.Conv2d(4, 4, 3, { padding: 1, bias: false });
  bn = new nn.BatchNorm2d(4);
  fc = new nn.Linear(4, 10);

  forward(x: Tensor): Tensor {
    const y = this.stem.forward(x);
    const z = F.relu(this.bn.forward(this.conv.forward(y)).add(y));
    return this.fc.forward(F.adaptiveAvgPool2d(z, 1).flatten(1));
  }
}

const NETWORKS = {
  study: () => new Net({ name: 'baseline', lr: 1e-3 }),
  residual: () => new Residual(),
};

const python = pythonWithTorch();
const folder = mkdtempSync(join(tmpdir(), 'kindling-torch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  manualSeed(3);
});

/** Runs PyTorch's side. */
function torch(...args: string[]): string {
  if (!python) throw new Error('no PyTorch');
  const script = join(ROOT, 'test/fixtures/exchange.py');
  const { status, stdout, stderr } = spawnSync(python, [script, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`exchange.py ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** The same classes, and logits within 1e-4. */
async function expectSame(got: Tensor, want: Tensor): Promise<void> {
  expect(got.shape).toEqual(want.shape);
  expect(await argmax(got, { dim: 1 }).array()).toEqual(await argmax(want, { dim: 1 }).array());
  expect(await got.sub(want).abs().amax().item()).toBeLessThan(1e-4);
}

const predict = (model: nn.Module, images: Tensor): Tensor => noGrad(() => model.eval().forward(images));

/** What PyTorch predicts with the state of a model of ours. */
async function predictedByTorch(network: keyof typeof NETWORKS, model: nn.Module, images: Tensor): Promise<Tensor> {
  const state = Object.entries(model.stateDict()).map(([name, value]) => [`state.${name}`, value]);
  const file = join(folder, `${network}.safetensors`);
  writeFileSync(file, await saveSafetensors({ ...Object.fromEntries(state), images }));
  torch('predict', network, file, `${file}.out`);
  const { logits } = loadSafetensors(readFileSync(`${file}.out`));
  return logits as Tensor;
}

/** A model with the state that a file of PyTorch's holds, and what PyTorch predicts with it. */
function loaded(network: keyof typeof NETWORKS, file: string) {
  const { images, logits, ...rest } = loadSafetensors(readFileSync(file));
  const state = Object.entries(rest).map(([name, value]) => [name.replace(/^state\./, ''), value]);
  const model = NETWORKS[network]();
  model.loadStateDict(Object.fromEntries(state));
  return { model, images: images as Tensor, logits: logits as Tensor };
}

console.log(
  python
    ? `weights are exchanged with PyTorch itself, by ${python}`
    : 'PyTorch is not installed: weights are held against a file that it wrote, and no more',
);

describe('a file that PyTorch wrote', () => {
  it('gives the same predictions here', async () => {
    const { model, images, logits } = loaded('residual', FIXTURE);
    await expectSame(predict(model, images), logits);
  });

  it('has the names, types, shapes and bytes that kindling writes', async () => {
    const { model } = loaded('residual', FIXTURE);
    const ours = readSafetensors(await saveSafetensors(model.stateDict())).tensors;
    const theirs = [...readSafetensors(readFileSync(FIXTURE)).tensors].filter(([name]) => name.startsWith('state.'));
    expect(ours.size).toBe(theirs.length);
    for (const [name, held] of theirs) expect(ours.get(name.replace('state.', ''))).toEqual(held);
  });
});

if (python) {
  describe('PyTorch', () => {
    it("loads the study's trained weights and makes the same predictions", async () => {
      const results = join(ROOT, 'docs/results');
      const weights = readdirSync(results).map((run) => join(results, run, 'weights/baseline-seed0.safetensors'));
      const model = NETWORKS.study();
      model.loadStateDict(loadSafetensors(readFileSync(weights.find(existsSync) ?? 'no trained weights')));
      const test = synthetic({ split: 'test', count: 100 });
      const images = tensor(
        Float32Array.from(test.images, (byte) => byte / 255),
        { shape: [100, 3, 32, 32] },
      );
      const ours = predict(model, images);
      expect(new Set((await argmax(ours, { dim: 1 }).array()) as number[]).size).toBeGreaterThan(3);
      await expectSame(ours, await predictedByTorch('study', model, images));
    });

    it('loads running statistics and counters that were trained here', async () => {
      const model = NETWORKS.residual();
      const optimizer = new SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
      const train = capture((images: Tensor, labels: Tensor) => {
        optimizer.zeroGrad();
        F.crossEntropy(model.forward(images), labels).backward();
        optimizer.step();
      });
      for (let i = 0; i < 5; i++) train(randn([16, 3, 8, 8]).add(i), randint(0, 10, [16]));
      const images = randn([32, 3, 8, 8]);
      await expectSame(predict(model, images), await predictedByTorch('residual', model, images));
    });
  });

  describe('kindling loads what PyTorch trained and wrote', () => {
    it.each(['study', 'residual'] as const)('%s', async (network) => {
      const file = join(folder, `${network}-trained.safetensors`);
      torch('train', network, file);
      const { model, images, logits } = loaded(network, file);
      await expectSame(predict(model, images), logits);
    });
  });
}
