/**
 * A batch of pictures out of a data set of bytes: gather, crop, flip, cutout, scaling and normalisation in one dispatch.
 *
 *     x[b, c, i, j] = table[c, byte(index[b], c, i', j')]      y[b] = label[b]
 *
 * (i', j') is (i, j) moved by the picture's crop and mirrored by its flip. `table` has 258 floats a channel: what the host
 * makes of each byte, so that no arithmetic of an adapter enters, then the value of what lies outside of the picture, and
 * last that of what its cutout, a square of the finished picture, takes away.
 *
 * Layout: `order` is the table's bits, then two words of each sample in the order of the epoch: its index, and its label with
 * 256 for each time that it came before in the epoch. `at` is [place of the batch in that order, samples in it, epoch,
 * seed low, seed high, byte of the first picture]. `bytes0`, `bytes1`, …: the pictures, four bytes a word, cut every
 * `partWords` words because a binding has a largest size.
 *
 * Random numbers are philox(key = seed, counter = [index, epoch, 256 · repeats, augmentation]): the crop takes the first
 * two words, the flip the third. The cutout takes the first three of the domain of that name: row, column, and whether at all.
 *
 * Launch: one invocation per four columns of up to 32 rows of a plane, neighbours side by side; the size of the batch is
 * data, so that the last, smaller one needs no shader of its own. 64 pictures of 3×32×32, writes and submits included, take
 * 1.3 ms on SwiftShader, 1.7 ms with crop and flip (2 cores, 2026-11). One invocation per 16 single values, with divisions
 * for each, took 4.3 and 8.7 ms.
 */
import { interned, type Kernel, kernel, linear, linearMain } from './kernel.js';
import { PHILOX } from './philox.js';

export interface BatchSpec {
  readonly batch: number;
  /** Channels, height and width of the pictures. */
  readonly picture: readonly [number, number, number];
  readonly crop: CropSpec | null;
  readonly flip: FlipSpec | null;
  readonly cutout: CutoutSpec | null;
  readonly parts: number;
  readonly partWords: number;
}

export interface CropSpec {
  readonly height: number;
  readonly width: number;
  /** Pixels added on each side. */
  readonly padding: number;
}

export interface FlipSpec {
  /** Words below this flip their picture; 2^32 flips all. */
  readonly threshold: number;
  /** Whether the picture is flipped before it is cropped. */
  readonly first: boolean;
}

export interface CutoutSpec {
  /** Pixels of a side. The middle, rounded down, may be any pixel. */
  readonly size: number;
  /** Words below this cut. */
  readonly threshold: number;
}

/** Where a channel's table has what lies outside of the picture, after the 256 bytes, and what is cut out. */
export const OUTSIDE = 256;
export const CUT_OUT = 257;

/** Table entries of a channel. */
export const TABLE_ENTRIES = 258;

/** What the second word of a sample, and a stream of its random numbers, has for each time that it came before. */
export const REPEAT = 256;

/** Words of `at`. */
export const AT_WORDS = 6;

/** Bindings besides the parts. */
export const BATCH_BINDINGS = 4;

/** Philox's domains of random crops and flips, and of cutouts, as in `src/tensor/philox.ts`. */
export const AUGMENTATION = 4;
export const CUTOUT = 5;

/** Rows of a plane for one invocation. */
const LINES = 32;

/** Reads word `at` of the pictures, whichever part it is in. */
function wordFunction(parts: number, partWords: number): string {
  const cases = Array.from({ length: parts }, (_, part) => {
    const read = `return bytes${part}[at${part > 0 ? ` - ${part * partWords}u` : ''}];`;
    return part < parts - 1 ? `  if (at < ${(part + 1) * partWords}u) { ${read} }` : `  ${read}`;
  });
  return `fn word(at: u32) -> u32 {\n${cases.join('\n')}\n}`;
}

/** [at, order, bytes…] → [x, y]. */
export const batchKernel = /* @__PURE__ */ interned(
  ({ batch, picture, crop, flip, cutout, parts, partWords }: BatchSpec): Kernel => {
    const [channels, height, width] = picture;
    const { height: rows, width: columns, padding } = crop ?? { height, width, padding: 0 };
    const quads = Math.ceil(columns / 4);
    const lines = Math.min(LINES, rows);
    const chunks = Math.ceil(rows / lines);
    const invocations = channels * chunks * quads;
    const aligned = crop === null && width % 4 === 0;
    const whole = columns % 4 === 0;
    const half = Math.floor((cutout?.size ?? 0) / 2);
    const below = (word: string, threshold: number): string =>
      threshold >= 2 ** 32 ? 'true' : `${word} < ${threshold}u`;
    const mirrored = (x: string, of: number): string => `select(${x}, ${of - 4}u - ${x}, flipped)`;
    // Unsigned: what lies left of or above the picture wraps to a large number, and so does its mirror.
    const place = `${flip && !flip.first ? mirrored('x', columns) : 'x'}${crop ? ` + left - ${padding}u` : ''}`;
    const values = `table + ${aligned ? 'four' : `select(vec4(${OUTSIDE}u), four, inside)`}`;
    const lookUp = ['x', 'y', 'z', 'w'].map((lane) => `bitcast<f32>(order[entry.${lane}])`);
    const store = whole
      ? `xs[out / 4u] = vec4(${lookUp.join(', ')});`
      : lookUp
          .map((value, lane) => `if (x + ${lane}u < ${columns}u) { xs[out + ${lane}u] = ${value}; }`)
          .join('\n    ');
    return kernel({
      name: `batch${crop ? '.crop' : ''}${flip ? '.flip' : ''}${cutout ? '.cutout' : ''}`,
      read: {
        ...{ at: 'u32', order: 'u32' },
        ...Object.fromEntries(Array.from({ length: parts }, (_, part) => [`bytes${part}`, 'u32'] as const)),
      },
      write: { xs: whole ? 'vec4<f32>' : 'f32', ys: 'i32' },
      workgroups: linear(batch * invocations),
      wgsl: `${crop || flip || cutout ? PHILOX : ''}
${wordFunction(parts, partWords)}
${linearMain(`at[1] * ${invocations}u`)}
  let sample = i / ${invocations}u;
  let channel = i / ${chunks * quads}u % ${channels}u;
  let first = ${chunks > 1 ? `i / ${quads}u % ${chunks}u * ${lines}u` : '0u'};
  let x = i % ${quads}u * 4u;
  let pair = ${channels * TABLE_ENTRIES}u + 2u * (at[0] + sample);
  let index = order[pair];
  if (i % ${invocations}u == 0u) { ys[sample] = i32(order[pair + 1u] % ${REPEAT}u); }
${crop || flip || cutout ? `  let stream = order[pair + 1u] & ${2 ** 32 - REPEAT}u;\n` : ''}
${crop || flip ? `  let bits = philox(vec2(at[3], at[4]), vec4(index, at[2], stream, ${AUGMENTATION}u));\n` : ''}${
  crop
    ? `  let top = mulhi(bits.x, ${height + 2 * padding - rows + 1}u);
  let left = mulhi(bits.y, ${width + 2 * padding - columns + 1}u);
`
    : ''
}${flip ? `  let flipped = ${below('bits.z', flip.threshold)};\n` : ''}${
  cutout
    ? `  let hole = philox(vec2(at[3], at[4]), vec4(index, at[2], stream, ${CUTOUT}u));
  let holeRow = mulhi(hole.x, ${rows}u) - ${half}u;
  let holeColumns = vec4(x - mulhi(hole.y, ${columns}u) + ${half}u) + vec4(0u, 1u, 2u, 3u) < vec4(${cutout.size}u);
  let holed = vec4(${below('hole.z', cutout.threshold)}) & holeColumns;
`
    : ''
}
  let place = ${place};
  let column = ${flip?.first ? mirrored('place', width) : 'place'};
  let lanes = ${flip ? 'select(vec4(0u, 1u, 2u, 3u), vec4(3u, 2u, 1u, 0u), flipped)' : 'vec4(0u, 1u, 2u, 3u)'};
${aligned ? '' : `  let inside = vec4(column) + lanes < vec4(${width}u);\n`}
  let table = vec4(channel * ${TABLE_ENTRIES}u);
  let plane = at[5] + (index * ${channels}u + channel) * ${height * width}u + column;
  for (var y = first; y < ${chunks > 1 ? `min(first + ${lines}u, ${rows}u)` : `${rows}u`}; y++) {
    var entry = table + ${OUTSIDE}u;
    let row = ${crop ? `y + top - ${padding}u` : 'y'};
    ${crop ? `if (row < ${height}u) ` : ''}{
      let byte = plane + row * ${width}u;
${
  aligned
    ? '      let bytes = word(byte / 4u);'
    : `      let shift = byte % 4u * 8u;
      let next = word((byte / 4u + 1u) & 0x3fffffffu);
      let bytes = (word(byte / 4u) >> shift) | ((next << 1u) << (31u - shift));`
}
      let four = (vec4(bytes) >> (lanes * 8u)) & vec4(255u);
      entry = ${values};
    }
${cutout ? `    if (y - holeRow < ${cutout.size}u) { entry = select(entry, table + ${CUT_OUT}u, holed); }\n` : ''}    let out = (sample * ${channels}u + channel) * ${rows * columns}u + y * ${columns}u + x;
    ${store}
  }
}`,
    });
  },
);
