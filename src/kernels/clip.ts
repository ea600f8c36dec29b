/**
 * Clipping gradients by their common norm, over one flat array that holds them all:
 *
 *   norm = √Σ g², or max |g|;   g ← g · min(1, limit / (norm + 1e-6)), NaN where the norm is
 *
 * In two launches: the first leaves partial results, each of every `parts`-th stretch of elements; in the second, every
 * invocation combines the partials in order and scales its own elements in place, and the norm comes out. Where gradients
 * lie in an arena, the gaps between them must hold zeros.
 *
 * Launch: `parts` rows, see rows.ts; then see flat.ts, with so many elements per invocation that the partials it loads are
 * few beside them. One lane that combines them for its workgroup, behind a barrier, cost three passes over 2²⁰ elements
 * (SwiftShader, 2026-11).
 */
import { blocked } from './blocked.js';
import { type Flat, flatKernel, SOFTWARE_FLAT } from './flat.js';
import { isNan, largerOf } from './floats.js';
import { interned, type Kernel } from './kernel.js';
import { rowKernel } from './rows.js';

export interface ClipSpec {
  readonly size: number;
  /** Whether the norm is the largest absolute element, and not the root of the sum of squares. */
  readonly infinite: boolean;
  readonly cut: ClipCut;
}

/** How the first launch is cut: in so many parts at most, of so many lanes. */
export interface ClipCut {
  readonly parts: number;
  readonly lanes: number;
}

export const SOFTWARE_CLIP: ClipCut = { parts: 32, lanes: 64 };
export const GPU_CLIP: ClipCut = { parts: 128, lanes: 256 };

/** Partial results of `size` elements: each lane has 32 or more. */
export const clipParts = (size: number, { parts, lanes }: ClipCut): number =>
  Math.min(parts, Math.max(1, Math.ceil(size / (32 * lanes))));

/** [g] → partials, {@link clipParts} of them. */
export const clipPartialKernel = /* @__PURE__ */ interned(({ size, infinite, cut }: ClipSpec): Kernel => {
  const parts = clipParts(size, cut);
  const vector = size % 4 === 0;
  const count = vector ? size / 4 : size;
  const met = vector ? largerOf(largerOf('most.x', 'most.y'), largerOf('most.z', 'most.w')) : 'most';
  const step = (part: string, j = 0): string => `{
      let g = grads[k + ${j * parts}u * lanes];
      ${infinite ? 'let most = abs(g);\n      ' : ''}${part} = ${infinite ? largerOf(part, met) : `${part} + ${vector ? 'dot(g, g)' : 'g * g'}`};
    }`;
  const walked = blocked({
    state: { part: '0.0' },
    end: 'last',
    step: `(${4 * parts}u * lanes)`,
    turns: infinite ? 1 : count / parts / 4 / cut.lanes,
    turn: (inner) => [0, 1, 2, 3].map((j) => step(inner('part'), j)).join('\n    '),
  });
  return rowKernel({
    name: 'clip.partial',
    read: { grads: vector ? 'vec4<f32>' : 'f32' },
    write: { partials: 'f32' },
    rows: parts,
    lanes: cut.lanes,
    body: `  var k = row * lanes + lane;
  let last = max(${count}u, ${3 * parts}u * lanes) - ${3 * parts}u * lanes;
  ${walked}
  for (; k < ${count}u; k += ${parts}u * lanes) {
    ${step('part')}
  }
  let combined = ${infinite ? 'rowMax' : 'rowSum'}(part);
  if (lane == 0u) { partials[row] = combined; }`,
  });
});

/** [partials, limit] → g, and the norm before scaling. */
export const clipScaleKernel = /* @__PURE__ */ interned(
  ({ size, infinite, cut, flat = SOFTWARE_FLAT }: ClipSpec & { readonly flat?: Flat }): Kernel =>
    flatKernel({
      name: 'clip.scale',
      read: { partials: 'f32', limit: 'f32' },
      write: { grads: { walked: 'f32' }, norms: 'f32' },
      size,
      flat: {
        ...flat,
        perInvocation: Math.max(flat.perInvocation, Math.ceil((32 * clipParts(size, cut)) / flat.workgroup)),
      },
      setup: `  var total = 0.0;
  for (var s = 0u; s < arrayLength(&partials); s++) { total = ${infinite ? largerOf('total', 'partials[s]') : 'total + partials[s]'}; }
  let norm = ${infinite ? 'total' : 'sqrt(total)'};
  let factor = select(min(1.0, limit[0] / (norm + 1e-6)), norm, ${isNan('norm')});
  if (start == 0u) { norms[0] = norm; }`,
      body: () => 'grads[i] *= factor;',
    }),
);
