/**
 * Mixed precision: inside `autocast` matrix products and convolutions read their factors from f16, and so do their gradients.
 * Everything else, and every tensor that a user sees, stays f32. A product is launched as anywhere; the launch is then done with
 * the same kernel over f16 (`src/kernels/half.ts`), after its factors were rounded, which happens where they are made.
 */

import { device } from '../gpu/device.js';
import { refuse, refuseAsync } from '../gpu/errors.js';
import { atMost, checked, type Known, required } from '../gpu/options.js';
import { ofHalves, toHalfKernel } from '../kernels/half.js';
import type { Kernel } from '../kernels/kernel.js';
import { tick } from '../memory/overwrites.js';
import { type Recording, recording } from '../stream/recording.js';
import { Storage } from '../stream/storage.js';
import { flatVariant, record, watching } from '../tensor/launch.js';
import { type Inspector, inspectBy } from '../tensor/remember.js';
import { Tensor } from '../tensor/tensor.js';

export interface AutocastOptions {
  /** False: `body` runs in f32, inside another autocast too. Default: true. */
  enabled?: boolean | undefined;
}

const AUTOCAST: Known<AutocastOptions> = { enabled: 'boolean' };

/** A tensor's elements in f16, and when they were rounded. */
interface Half {
  readonly tensor: Tensor;
  readonly at: number;
}

/** One run of {@link autocast}, and of what passes gradients back through it. */
interface Session {
  readonly halves: Map<Storage, Half>;
  /** The recording that it belongs to. */
  readonly recording: Recording | null;
}

let active: Session | null = null;

/** Whether the adapter computes with f16, which {@link autocast} wants: the feature `shader-f16`. @throws KindlingError before `init()` */
export function isAutocastAvailable(): boolean {
  atMost('isAutocastAvailable', 0, arguments);
  return device().features.has('shader-f16');
}

/** Whether products read f16 now. */
export function isAutocastEnabled(): boolean {
  atMost('isAutocastEnabled', 0, arguments);
  return active !== null;
}

/** @internal */
export function wantHalf(op: string): void {
  if (isAutocastAvailable()) return;
  refuse(
    `${op}: this adapter has no f16 in shaders (the feature shader-f16); ask isAutocastAvailable() of kindling/amp first, and stay ` +
      'with f32: autocast(body, { enabled: false }) does',
  );
}

/**
 * Runs `body` in mixed precision: `matmul`, `linear`, convolutions and whatever is made of them (layers, `einsum`, attention by
 * products) round their factors to f16, multiply in f32 and add in f32; what comes out is f32. Their gradients do the same, after
 * `body` too. All else (normalisations, softmax, losses, sums, optimizers, weights and their gradients) is f32 throughout. A weight
 * is rounded once, and what is read by products alone lies in memory as f16 and as nothing else.
 *
 * Values beyond 65,504 become infinite, gradients below 6e-8 become 0: {@link GradScaler} is for these. It stands inside a captured
 * function, around forward and loss; `backward()` may stand behind it.
 *
 * @returns what `body` returns
 * @throws KindlingError where the adapter has no f16 in shaders, and around a captured function that is recorded
 * @example
 * const loss = autocast(() => criterion(model(x), y));
 * scaler.scale(loss).backward();
 * @see https://pytorch.org/docs/stable/amp.html
 */
export function autocast<T>(body: () => T, options: AutocastOptions = {}): T {
  atMost('autocast', 2, arguments);
  required('autocast', { body }, { body: 'function' });
  const { enabled = true } = checked('autocast', options, AUTOCAST);
  if (enabled) wantHalf('autocast');
  const value = during(enabled ? { halves: new Map(), recording: recording() } : null, body);
  refuseAsync('autocast', value);
  return value;
}

/** Runs `body` in a session, or in none. */
function during<T>(session: Session | null, body: () => T): T {
  const before = active;
  const outer = inspectBy(null);
  inspectBy(session ? remembering(session, outer) : outer);
  active = session;
  try {
    return session ? watching((...launched) => inHalves(session, ...launched), body) : body();
  } finally {
    active = before;
    inspectBy(outer);
  }
}

/** Lets functions that the session records pass their gradients back in it. */
function remembering(session: Session, outer: Inspector | null): Inspector {
  const inspector: Inspector = (name, inputs, value, backward, attributes) => {
    const own = outer?.(name, inputs, value, backward, attributes) ?? backward;
    return active === session ? (grad) => during(session, () => own(grad)) : own;
  };
  return Object.assign(inspector, {
    readsAlone: outer?.readsAlone ?? true,
    again: <T>(body: () => T): T => during(session, body),
  });
}

/** Does a product's launch over f16. */
function inHalves(session: Session, kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Tensor[]): boolean {
  const product = active === session && ofHalves(kernel);
  if (!product) return false;
  if (recording() && recording() !== session.recording) {
    refuse('autocast: a captured function is recorded inside; write autocast inside of that function');
  }
  const [left, right, ...rest] = inputs as [Tensor, Tensor, ...Tensor[]];
  record(product, [halfOf(session, left), halfOf(session, right), ...rest], outputs);
  return true;
}

/** A tensor rounded, as the session has it already where nothing has written the tensor since. */
function halfOf({ halves }: Session, x: Tensor): Tensor {
  const { storage } = x;
  const known = halves.get(storage);
  if (known?.tensor.storage.isUsable && !storage.overwrittenSince(known.at)) return known.tensor;
  const tensor = rounded(x, new Storage(2 * x.size));
  halves.set(storage, { tensor, at: tick() });
  return tensor;
}

/** @internal A tensor's elements as f16 in `into`; what is returned is for kernels alone. */
export function rounded(x: Tensor, into: Storage): Tensor {
  const made = new Tensor(x.shape, x.dtype, into);
  record(toHalfKernel({ size: x.size, flat: flatVariant() }), [x], [made]);
  return made;
}
