/**
 * Clipping gradients by their common norm, over one flat array that holds them all:
 *
 *   norm = √Σ g², or max |g|;   g ← g · min(1, limit / (norm + 1e-6))
 *
 * In two launches: the first leaves partial results, each of every `parts`-th stretch of elements; in the second, every
 * workgroup combines the partials in order and scales its own elements in place, and the norm comes out. Where gradients
 * lie in an arena, the gaps between them must hold zeros.
 *
 * Launch: `parts` rows, see rows.ts; then see flat.ts. One lane of a workgroup adds the partials for all.
 */
import { type Flat, flatKernel, SOFTWARE_FLAT } from './flat.js';
import { interned, type Kernel } from './kernel.js';
import { rowKernel } from './rows.js';

export interface ClipSpec {
  readonly size: number;
  /** Whether the norm is the largest absolute element, and not the root of the sum of squares. */
  readonly infinite: boolean;
}

/** Partial results of `size` elements. */
export const clipParts = (size: number): number => Math.min(64, Math.max(1, Math.ceil(size / 2048)));

/** [g] → partials, {@link clipParts} of them. */
export const clipPartialKernel = interned(({ size, infinite }: ClipSpec): Kernel => {
  const parts = clipParts(size);
  return rowKernel({
    name: 'clip.partial',
    read: { grads: 'f32' },
    write: { partials: 'f32' },
    rows: parts,
    length: Math.ceil(size / parts),
    body: `  var part = 0.0;
  for (var k = row * lanes + lane; k < ${size}u; k += ${parts}u * lanes) {
    let g = grads[k];
    part = ${infinite ? 'max(part, abs(g))' : 'part + g * g'};
  }
  let combined = ${infinite ? 'rowMax' : 'rowSum'}(part);
  if (lane == 0u) { partials[row] = combined; }`,
  });
});

/** [partials, limit] → g, and the norm before scaling. */
export const clipScaleKernel = interned(
  ({ size, infinite, flat = SOFTWARE_FLAT }: ClipSpec & { readonly flat?: Flat }): Kernel =>
    flatKernel({
      name: 'clip.scale',
      read: { partials: 'f32', limit: 'f32' },
      write: { grads: { walked: 'f32' }, norms: 'f32' },
      size,
      flat,
      module: 'var<workgroup> scaling: f32;',
      setup: `  if (lane == 0u) {
    var total = 0.0;
    for (var s = 0u; s < arrayLength(&partials); s++) { total = ${infinite ? 'max(total, partials[s])' : 'total + partials[s]'}; }
    let norm = ${infinite ? 'total' : 'sqrt(total)'};
    scaling = min(1.0, limit[0] / (norm + 1e-6));
    if (start == 0u) { norms[0] = norm; }
  }
  let factor = workgroupUniformLoad(&scaling);`,
      body: () => 'grads[i] *= factor;',
    }),
);
