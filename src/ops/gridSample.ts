/**
 * Pixels at places of an image that a tensor names. Composed of gathers and products; the gradient by the image walks, for each
 * of its H · W pixels, all places (4 · OH · OW where it mixes four), so that the bits repeat.
 */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, wantTensor } from '../gpu/options.js';
import { constant } from '../stream/scope.js';
import { onesLike, tensor, zeros, zerosLike } from '../tensor/create.js';
import { differentiable } from '../tensor/remember.js';
import { show } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { expand, reshape, sum } from './broadcast.js';
import { cast } from './cast.js';
import { clamp } from './elementwise/activations.js';
import { abs, add, div, floor, mul, round, sub } from './elementwise/arithmetic.js';
import { eq, gt, lt } from './elementwise/comparison.js';
import { gather } from './indexing.js';
import { cat, select } from './parts.js';
import { where } from './shape.js';

export interface GridSampleOptions {
  /** 'bilinear' mixes the four pixels around a place, 'nearest' takes one. Default: 'bilinear'. */
  mode?: 'bilinear' | 'nearest' | undefined;
  /** What lies outside: zeros, the pixel at the border, or the image mirrored. Default: 'zeros'. */
  paddingMode?: 'zeros' | 'border' | 'reflection' | undefined;
  /** Whether −1 and 1 are the middles of the corner pixels rather than their outer edges. Default: false. */
  alignCorners?: boolean | undefined;
}

const GRID_SAMPLE: Known<GridSampleOptions> = {
  mode: ['bilinear', 'nearest'],
  paddingMode: ['zeros', 'border', 'reflection'],
  alignCorners: 'boolean',
};

/**
 * y[n, c, i, j] = x[n, c] at row grid[n, i, j, 1] and column grid[n, i, j, 0], which reach from −1 to 1 across the image. A NaN in
 * the grid counts as −1, but for padding by zeros, where it is a NaN of the result.
 *
 * @param x [N, C, H, W]
 * @param grid [N, OH, OW, 2]
 * @returns [N, C, OH, OW]
 * @throws KindlingError naming the shapes where they do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
 */
export function gridSample(x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  wantTensor('gridSample', 'input', x);
  wantTensor('gridSample', 'grid', grid);
  const {
    mode = 'bilinear',
    paddingMode = 'zeros',
    alignCorners = false,
  } = checked('gridSample', options, GRID_SAMPLE);
  const [n = 0, c = 0, h = 0, w = 0] = x.shape;
  const [batch = 0, rows = 0, columns = 0, two = 0] = grid.shape;
  if (x.ndim !== 4 || grid.ndim !== 4 || batch !== n || two !== 2 || x.dtype !== 'f32' || grid.dtype !== 'f32') {
    refuse(
      `gridSample: wants f32 input [N, C, H, W] and grid [N, OH, OW, 2], got ${x.dtype} ${show(x.shape)} and ${grid.dtype} ${show(grid.shape)}`,
    );
  }
  if (h < 1 || w < 1) refuse(`gridSample: ${show(x.shape)} has no pixels`);
  const count = rows * columns;
  if (n * c * count === 0) {
    const nothing = zeros([n, c, rows, columns]);
    return differentiable('gridSample', [x, grid], nothing, { by: [() => zerosLike(x), () => zerosLike(grid)] });
  }
  const along = (axis: number, size: number): Taps => {
    const place = placed(reshape(select(grid, 3, axis), [n, 1, count]), size, paddingMode, alignCorners);
    return mode === 'nearest' ? nearest(place, size) : mixed(place, size);
  };
  const [ys, xs] = [along(1, h), along(0, w)];
  const taps = ys.index.shape[1] ?? 1;
  const pairs = (a: Tensor) => reshape(a, [n, taps, 1, count]);
  const singles = (a: Tensor) => reshape(a, [n, 1, taps, count]);
  const all = [n, 1, taps * taps, count];
  const index = add(mul(pairs(ys.index), w), singles(xs.index));
  const picks = expand(reshape(index, [n, 1, taps * taps * count]), [n, c, taps * taps * count]);
  const gathered = reshape(gather(reshape(x, [n, c, h * w]), 2, picks), [n, c, taps * taps, count]);
  const inside = gt(reshape(mul(pairs(ys.inside), singles(xs.inside)), all), 0);
  const weights = reshape(mul(pairs(ys.weight), singles(xs.weight)), all);
  const weighted = mul(where(inside, gathered, 0), weights);
  const y = reshape(sum(weighted, { dim: 2 }), [n, c, rows, columns]);
  return mode === 'nearest' ? unmoved(y, grid) : y;
}

/** Elements of one dimension that places take, [N, taps, places], whether there are such (1 or 0), and their weights. */
interface Taps {
  readonly index: Tensor;
  readonly inside: Tensor;
  readonly weight: Tensor;
}

/** Where in pixels from −1 to 1 is, within the image unless what lies outside is zeros. */
function placed(grid: Tensor, size: number, padding: string, aligned: boolean): Tensor {
  const place = aligned ? mul(div(add(grid, 1), 2), size - 1) : div(sub(mul(add(grid, 1), size), 1), 2);
  if (padding === 'zeros') return place;
  return clipped(
    padding === 'border' ? place : aligned ? mirrored(place, 0, size - 1) : mirrored(place, -0.5, size),
    size,
  );
}

/** Mirrored at `low` and `low` + `span` as often as needed. */
function mirrored(place: Tensor, low: number, span: number): Tensor {
  if (span === 0) return mul(place, 0);
  const far = abs(sub(place, low));
  const flips = floor(div(far, span));
  const rest = sub(far, mul(flips, span));
  const odd = gt(sub(flips, mul(floor(div(flips, 2)), 2)), 0);
  return add(where(odd, sub(span, rest), rest), low);
}

/** Within the image; no gradient where it is held there. */
const clipped = (place: Tensor, size: number): Tensor =>
  where(gt(place, 0), where(lt(place, size - 1), place, size - 1), 0);

function taken(at: Tensor, weight: Tensor, size: number): Taps {
  const inside = eq(clamp(at, { min: 0, max: size - 1 }), at);
  return { index: cast(where(inside, at, 0), 'i32'), inside: cast(inside, 'f32'), weight };
}

function nearest(place: Tensor, size: number): Taps {
  const at = round(place.detach());
  return taken(at, onesLike(at), size);
}

function mixed(place: Tensor, size: number): Taps {
  const before = floor(place.detach());
  const after = sub(place, before);
  const steps = constant(() => tensor([0, 1], { shape: [2, 1] }));
  return taken(add(before, steps), cat([sub(1, after), after], 1), size);
}

/** y as a function of the grid, too, along which it changes in steps. */
const unmoved = (y: Tensor, grid: Tensor): Tensor =>
  differentiable('gridSample.nearest', [y, grid], new Tensor(y.shape, y.dtype, y.storage), {
    by: [(g) => g, () => zerosLike(grid)],
  });
