/** Initialisation that the host computes, in doubles, from the library's seed; all of it in place, and at once. */
import { refuse } from '../gpu/errors.js';
import { atMost, checked, required, text, wantTensor } from '../gpu/options.js';
import { eye as identity, tensor as made } from '../tensor/create.js';
import type { Generator } from '../tensor/generator.js';
import { creationGenerator } from '../tensor/random.js';
import { at, show, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { refuseInCapture } from '../tensor/watched.js';

function wanted(name: string, tensor: Tensor, [least, most]: readonly [number, number]): void {
  const { dtype, ndim, shape } = wantTensor(name, 'tensor', tensor);
  if (dtype !== 'f32') refuse(`${name}: only f32 tensors, this is ${dtype}`);
  if (ndim >= least && ndim <= most) return;
  const dims =
    least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`;
  refuse(`${name}: wants ${dims} dimensions, got ${show(shape)}`);
}

/** Random numbers of the host. */
function random(name: string): Generator {
  refuseInCapture(`${name} draws on the host`, 'A replay would not draw again: initialise outside.');
  return creationGenerator();
}

const written = <T extends Tensor>(tensor: T, values: Float64Array): T =>
  tensor.copy_(made(values, { shape: tensor.shape, dtype: 'f32' }));

/**
 * Normal with `mean` (default 0) and `std` (default 1), of which only numbers in [a, b] (default [−2, 2]) are kept. The ends are
 * values, not standard deviations.
 *
 * @throws KindlingError unless std is above 0 and a at most b
 * @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.trunc_normal_
 */
export function truncNormal<T extends Tensor>(tensor: T, mean = 0, std = 1, a = -2, b = 2): T {
  atMost('init.truncNormal', 5, arguments);
  wanted('init.truncNormal', tensor, [0, Number.POSITIVE_INFINITY]);
  if (!(Number.isFinite(mean) && Number.isFinite(std) && std > 0)) {
    refuse(`init.truncNormal: mean ${text(mean)} and std ${text(std)} are to be numbers, std above 0`);
  }
  if (!(typeof a === 'number' && typeof b === 'number' && a <= b && a < Infinity && b > -Infinity)) {
    refuse(`init.truncNormal: no numbers in [${text(a)}, ${text(b)}]; write truncNormal(tensor, 0, 0.02, -0.04, 0.04)`);
  }
  const draws = random('init.truncNormal');
  const [low, high] = [(a - mean) / std, (b - mean) / std];
  const values = Float64Array.from({ length: tensor.size }, () => {
    return Math.min(Math.max(mean + std * truncated(draws, low, high), a), b);
  });
  return written(tensor, values);
}

/**
 * A draw from the standard normal distribution within [low, high], by rejection (C. P. Robert, "Simulation of truncated normal
 * variables", 1995): of normal draws where the range is wide, of exponential ones in a tail, else of uniform ones.
 */
function truncated(draws: Generator, low: number, high: number): number {
  if (high < 0) return -truncated(draws, -high, -low);
  const width = high - low;
  const rate = low > 0 ? (low + Math.hypot(low, 2)) / 2 : 0;
  // The density is greatest at 0, or where the range begins.
  const peak = Math.max(low, 0);
  for (;;) {
    if (low <= 0 && width > 2.5) {
      const z = draws.normal();
      if (z >= low && z <= high) return z;
    } else if (low > 0 && width * rate > 1) {
      const z = low - Math.log(1 - draws.uniform()) / rate;
      if (z <= high && draws.uniform() < Math.exp(-((z - rate) ** 2) / 2)) return z;
    } else {
      const z = low + width * draws.uniform();
      if (draws.uniform() < Math.exp((peak ** 2 - z ** 2) / 2)) return z;
    }
  }
}

/**
 * Rows, or columns where there are fewer of them, at right angles and of length `gain`: Q of the QR decomposition of normal
 * numbers, uniform among all such. A tensor of more dimensions is the matrix [first, all others]. The host computes it in doubles:
 * n² · m steps for m × n, a second or two for 1024 × 1024.
 *
 * @param options.gain default 1
 * @throws KindlingError unless the tensor has 2 dimensions or more
 * @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.orthogonal_
 */
export function orthogonal<T extends Tensor>(tensor: T, options: { gain?: number | undefined } = {}): T {
  const { gain = 1 } = checked('orthogonal', options, { gain: 'number' });
  wanted('init.orthogonal', tensor, [2, Number.POSITIVE_INFINITY]);
  if (tensor.size === 0) return tensor;
  const rows = at(tensor.shape, 0);
  const columns = sizeOf(tensor.shape.slice(1));
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const draws = random('init.orthogonal');
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => draws.normal());
    // The second time takes away what rounding left of the first.
    for (let time = 0; time < 2; time++) for (const other of vectors) subtract(vector, other, dot(vector, other));
    const size = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((value) => value / size));
  }
  const values = new Float64Array(tensor.size);
  for (const [i, vector] of vectors.entries()) {
    for (const [j, value] of vector.entries())
      values[rows < columns ? i * columns + j : j * columns + i] = gain * value;
  }
  return written(tensor, values);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** a − factor · b, in a. */
function subtract(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] = (a[i] as number) - factor * (b[i] as number);
}

/**
 * Normal with standard deviation `std` (default 0.01), but for a share `sparsity` of each column, rounded up, which is 0.
 *
 * @throws KindlingError unless the tensor is a matrix and the share from 0 to 1
 * @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.sparse_
 */
export function sparse<T extends Tensor>(tensor: T, sparsity: number, std = 0.01): T {
  atMost('init.sparse', 3, arguments);
  wanted('init.sparse', tensor, [2, 2]);
  required('init.sparse', { sparsity, std }, { sparsity: 'number', std: 'number' });
  if (!(sparsity >= 0 && sparsity <= 1)) refuse(`init.sparse: sparsity ${sparsity} is not from 0 to 1`);
  const [rows, columns] = [at(tensor.shape, 0), at(tensor.shape, 1)];
  const draws = random('init.sparse');
  const values = Float64Array.from({ length: tensor.size }, () => std * draws.normal());
  const zeros = Math.ceil(sparsity * rows);
  for (let column = 0; column < columns; column++) {
    for (const row of draws.permutation(rows).subarray(0, zeros)) values[row * columns + column] = 0;
  }
  return written(tensor, values);
}

/**
 * The weight of a convolution that passes its input channels on, as many as it has, in each of `groups`: 1 in the middle of the
 * kernels, else 0.
 *
 * @param options.groups default 1
 * @throws KindlingError unless the tensor has 3 to 5 dimensions, the first divided by `groups`
 * @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.dirac_
 */
export function dirac<T extends Tensor>(tensor: T, options: { groups?: number | undefined } = {}): T {
  const { groups = 1 } = checked('dirac', options, { groups: 'size' });
  wanted('init.dirac', tensor, [3, 5]);
  const { shape } = tensor;
  const [out, inner] = [at(shape, 0), at(shape, 1)];
  if (out % groups !== 0) refuse(`init.dirac: ${groups} groups do not divide the ${out} output channels`);
  const kernel = shape.slice(2);
  const area = sizeOf(kernel);
  const middle = kernel.reduce((offset, n) => offset * n + Math.floor(n / 2), 0);
  const values = new Float64Array(tensor.size);
  for (let channel = 0; area > 0 && channel < out; channel++) {
    const from = channel % (out / groups);
    if (from < inner) values[(channel * inner + from) * area + middle] = 1;
  }
  return written(tensor, values);
}

/** The identity: 1 on the diagonal of a matrix, else 0. @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.eye_ */
export function eye<T extends Tensor>(tensor: T): T {
  atMost('init.eye', 1, arguments);
  wanted('init.eye', tensor, [2, 2]);
  return tensor.copy_(identity(at(tensor.shape, 0), at(tensor.shape, 1)));
}
