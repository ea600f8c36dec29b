/**
 * Scaling of losses, so that small gradients do not vanish in f16, without the host: what it decides lies in two arrays.
 *
 *   found = 1 where a gradient is NaN or infinite, else 0;  g ← g / scale
 *   where found: scale ← scale · backoff, tracker ← 0
 *   else: tracker ← tracker + 1, and at `interval` tracker ← 0, scale ← scale · growth unless that is infinite
 *
 * Layout: `scale` is one float; `flags` are tracker, and for each optimizer two: found, and how many of its steps were passed
 * over. The parameters' update by an optimizer (optimizer.ts) becomes one that looks at its own first.
 * Launch: one invocation; of gradients, see flat.ts.
 */
import { type Flat, flatKernel, SOFTWARE_FLAT } from './flat.js';
import { largerOf } from './floats.js';
import { interned, type Kernel, linearKernel } from './kernel.js';

/** Optimizers that one scaler serves, at most. */
export const SLOTS = 8;

/** Where an optimizer's two flags lie. */
const foundAt = (slot: number): number => 1 + 2 * slot;

/** [partials, at least one] → flags: partials are largest magnitudes of gradients, NaN where one is (clip.ts). */
export const foundKernel = /* @__PURE__ */ interned(
  ({ slot }: { readonly slot: number }): Kernel =>
    linearKernel({
      name: 'gradScaler.found',
      read: { partials: 'f32' },
      write: { flags: 'f32' },
      params: { at: foundAt(slot) },
      size: 1,
      body: `  var most = 0.0;
  for (var k = 0u; k < arrayLength(&partials); k++) { most = ${largerOf('most', 'partials[k]')}; }
  flags[params.at] = select(0.0, 1.0, bitcast<u32>(most) >= 0x7f800000u);`,
    }),
);

/** [scale] → g. */
export const unscaleKernel = /* @__PURE__ */ interned(
  ({ size, flat = SOFTWARE_FLAT }: { readonly size: number; readonly flat?: Flat }): Kernel =>
    flatKernel({
      name: 'gradScaler.unscale',
      read: { scale: 'f32' },
      write: { grads: { walked: 'f32' } },
      size,
      flat,
      setup: '  let inverse = 1.0 / scale[0];',
      body: () => 'grads[i] *= inverse;',
    }),
);

export interface UpdateSpec {
  /** Bits of floats. */
  readonly growth: number;
  readonly backoff: number;
  readonly interval: number;
  /** Bits of the slots whose optimizer made a step, or passed it over. */
  readonly stepped: number;
}

/** [] → scale, flags. */
export const updateKernel = /* @__PURE__ */ interned(
  (params: UpdateSpec): Kernel =>
    linearKernel({
      name: 'gradScaler.update',
      write: { scale: 'f32', flags: 'f32' },
      params: { ...params },
      size: 1,
      body: `  var found = 0.0;
  for (var slot = 0u; slot < ${SLOTS}u; slot++) {
    let at = 2u * slot + 1u;
    let own = flags[at];
    found = max(found, own);
    flags[at] = 0.0;
    if (((params.stepped >> slot) & 1u) == 1u) { flags[at + 1u] += own; }
  }
  let good = flags[0] + 1.0;
  let larger = scale[0] * bitcast<f32>(params.growth);
  if (found > 0.0) {
    scale[0] *= bitcast<f32>(params.backoff);
    flags[0] = 0.0;
  } else if (good >= f32(params.interval)) {
    if (bitcast<u32>(larger) < 0x7f800000u) { scale[0] = larger; }
    flags[0] = 0.0;
  } else {
    flags[0] = good;
  }`,
    }),
);

/** Steps passed over that an update counts: rows of `scalars`, the first for none, and one for each. */
export const ROWS = 33;

const guards = /* @__PURE__ */ interned(
  (_: { readonly slot: number; readonly row: number }) => new WeakMap<Kernel, Kernel>(),
);

/**
 * An optimizer's kernel that does nothing where its slot has found something, and else takes that row of its scalars, of `row`
 * each, which is its number of steps passed over; flags are bound last.
 */
export function guarded(kernel: Kernel, slot: number, row: number): Kernel {
  const known = guards({ slot, row });
  const made = known.get(kernel) ?? rewritten(kernel, slot, row);
  known.set(kernel, made);
  return made;
}

function rewritten(kernel: Kernel, slot: number, row: number): Kernel {
  const place = kernel.access.length;
  const found = `flags[${foundAt(slot)}]`;
  const wgsl = kernel.wgsl
    .replace(`@binding(${place}) var<uniform>`, `@binding(${place + 1}) var<uniform>`)
    .replaceAll(/\bscalars\[(\w+)\]/g, 'scalars[row + $1]')
    .replace(
      /@compute[^{]*\{/,
      `@group(0) @binding(${place}) var<storage, read> flags: array<f32>;
$&
  if (${found} != 0.0) { return; }
  let row = ${row}u * u32(min(flags[${foundAt(slot) + 1}], ${ROWS - 1}.0));`,
    );
  return { ...kernel, name: `${kernel.name}.guarded`, wgsl, access: [...kernel.access, 'read'] };
}
