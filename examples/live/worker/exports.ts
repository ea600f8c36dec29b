/** Files that take the library, or all pictures, to make. */
import { type Tensor, tensor, zeros } from 'kindling';
import { channelStats, type ImageDataset } from 'kindling/data';
import { loadSafetensors } from 'kindling/io';
import { Module } from 'kindling/nn';
import { exportOnnx } from 'kindling/onnx';
import { Net } from '../../cifar/network.js';
import { pick, type Scenario } from '../../cifar/scenarios.js';
import type { RunData } from '../../cifar/train.js';
import type { Exported, ExportOrder } from '../shared/exports.js';

/** Values of a picture from 0 to 1 in, probabilities out: what a scenario does to pictures before is part of the model. */
class Classifier extends Module {
  readonly net: Net;
  readonly #mean: Tensor | null;
  readonly #std: Tensor | null;

  constructor(scenario: Scenario, train: ImageDataset) {
    super();
    this.net = new Net(scenario);
    const { mean, std } = channelStats(train);
    const shaped = (values: readonly number[]): Tensor | null =>
      scenario.normalise ? tensor([...values]).reshape([1, 3, 1, 1]) : null;
    this.#mean = shaped([...mean]);
    this.#std = shaped([...std]);
  }

  override forward(images: Tensor): Tensor {
    const x = this.#mean && this.#std ? images.sub(this.#mean).div(this.#std) : images;
    return this.net(x).exp();
  }

  free(): void {
    for (const one of [...this.parameters(), this.#mean, this.#std]) one?.dispose();
  }
}

export async function exported(order: ExportOrder, { train, test }: RunData): Promise<Exported> {
  if (order.type === 'binary') return { type: 'file', name: 'pictures.bin', bytes: recordsOf([train, test]) };
  const { plan, scenario: name, seed, weights } = order;
  const [scenario] = pick(plan.set, [name]);
  if (!scenario) throw new Error(`there is no scenario ${name}`);
  const [model, example] = [new Classifier(scenario, train), zeros([1, 3, 32, 32])];
  try {
    model.net.loadStateDict(loadSafetensors(weights));
    const names = { inputNames: ['images'], outputNames: ['probabilities'] };
    const bytes = await exportOnnx(model, example, names);
    return { type: 'file', name: `${name}-seed${seed}.onnx`, bytes };
  } finally {
    model.free();
    example.dispose();
  }
}

/** A byte for the label, then the planes red, green and blue; one picture after the other. */
function recordsOf(sets: readonly ImageDataset[]): Uint8Array {
  const size = 3 * 32 * 32;
  const count = sets.reduce((sum, { length }) => sum + length, 0);
  const records = new Uint8Array(count * (1 + size));
  let at = 0;
  for (const { images, labels } of sets) {
    for (const [i, label] of labels.entries()) {
      records[at] = label;
      records.set(images.subarray(i * size, (i + 1) * size), at + 1);
      at += 1 + size;
    }
  }
  return records;
}
