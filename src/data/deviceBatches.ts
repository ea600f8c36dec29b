import { refuse } from '../gpu/errors.js';
import { batchKernel, REPEAT } from '../kernels/batch.js';
import { seedKey } from '../tensor/generator.js';
import { launchInto } from '../tensor/launch.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Batches, Epoch } from './batches.js';
import type { PicturePlan } from './picturePlan.js';
import type { Resident } from './resident.js';
import { Workspace } from './workspace.js';

/** Batches that may be looked at at a time. */
const SLOTS = 2;

/**
 * Batches made by the GPU from bytes that lie there. An epoch's order is uploaded once; a batch is a write of a few words
 * and a dispatch, which go to the device together with the step that uses it.
 */
export class DeviceBatches implements Batches {
  readonly #images: Resident;
  readonly #plan: PicturePlan;
  readonly #epoch: Epoch;
  readonly #first: number;
  readonly #idle: Workspace[];
  readonly #workspace: Workspace;

  constructor(
    { images, labels }: { images: Uint8Array; labels: Uint8Array },
    on: Resident,
    plan: PicturePlan,
    epoch: Epoch,
  ) {
    this.#images = on;
    this.#plan = plan;
    this.#epoch = epoch;
    this.#first = images.byteOffset - on.from;
    const { indices, repeats, batchSize } = epoch;
    const tableWords = plan.table.length;
    const content = new Uint32Array(tableWords + 2 * indices.length);
    new Float32Array(content.buffer).set(plan.table);
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] as number;
      content[tableWords + 2 * i] = index;
      content[tableWords + 2 * i + 1] = (labels[index] as number) + REPEAT * (repeats?.[i] ?? 0);
    }
    const key = [batchSize, content.length, ...plan.shape].join();
    this.#idle = on.workspaces.get(key) ?? [];
    on.workspaces.set(key, this.#idle);
    this.#workspace = this.#idle.pop() ?? new Workspace(content.length);
    this.#workspace.order.copy_(content);
  }

  take(index: number): readonly Tensor[] {
    const { indices, batchSize, epoch, seed } = this.#epoch;
    const { picture, shape, crop, flip, cutout } = this.#plan;
    const { parts, partWords } = this.#images;
    if (parts.some(({ storage }) => storage.isFreed)) {
      refuse('DataLoader: the data set was disposed of while it is iterated over: dispose of it later');
    }
    const start = index * batchSize;
    const count = Math.min(batchSize, indices.length - start);
    const { at, x, y } = this.#workspace.slot(index % SLOTS, count, shape);
    at.copy_(Uint32Array.of(start, count, epoch, ...seedKey(seed), this.#first));
    const kernel = batchKernel({ batch: count, picture, crop, flip, cutout, parts: parts.length, partWords });
    launchInto(kernel, [at, this.#workspace.order, ...parts], [x, y]);
    // New tensors over the same memory: what one batch's user sets on them, the next does not see.
    return [x.detach(), y.detach()];
  }

  close(finished: boolean): void {
    if (finished) this.#idle.push(this.#workspace);
    else this.#workspace.abandon();
  }
}
