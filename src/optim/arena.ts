/**
 * The flat memory of a parameter group: its parameters lie in one buffer, their gradients in a second, and each moment of
 * an optimizer in one more, everything of the same parameter at the same offset (a multiple of 256 bytes, as bindings
 * want). So one launch updates them all. Gaps hold zeros. A group larger than a binding may be has several arenas.
 */
import { Storage } from '../stream/storage.js';
import { at, type Shape, sizeOf } from '../tensor/shape.js';
import { type GradHome, Tensor } from '../tensor/tensor.js';
import { fitting } from './fitting.js';

const ALIGNMENT = 256;

/** The same range of the parameters, the gradients and the moments. */
export interface Range {
  readonly params: Tensor;
  readonly grads: Tensor;
  /** The moment of this name; zeros at first. */
  state(name: string): Tensor;
}

/** What a parameter takes of an arena. */
const taken = ({ size }: Tensor): number => Math.max(1, Math.ceil((size * 4) / ALIGNMENT)) * ALIGNMENT;

export class Arena {
  readonly params: readonly Tensor[];
  /** Of every parameter, and the end. */
  readonly #offsets: number[] = [0];
  readonly #values: Storage;
  readonly #grads: Storage;
  readonly #moments = new Map<string, Storage>();
  readonly #ranges = new Map<string, Range>();
  readonly #homes: readonly GradHome[];

  /** Moves the parameters in; their gradients will come to lie beside one another too. */
  private constructor(params: readonly Tensor[]) {
    this.params = params;
    for (const param of params) this.#offsets.push((this.#offsets.at(-1) ?? 0) + taken(param));
    this.#values = this.#zeros();
    this.#grads = this.#zeros();
    this.#grads.isPassing = true;
    this.#homes = params.map((param, i) => {
      param.storage.moveInto(this.#values, at(this.#offsets, i));
      const home = this.#homeOf(i);
      param.gradHome = home;
      return home;
    });
  }

  /** As few arenas as hold these parameters, in order. */
  static all(params: readonly Tensor[]): Arena[] {
    return fitting(params, taken).map((run) => new Arena(run));
  }

  #homeOf(i: number): GradHome {
    const [grads, offset] = [this.#grads, at(this.#offsets, i)];
    let held: Storage | null = null;
    const holds = (gradient: Storage): boolean => gradient.liesIn(grads, offset);
    const there = (): Storage | null => (held && holds(held) ? held : null);
    return {
      arena: this,
      holds,
      clear: () => there()?.moveOut(),
      moveIn: (gradient) => {
        gradient.moveInto(grads, offset);
        held = gradient;
      },
      take: (gradient) => {
        if (held !== gradient) there()?.free();
        held = gradient;
      },
    };
  }

  #zeros(): Storage {
    const bytes = this.#offsets.at(-1) ?? 0;
    const made = new Storage(bytes, 'zeros');
    made.keep();
    return made;
  }

  /** Parameter `i` alone, in its shape. */
  at(i: number): Range {
    return this.#range(i, i + 1, this.params[i]?.shape ?? []);
  }

  /** Parameters `from` to `to` − 1, flat, with the gaps between them. */
  range(from: number, to: number): Range {
    return this.#range(from, to, [(at(this.#offsets, to) - at(this.#offsets, from)) / 4]);
  }

  /** Brings parameter `i` and its gradient back, where another optimizer or the user laid them elsewhere. */
  gather(i: number): void {
    const param = this.params[i] as Tensor;
    const offset = at(this.#offsets, i);
    if (!param.storage.liesIn(this.#values, offset)) param.storage.moveInto(this.#values, offset);
    if (param.grad && !param.grad.storage.liesIn(this.#grads, offset)) {
      this.#homes[i]?.clear();
      this.at(i).grads.storage.copyFrom(param.grad.storage);
    }
  }

  #range(from: number, to: number, shape: Shape): Range {
    const key = `${from} ${to} ${shape}`;
    const known = this.#ranges.get(key);
    if (known) return known;
    const offset = at(this.#offsets, from);
    const within = (storage: Storage): Tensor => {
      const view = Storage.within(storage, offset, 4 * sizeOf(shape));
      view.keep();
      return new Tensor(shape, 'f32', view);
    };
    const moments = new Map<string, Tensor>();
    const made: Range = {
      params: within(this.#values),
      grads: within(this.#grads),
      state: (name) => {
        const storage = this.#moments.get(name) ?? this.#zeros();
        this.#moments.set(name, storage);
        const moment = moments.get(name) ?? within(storage);
        moments.set(name, moment);
        return moment;
      },
    };
    this.#ranges.set(key, made);
    return made;
  }
}
