import { refuse } from '../gpu/errors.js';
import { atMost, text } from '../gpu/options.js';
import type { Memory } from '../memory/memory.js';
import { revive } from '../memory/revive.js';
import { refuseInCapture } from '../stream/recording.js';
import { insideScope } from '../stream/scope.js';
import type { Storage } from '../stream/storage.js';
import { clear, flush } from '../stream/stream.js';
import { type RandomState, randomState, setRandomState } from '../tensor/random.js';
import { elementsOf, Tensor } from '../tensor/tensor.js';
import { contentsOf } from './contents.js';
import { Found, momentsOf } from './found.js';

type Content = Uint8Array<ArrayBuffer>;

/** A gradient as it was. */
interface Gradient {
  readonly of: Tensor;
  readonly content: Content;
}

/** What {@link snapshot} holds, in memory of the host. */
export class Snapshot {
  /** Of the host's memory. */
  readonly bytes: number;
  readonly #found: Found;
  readonly #contents: ReadonlyMap<Storage, Content>;
  readonly #gradients: readonly Gradient[];
  /** What gradients lie in. */
  readonly #arenas: readonly Memory[];
  readonly #restores: readonly (() => void)[];
  readonly #random: RandomState;

  /** @internal */
  constructor(
    found: Found,
    { contents, gradients, arenas, restores, random }: Held & { readonly contents: ReadonlyMap<Storage, Content> },
  ) {
    this.#found = found;
    this.#contents = contents;
    this.#gradients = gradients.map(({ of, storage }) => ({ of, content: contents.get(storage) as Content }));
    this.#arenas = arenas;
    this.#restores = restores;
    this.#random = random;
    this.bytes = [...contents.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** @internal Lets everything be as it was, on the device that is open. */
  restore(): void {
    const { tensors, states } = this.#found;
    for (const tensor of tensors) {
      const { grad, gradHome } = tensor;
      // Whoever holds it would see what becomes of the arena.
      if (grad && gradHome?.holds(grad.storage)) grad.dispose();
      if (grad) tensor.grad = null;
    }
    const places = [...tensors].map(({ storage }) => storage.place?.root);
    const moments = [...states.keys()].flatMap((one) => [...momentsOf(one)]);
    for (const root of new Set([...places, ...moments, ...this.#arenas])) if (root && revive(root)) clear(root);
    for (const { storage } of tensors) {
      const content = this.#contents.get(storage);
      if (content && !storage.isFreed) storage.write(content);
    }
    for (const { of, content } of this.#gradients) {
      const { shape, dtype } = of;
      of.grad = new Tensor(shape, dtype, undefined, new (elementsOf(dtype))(content.slice().buffer, 0, of.size));
    }
    for (const restore of this.#restores) restore();
    setRandomState(this.#random);
    flush();
  }
}

/** What is known as soon as the snapshot is asked for. */
interface Held {
  readonly gradients: readonly { readonly of: Tensor; readonly storage: Storage }[];
  readonly arenas: readonly Memory[];
  readonly restores: readonly (() => void)[];
  readonly random: RandomState;
}

/**
 * Holds everything that a run needs to go on, as it is when this is called: `snapshot({ model, optimizer, scheduler, loader })`.
 * Names are yours, and there may be several of each, in arrays too. Looked for are modules (all tensors in their public fields),
 * optimizers and schedulers (their states), tensors of your own, all with their gradients, and loaders (their places); the state of
 * the library's random numbers is always there. Other values are passed over: what the host knows is not lost.
 *
 * It is asked for between two steps, and costs one readback, in the background: steps after it may be made at once, and those before it
 * need not have run. The promise gives the snapshot when its contents have arrived; {@link recover} brings them back.
 *
 * @throws KindlingError inside a step or a captured function, and where there is nothing to hold; DeviceLostError where the device
 *   goes before the contents have arrived
 * @example
 * let saved = await snapshot({ model, optimizer, loader });
 * setInterval(() => snapshot({ model, optimizer, loader }).then((one) => (saved = one), () => {}), 10_000);
 */
export async function snapshot(run: object): Promise<Snapshot> {
  atMost('snapshot', 1, arguments);
  refuseInCapture('a snapshot is taken', 'Take it outside.');
  if (insideScope())
    refuse('snapshot: inside a step, of which nobody knows what it will leave. Take it between two steps.');
  const found = new Found();
  found.look(run);
  const { tensors, states, loaders } = found;
  if (tensors.size === 0) {
    refuse(
      `snapshot: there are no tensors in ${text(run)}; write snapshot({ model, optimizer }), of what is to come back`,
    );
  }
  const gradients = [...tensors].flatMap((of) => (of.grad?.storage.isUsable ? [{ of, storage: of.grad.storage }] : []));
  const restores = [
    ...[...states].map(
      ([one, state]) =>
        (): unknown =>
          one.loadStateDict(state),
    ),
    ...[...loaders].map((one) => {
      const { epoch, batch } = one.state;
      return (): void => one.setEpoch(epoch, batch);
    }),
  ];
  const held = { gradients, arenas: found.gradients(), restores, random: randomState() };
  const storages = new Set([...found.storages, ...gradients.map(({ storage }) => storage)]);
  return new Snapshot(found, { ...held, contents: await contentsOf([...storages]) });
}
