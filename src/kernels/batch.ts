/**
 * A batch of pictures out of a data set of bytes: gather, crop, flip, scaling and normalisation in one dispatch.
 *
 *     x[b, c, i, j] = table[c, byte(index[b], c, i', j')]      y[b] = label[b]
 *
 * (i', j') is (i, j) moved by the picture's crop and mirrored by its flip. `table` has 257 floats a channel: what the host
 * makes of each byte, so that no arithmetic of an adapter enters, and last the value of what lies outside of the picture.
 *
 * Layout: `order` is the table's bits, then index and label of each sample in the order of the epoch. `at` is [place of the
 * batch in that order, samples in it, epoch, seed low, seed high, byte of the first picture]. `bytes0`, `bytes1`, …: the
 * pictures, four bytes a word, cut every `partWords` words because a binding has a largest size.
 *
 * Random numbers are philox(key = seed, counter = [index, epoch, stream, augmentation]): the crop takes two words, the flip
 * one, each in a stream of its own.
 *
 * Launch: one invocation per up to 16 values of a sample, neighbours side by side; the size of the batch is data, so that
 * the last, smaller one needs no shader of its own.
 */
import { interned, type Kernel, kernel, linear, linearMain } from './kernel.js';
import { PHILOX } from './philox.js';

export interface BatchSpec {
  readonly batch: number;
  /** Channels, height and width of the pictures. */
  readonly picture: readonly [number, number, number];
  readonly crop: CropSpec | null;
  readonly flip: FlipSpec | null;
  readonly parts: number;
  readonly partWords: number;
}

export interface CropSpec {
  readonly height: number;
  readonly width: number;
  /** Pixels added on each side. */
  readonly padding: number;
  readonly stream: number;
}

export interface FlipSpec {
  /** Words below this flip their picture; 2^32 flips all. */
  readonly threshold: number;
  readonly stream: number;
  /** Whether the picture is flipped before it is cropped. */
  readonly first: boolean;
}

/** Table entries of a channel: one for each byte and one for what lies outside. */
export const TABLE_ENTRIES = 257;

/** Words of `at`. */
export const AT_WORDS = 6;

/** Bindings besides the parts. */
export const BATCH_BINDINGS = 4;

/** Philox's domain of random crops and flips, as in `src/tensor/philox.ts`. */
export const AUGMENTATION = 4;

const VALUES_EACH = 16;

const draw = (stream: number): string => `philox(vec2(at[3], at[4]), vec4(index, at[2], ${stream}u, ${AUGMENTATION}u))`;

/** [at, order, bytes…] → [x, y]. */
export const batchKernel = interned(({ batch, picture, crop, flip, parts, partWords }: BatchSpec): Kernel => {
  const [channels, height, width] = picture;
  const { height: rows, width: columns, padding } = crop ?? { height, width, padding: 0 };
  const area = rows * columns;
  const size = channels * area;
  const lanes = Math.ceil(size / VALUES_EACH);
  const names = Array.from({ length: parts }, (_, part) => `bytes${part}`);
  const fourBytes = names
    .map((name, part) => {
      const otherwise = part > 0 ? ' else ' : '';
      const within = part < parts - 1 ? `if (word < ${(part + 1) * partWords}u) ` : '';
      return `${otherwise}${within}{ four = ${name}[word - ${part * partWords}u]; }`;
    })
    .join('');
  const mirrored = (x: string, of: number): string => `select(${x}, ${of - 1}u - ${x}, flipped)`;
  const column = flip && !flip.first ? mirrored('x', columns) : 'x';
  // Unsigned: what lies left of or above the picture wraps to a large number, and so does its mirror.
  const moved = crop ? [`y + top - ${padding}u`, `${column} + left - ${padding}u`] : ['y', column];
  return kernel({
    name: `batch${crop ? '.crop' : ''}${flip ? '.flip' : ''}`,
    read: { at: 'u32', order: 'u32', ...Object.fromEntries(names.map((name) => [name, 'u32'] as const)) },
    write: { xs: 'f32', ys: 'i32' },
    workgroups: linear(batch * lanes),
    wgsl: `${crop || flip ? PHILOX : ''}
fn byte(at: u32) -> u32 {
  let word = at / 4u;
  var four: u32;
  ${fourBytes}
  return extractBits(four, 8u * (at % 4u), 8u);
}
${linearMain(`at[1] * ${lanes}u`)}
  let sample = i / ${lanes}u;
  let lane = i % ${lanes}u;
  let entry = ${channels * TABLE_ENTRIES}u + 2u * (at[0] + sample);
  let index = order[entry];
  if (lane == 0u) { ys[sample] = i32(order[entry + 1u]); }
  let start = at[5] + index * ${channels * height * width}u;
${
  crop
    ? `  let corner = ${draw(crop.stream)};
  let top = mulhi(corner.x, ${height + 2 * padding - rows + 1}u);
  let left = mulhi(corner.y, ${width + 2 * padding - columns + 1}u);
`
    : ''
}${flip ? `  let flipped = ${flip.threshold >= 2 ** 32 ? 'true' : `${draw(flip.stream)}.x < ${flip.threshold}u`};\n` : ''}
  for (var k = lane; k < ${size}u; k += ${lanes}u) {
    let channel = k / ${area}u;
    let y = k % ${area}u / ${columns}u;
    let x = k % ${columns}u;
    let row = ${moved[0]};
    let place = ${moved[1]};
    let col = ${flip?.first ? mirrored('place', width) : 'place'};
    var value = ${TABLE_ENTRIES - 1}u;
    if (row < ${height}u && col < ${width}u) { value = byte(start + channel * ${height * width}u + row * ${width}u + col); }
    xs[sample * ${size}u + k] = bitcast<f32>(order[channel * ${TABLE_ENTRIES}u + value]);
  }
}`,
  });
});
