/** Scales losses so that gradients of f16 neither vanish nor overflow, as `torch.amp.GradScaler`, without reading anything back. */
import { launchFlatInto } from '../choose/variant.js';
import { refuse } from '../gpu/errors.js';
import { atMost, type Complete, checked, type Known, required, text, wantTensor } from '../gpu/options.js';
import { bitsOf } from '../kernels/flat.js';
import { foundKernel, SLOTS, unscaleKernel, updateKernel } from '../kernels/gradScaler.js';
import { range } from '../kernels/range.js';
import { mul } from '../ops/elementwise/arithmetic.js';
import { fill_ } from '../ops/written.js';
import { gradientArrays } from '../optim/clip.js';
import { Optimizer } from '../optim/optimizer.js';
import { refuseInCapture, seeField, unrecorded, writeField } from '../stream/recording.js';
import { full, zeros } from '../tensor/create.js';
import { launchInto } from '../tensor/launch.js';
import { noGrad } from '../tensor/remember.js';
import { keep } from '../tensor/step.js';
import type { Tensor } from '../tensor/tensor.js';
import { opaque } from '../tensor/watched.js';
import { stepUnlessFound } from './guardedStep.js';

export interface GradScalerOptions {
  /** The first scale. Default: 65536. */
  initScale?: number | undefined;
  /** What the scale is multiplied by after `growthInterval` steps without overflow. Default: 2. */
  growthFactor?: number | undefined;
  /** What it is multiplied by after a step with overflow. Default: 0.5. */
  backoffFactor?: number | undefined;
  /** Default: 2000. */
  growthInterval?: number | undefined;
  /** False: losses are not scaled, and steps are the optimizer's. Default: true. */
  enabled?: boolean | undefined;
}

const OPTIONS: Known<GradScalerOptions> = {
  initScale: 'number',
  growthFactor: 'number',
  backoffFactor: 'number',
  growthInterval: 'size',
  enabled: 'boolean',
};

/** What a scaler remembers, as JSON; `{}` of one that is not enabled. */
export interface GradScalerState {
  scale: number;
  growthFactor: number;
  backoffFactor: number;
  growthInterval: number;
  /** Steps without overflow since the scale last changed. */
  growthTracker: number;
  /** Steps passed over, of each optimizer in the order in which they were first used. */
  skipped: number[];
}

/** An optimizer that a scaler knows, and how far it is since the last update. */
interface Served {
  readonly slot: number;
  stage: 'ready' | 'unscaled' | 'stepped';
}

/**
 * Scales a loss, so that its gradients are large enough for f16, brings them back before the optimizer's step, and passes over the
 * step where one of them is NaN or infinite. All of it happens on the GPU, in captured functions too: the scale, whether something
 * was found and how often the scale held lie in tensors, and the optimizer's launch looks at them.
 *
 * A step that is passed over counts for nothing, in an Adam's bias corrections either (up to 32 of them). It serves any optimizer
 * but LBFGS, and up to eight.
 *
 * @example
 * const scaler = new GradScaler();
 * const train = capture((x: Tensor, y: Tensor) => {
 *   optimizer.zeroGrad();
 *   const loss = autocast(() => criterion(model(x), y));
 *   scaler.scale(loss).backward();
 *   scaler.step(optimizer);
 *   scaler.update();
 *   return loss;
 * });
 * @see https://pytorch.org/docs/stable/amp.html#torch.amp.GradScaler
 */
export class GradScaler {
  readonly #options: Complete<GradScalerOptions>;
  readonly #served = new Map<Optimizer, Served>();
  /** The scale, and what kernels/gradScaler.ts says; null where it is not enabled. */
  readonly #held: { readonly scale: Tensor; readonly flags: Tensor } | null;
  /** @throws KindlingError for options that make no sense, and before `init()` */
  constructor(options: GradScalerOptions = {}) {
    const given = Object.entries(checked('GradScaler', options, OPTIONS)).filter(([, value]) => value !== undefined);
    this.#options = {
      ...{ initScale: 65536, growthFactor: 2, backoffFactor: 0.5, growthInterval: 2000, enabled: true },
      ...Object.fromEntries(given),
    };
    const { initScale, growthFactor, backoffFactor, enabled } = this.#options;
    if (!(growthFactor > 1)) refuse(`GradScaler: growthFactor is ${growthFactor}, wants more than 1`);
    if (!(backoffFactor < 1 && backoffFactor > 0))
      refuse(`GradScaler: backoffFactor is ${backoffFactor}, not between 0 and 1`);
    wantScale('GradScaler: initScale', initScale);
    this.#held = enabled
      ? unrecorded(() => ({ scale: keep(full([], initScale)), flags: keep(zeros([1 + 2 * SLOTS])) }))
      : null;
  }

  /** @internal */
  get [opaque](): true {
    return true;
  }

  /** Whether it scales. */
  isEnabled(): boolean {
    return this.#held !== null;
  }

  /** The scale as it is now; 1 where it is not enabled. Waits for the device. */
  getScale(): Promise<number> {
    return this.#held ? this.#held.scale.item() : Promise.resolve(1);
  }

  /** A loss, or each of several, times the scale: `scaler.scale(loss).backward()`. */
  scale(loss: Tensor): Tensor;
  scale(losses: readonly Tensor[]): Tensor[];
  scale(loss: Tensor | readonly Tensor[]): Tensor | Tensor[] {
    atMost('GradScaler.scale', 1, arguments);
    const held = this.#held;
    const scaled = (one: Tensor): Tensor => {
      wantTensor('GradScaler.scale', 'loss', one);
      return held ? mul(one, held.scale) : one;
    };
    return Array.isArray(loss) ? loss.map(scaled) : scaled(loss as Tensor);
  }

  /**
   * Divides the gradients of an optimizer's parameters by the scale, in place, and notes whether one of them is NaN or infinite.
   * `step` does it where it was not done; to do it before is for who looks at gradients, or clips them.
   *
   * @throws KindlingError the second time before `update()`, after `step()`, and where no parameter has a gradient
   */
  unscale_(optimizer: Optimizer): void {
    atMost('GradScaler.unscale_', 1, arguments);
    const held = this.#held;
    const served = this.#of('unscale_', optimizer);
    if (!held || !served) return;
    if (served.stage !== 'ready') {
      refuse(
        `GradScaler.unscale_: called ${served.stage === 'unscaled' ? 'a second time' : 'after step()'} before update()`,
      );
    }
    const leaves = optimizer.paramGroups.flatMap(({ params }) => [...params]);
    const { partials, arrays } = gradientArrays(
      leaves.filter(({ grad }) => grad && grad.size > 0),
      true,
    );
    if (!partials) refuse('GradScaler.unscale_: no parameter of this optimizer has a gradient; call backward() first');
    noGrad(() => {
      launchInto(foundKernel({ slot: served.slot }), [partials], [held.flags]);
      for (const array of arrays) {
        launchFlatInto('gradScaler.unscale', unscaleKernel, { size: array.size }, [held.scale], [array]);
      }
    });
    writeField(served, 'stage');
    served.stage = 'unscaled';
  }

  /**
   * The optimizer's step, after the gradients were unscaled; where one of them is NaN or infinite, nothing is changed.
   *
   * @throws KindlingError the second time before `update()`
   */
  step(optimizer: Optimizer): void {
    atMost('GradScaler.step', 1, arguments);
    const held = this.#held;
    const served = this.#of('step', optimizer);
    if (!held || !served) {
      optimizer.step();
      return;
    }
    if (served.stage === 'stepped') refuse('GradScaler.step: called a second time before update()');
    if (served.stage === 'ready') this.unscale_(optimizer);
    stepUnlessFound(optimizer, held.flags, served.slot);
    writeField(served, 'stage');
    served.stage = 'stepped';
  }

  /**
   * After the steps of all optimizers: the scale for the next ones. `scale` sets it instead.
   *
   * @throws KindlingError where nothing was unscaled since the last time
   */
  update(scale?: number): void {
    atMost('GradScaler.update', 1, arguments);
    if (!this.#held) return;
    const { growthFactor, backoffFactor, growthInterval } = this.#options;
    if (scale !== undefined) wantScale('GradScaler.update: scale', scale);
    const served = [...this.#served.values()];
    for (const one of served) seeField(one, 'stage');
    if (scale === undefined && served.every(({ stage }) => stage === 'ready')) {
      refuse('GradScaler.update: no gradients were looked at since the last update; call step(optimizer) first');
    }
    const stepped = served.reduce((bits, { slot, stage }) => bits | (stage === 'stepped' ? 1 << slot : 0), 0);
    const factors = { growth: bitsOf(growthFactor, 'f32'), backoff: bitsOf(backoffFactor, 'f32') };
    launchInto(
      updateKernel({ ...factors, interval: growthInterval, stepped }),
      [],
      [this.#held.scale, this.#held.flags],
    );
    if (scale !== undefined) fill_(this.#held.scale, scale);
    for (const one of served) {
      writeField(one, 'stage');
      one.stage = 'ready';
    }
  }

  /** What it remembers. Waits for the device. @throws KindlingError inside a captured function */
  async stateDict(): Promise<GradScalerState | Record<string, never>> {
    refuseInCapture("a scaler's state is read", 'Read it outside.');
    if (!this.#held) return {};
    const [scale, [growthTracker = 0, ...flags]] = await Promise.all([
      this.#held.scale.item(),
      this.#held.flags.data(),
    ]);
    const { growthFactor, backoffFactor, growthInterval } = this.#options;
    const skipped = flags.filter((_, i) => i % 2 === 1);
    while (skipped.at(-1) === 0) skipped.pop();
    return { scale, growthFactor, backoffFactor, growthInterval, growthTracker, skipped };
  }

  /**
   * Continues from what {@link GradScaler.stateDict} returned.
   *
   * @throws KindlingError where it is that of a scaler that was not enabled, or no state; nothing is changed then
   */
  loadStateDict(state: GradScalerState | Record<string, never>): void {
    refuseInCapture("a scaler's state is set", 'Set it outside.');
    if (!this.#held) return;
    const {
      scale,
      growthFactor,
      backoffFactor,
      growthInterval,
      growthTracker,
      skipped = [],
    } = state as GradScalerState;
    if (scale === undefined)
      refuse('GradScaler.loadStateDict: this state is empty, that of a scaler that was not enabled');
    const numbers = { scale, growthFactor, backoffFactor, growthInterval, growthTracker };
    required(
      'GradScaler.loadStateDict',
      { ...numbers, skipped },
      {
        ...{ scale: 'number', growthFactor: 'number', backoffFactor: 'number', growthInterval: 'size' },
        ...{ growthTracker: 'count', skipped: 'any' },
      },
    );
    if (!Array.isArray(skipped) || skipped.length > SLOTS || !skipped.every(Number.isSafeInteger)) {
      refuse(`GradScaler.loadStateDict: skipped is ${text(skipped)}, wants ${SLOTS} whole numbers or fewer`);
    }
    wantScale('GradScaler.loadStateDict: scale', scale);
    Object.assign(this.#options, { growthFactor, backoffFactor, growthInterval });
    this.#held.scale.copy_(Float32Array.of(scale));
    const flags = range(SLOTS).flatMap((slot) => [0, skipped[slot] ?? 0]);
    this.#held.flags.copy_(Float32Array.of(growthTracker, ...flags));
  }

  /** What it knows of an optimizer; null where it is not enabled. */
  #of(method: string, optimizer: Optimizer): Served | null {
    if (!(optimizer instanceof Optimizer)) {
      refuse(`GradScaler.${method}: wants an optimizer whose step takes no closure, got ${text(optimizer)}`);
    }
    if (!this.#held) return null;
    const known = this.#served.get(optimizer) ?? { slot: this.#served.size, stage: 'ready' };
    if (known.slot === SLOTS) refuse(`GradScaler: serves ${SLOTS} optimizers, this is one more`);
    this.#served.set(optimizer, known);
    seeField(known, 'stage');
    return known;
  }
}

function wantScale(what: string, scale: number): void {
  if (!(scale > 0 && Number.isFinite(Math.fround(scale)))) refuse(`${what} is ${text(scale)}, wants a number above 0`);
}
