import { AT_WORDS } from '../kernels/batch.js';
import { keep } from '../tensor/step.js';
import { Tensor } from '../tensor/tensor.js';

/** What the kernel writes a batch into, and where it finds the batch's numbers. */
export interface Slot {
  readonly at: Tensor;
  readonly x: Tensor;
  readonly y: Tensor;
}

/** The tensors of one iteration. They are used again by the next, of whatever loader: a step meets the same memory. */
export class Workspace {
  readonly order: Tensor;
  readonly #slots = new Map<string, Slot>();

  constructor(words: number) {
    this.order = keep(new Tensor([words], 'u32'));
  }

  slot(turn: number, count: number, shape: readonly number[]): Slot {
    const key = `${turn}/${count}`;
    let slot = this.#slots.get(key);
    if (!slot || slot.x.storage.isFreed || slot.y.storage.isFreed) {
      const at = slot?.at ?? keep(new Tensor([AT_WORDS], 'u32'));
      slot = { at, x: keep(new Tensor([count, ...shape])), y: keep(new Tensor([count], 'i32')) };
      this.#slots.set(key, slot);
    }
    return slot;
  }

  /** Frees everything but batches, which somebody may still look at. */
  abandon(): void {
    this.order.dispose();
    for (const { at } of this.#slots.values()) at.dispose();
  }

  dispose(): void {
    this.abandon();
    for (const { x, y } of this.#slots.values()) for (const one of [x, y]) one.dispose();
  }
}
