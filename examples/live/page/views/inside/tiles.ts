/** Numbers as pictures: filters in colour, maps by a scale, many of them as tiles with a line between. */

/** Red, green, blue and opacity, row by row, as a canvas has them. */
export interface Drawn {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

export type Colour = readonly [red: number, green: number, blue: number];

/** The largest |x| among those that are finite; 1 where all are 0, so that it can be divided by. */
export function extentOf(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i] as number);
    if (size > most && size < Number.POSITIVE_INFINITY) most = size;
  }
  return most || 1;
}

/** How many tiles stand side by side: a grid about twice as wide as high. */
export const columnsOf = (tiles: number): number =>
  tiles <= 10 ? tiles : 2 ** Math.ceil(Math.log2(Math.sqrt(tiles * 2)));

/** `tiles` pictures of `side` by `side`, transparent between them; `paint` says the colour of a tile's pixel. */
function tiled(
  [tiles, high, wide]: readonly [number, number, number],
  paint: (data: Uint8ClampedArray, at: number, tile: number, pixel: number) => void,
  columns = columnsOf(tiles),
): Drawn {
  const width = columns * (wide + 1) - 1;
  const height = Math.ceil(tiles / columns) * (high + 1) - 1;
  const data = new Uint8ClampedArray(4 * width * height);
  for (let tile = 0; tile < tiles; tile++) {
    const left = (tile % columns) * (wide + 1);
    const top = Math.floor(tile / columns) * (high + 1);
    for (let pixel = 0; pixel < high * wide; pixel++) {
      const at = 4 * ((top + Math.floor(pixel / wide)) * width + left + (pixel % wide));
      paint(data, at, tile, pixel);
      data[at + 3] = 255;
    }
  }
  return { width, height, data };
}

/** Shown for what is no number. */
const LOST: Colour = [255, 0, 90];

/** Filters [tiles, 3, side, side]: 0 is a middle grey, plus and minus `extent` the brightest and the darkest of a colour. */
export function filterTiles(values: Float32Array, extent: number, side = 3): Drawn {
  const area = side * side;
  return tiled([Math.floor(values.length / (3 * area)), side, side], (data, at, tile, pixel) => {
    for (let plane = 0; plane < 3; plane++) {
      const value = values[(3 * tile + plane) * area + pixel] as number;
      data[at + plane] = Number.isFinite(value) ? 127.5 * (1 + value / extent) : (LOST[plane] ?? 0);
    }
  });
}

/** Maps [tiles, high, wide], or units [tiles], in the colours of a scale from −`extent` to `extent`. */
export function mapTiles(
  values: Float32Array,
  shape: readonly number[],
  extent: number,
  scale: Scale,
  columns?: number,
): Drawn {
  const [tiles = 0, high = 1, wide = 1] = shape;
  return tiled(
    [tiles, high, wide],
    (data, at, tile, pixel) => {
      const value = values[tile * high * wide + pixel] as number;
      data.set(Number.isFinite(value) ? scale(value / extent) : LOST, at);
    },
    columns,
  );
}

/** The colour of a number from −1 to 1. */
export type Scale = (value: number) => Colour;

const STEPS = 256;

/** Between colours at even distances, those for 0 to 1 and those for 0 to −1. */
export function scaleOf(above: readonly Colour[], below: readonly Colour[]): Scale {
  const [up, down] = [tableOf(above), tableOf(below)];
  return (value) => {
    const at = Math.round(Math.min(1, Math.abs(value)) * STEPS);
    return (value < 0 ? down : up)[at] as Colour;
  };
}

function tableOf(stops: readonly Colour[]): Colour[] {
  return Array.from({ length: STEPS + 1 }, (_, i) => {
    const place = (i / STEPS) * (stops.length - 1);
    const left = Math.min(stops.length - 2, Math.floor(place));
    const [from, to] = [stops[left] as Colour, stops[left + 1] as Colour];
    const between = (c: 0 | 1 | 2): number => Math.round(from[c] + (to[c] - from[c]) * (place - left));
    return [between(0), between(1), between(2)];
  });
}

/** Those of the confusion matrix for what is above 0, another family for what is below. */
export const SCALES = {
  light: scaleOf(
    [
      [241, 238, 231],
      [161, 196, 230],
      [40, 106, 172],
      [8, 48, 107],
    ],
    [
      [241, 238, 231],
      [243, 190, 140],
      [200, 90, 20],
      [110, 40, 0],
    ],
  ),
  dark: scaleOf(
    [
      [37, 34, 30],
      [35, 76, 120],
      [72, 146, 210],
      [190, 225, 255],
    ],
    [
      [37, 34, 30],
      [120, 62, 20],
      [220, 125, 60],
      [255, 220, 190],
    ],
  ),
} as const;
