/** Which transforms of byte pictures the batch kernel does, and with which table and parameters. */
import { type CropSpec, CUT_OUT, type CutoutSpec, type FlipSpec, OUTSIDE, TABLE_ENTRIES } from '../kernels/batch.js';
import { SCALED } from './collate.js';
import {
  Compose,
  Cutout,
  Normalize,
  RandomCrop,
  RandomHorizontalFlip,
  type Reshaping,
  type Transform,
} from './transforms.js';

/** What the batch kernel makes of pictures. */
export interface PicturePlan {
  readonly picture: readonly [channels: number, height: number, width: number];
  /** The pictures' shape in the batch. */
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly crop: CropSpec | null;
  readonly flip: FlipSpec | null;
  readonly cutout: CutoutSpec | null;
  /** What becomes of each byte of each channel, of what lies outside of the picture, and of what is cut out. */
  readonly table: Float32Array;
}

/**
 * The kernel's part in `transform`, or null where the host must do it. The table comes from the transforms' own code, so
 * that both ways give the same bits.
 *
 * @throws KindlingError where a transform does not fit the pictures
 */
export function planFor(
  transform: Transform | Reshaping | undefined,
  picture: readonly [number, number, number],
): PicturePlan | null {
  const list = transform instanceof Compose ? transform.transforms : transform ? [transform] : [];
  const [channels] = picture;
  const table = new Float32Array(channels * TABLE_ENTRIES);
  for (let channel = 0; channel < channels; channel++) table.set(SCALED, channel * TABLE_ENTRIES);
  let shape = picture;
  let crop: CropSpec | null = null;
  let flip: FlipSpec | null = null;
  let cutout: CutoutSpec | null = null;
  const zero = (entry: number): void => {
    for (let channel = 0; channel < channels; channel++) table[channel * TABLE_ENTRIES + entry] = 0;
  };
  for (const one of list) {
    if (is(one, Normalize)) {
      one.checkChannels(shape);
      one.apply(table, [channels, TABLE_ENTRIES]);
    } else if (is(one, RandomCrop) && !crop && !cutout) {
      shape = one.cropped(shape);
      crop = { height: one.height, width: one.width, padding: one.padding };
      zero(OUTSIDE);
    } else if (is(one, RandomHorizontalFlip) && !flip && !cutout) {
      flip = { threshold: one.threshold, first: crop === null };
    } else if (is(one, Cutout) && !cutout) {
      cutout = { size: one.size, threshold: one.threshold };
      zero(CUT_OUT);
    } else return null;
  }
  // A flip comes first only where a crop follows.
  if (flip && !crop) flip = { ...flip, first: false };
  return { picture, shape, crop, flip, cutout, table };
}

/** Not of a derived class, whose `apply` may be another. */
const is = <T extends object>(one: object, type: new (...args: never[]) => T): one is T => one.constructor === type;
