/**
 * How sound numbers are. Of each piece, a stretch of elements from `start` to `end`, of one array or of two that lie alike
 * (parameters and their gradients in an optimizer's arenas):
 *
 *   the NaNs, the infinities, and of all others max |x| and Σ x²
 *
 * in one launch, whatever tensors the pieces are of: who asks adds up the pieces of each. NaN and infinity are told by their bits.
 *
 * Layout: pieces as [start, end, 0, 0]; figures as [pieces, arrays], a vec4 each.
 * Launch: `lanes` invocations a piece, see rows.ts. The text knows neither how many pieces there are nor where they lie.
 *
 * Two arrays of 122,570, SwiftShader on two cores, 2026-12: pieces of 1,024 by an invocation each 2.9 ms, of 256 6.7, of 4,096 5.2;
 * of 8,192 by 64 lanes 10.5, by 256 31.9. Two of 2²⁰: 13, 18, 25, 64 and 257 ms.
 */
import { blocked } from './blocked.js';
import { interned, type Kernel } from './kernel.js';
import { range } from './range.js';
import { rowKernel } from './rows.js';

export interface HealthSpec {
  /** How many lie alike: 1 or 2. */
  readonly arrays: number;
  readonly pieces: number;
  readonly cut: HealthCut;
}

/** How arrays are cut: into pieces of so many elements at most, each for so many lanes. */
export interface HealthCut {
  readonly piece: number;
  readonly lanes: number;
}

export const SOFTWARE_HEALTH: HealthCut = { piece: 1024, lanes: 1 };
export const GPU_HEALTH: HealthCut = { piece: 8192, lanes: 256 };
/** Pieces that a launch is cut into, or a few more: longer ones where the arrays are longer. */
const PIECES = 4096;

/** A stretch of elements. */
export interface Stretch {
  readonly start: number;
  readonly size: number;
}

/** The pieces of stretches, of which stretch each is, and how they were cut. */
export function healthPieces(stretches: readonly Stretch[], { piece, lanes }: HealthCut) {
  const length = pieceLength(stretches, piece);
  const ends: number[] = [];
  const of: number[] = [];
  for (const [i, { start, size }] of stretches.entries()) {
    for (let done = 0; done < size; done += length) {
      ends.push(start + done, start + Math.min(size, done + length), 0, 0);
      of.push(i);
    }
  }
  return { ends: Uint32Array.from(ends), of, cut: { piece: length, lanes } };
}

/** A power of two times `piece`, so that few texts serve all sizes. */
function pieceLength(stretches: readonly Stretch[], piece: number): number {
  const total = stretches.reduce((sum, { size }) => sum + size, 0);
  return piece * 2 ** Math.max(0, Math.ceil(Math.log2(total / piece / PIECES)));
}

/** [pieces, x, …] → figures. */
export const healthKernel = /* @__PURE__ */ interned(({ arrays, pieces, cut }: HealthSpec): Kernel => {
  const numbers = range(arrays);
  const turn = (sum: string, n: number): string => `{
      let bits = bitcast<u32>(xs${n}[k]) & 0x7fffffffu;
      let size = bitcast<f32>(select(0u, bits, bits < 0x7f800000u));
      nans${n} += u32(bits > 0x7f800000u);
      infinities${n} += u32(bits == 0x7f800000u);
      most${n} = max(most${n}, size);
      ${sum} += size * size;
    }`;
  return rowKernel({
    name: 'health',
    read: { pieces: 'vec4<u32>', ...Object.fromEntries(numbers.map((n) => [`xs${n}`, 'f32' as const])) },
    write: { figures: 'vec4<f32>' },
    rows: pieces,
    count: 'arrayLength(&pieces)',
    lanes: cut.lanes,
    body: `  let piece = pieces[row];
  var k = piece.x + lane;
${numbers.map((n) => `  var nans${n} = 0u; var infinities${n} = 0u; var most${n} = 0.0;`).join('\n')}
  ${blocked({
    state: Object.fromEntries(numbers.map((n) => [`sum${n}`, '0.0'])),
    turns: cut.piece / cut.lanes,
    end: 'piece.y',
    step: 'lanes',
    turn: (inner) => numbers.map((n) => turn(inner(`sum${n}`), n)).join('\n    '),
  })}
${numbers
  .map(
    (
      n,
    ) => `  let figures${n} = vec4(rowSum(f32(nans${n})), rowSum(f32(infinities${n})), rowMax(most${n}), rowSum(sum${n}));
  if (lane == 0u) { figures[row * ${arrays}u + ${n}u] = figures${n}; }`,
  )
  .join('\n')}`,
  });
});
