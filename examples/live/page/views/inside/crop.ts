/** A picture of any size as the network takes it: the square in its middle, 32 by 32, planes of bytes. */

export const SIDE = 32;
const AREA = SIDE * SIDE;

/** The largest square in the middle. */
export function squareOf(width: number, height: number): { x: number; y: number; side: number } {
  const side = Math.min(width, height);
  return { x: Math.floor((width - side) / 2), y: Math.floor((height - side) / 2), side };
}

/** Red, green and blue one after the other, of a canvas' pixels. */
export function planesOf(pixels: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const planes = new Uint8Array(3 * AREA);
  for (let i = 0; i < AREA; i++)
    for (let plane = 0; plane < 3; plane++) planes[plane * AREA + i] = pixels[4 * i + plane] ?? 0;
  return planes;
}

/** A canvas' pixels, of planes. */
export function pixelsOf(planes: ArrayLike<number>): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * AREA);
  for (let i = 0; i < AREA; i++) {
    for (let plane = 0; plane < 3; plane++) pixels[4 * i + plane] = planes[plane * AREA + i] ?? 0;
    pixels[4 * i + 3] = 255;
  }
  return pixels;
}

/** Planes with a square of `brush` pixels painted around a place; what lies outside is cut. */
export function painted(
  planes: Uint8Array,
  [x, y]: readonly [number, number],
  brush: number,
  colour: readonly [number, number, number],
): Uint8Array<ArrayBuffer> {
  const after = new Uint8Array(planes);
  const [left, top] = [x - Math.floor((brush - 1) / 2), y - Math.floor((brush - 1) / 2)];
  for (let row = Math.max(0, top); row < Math.min(SIDE, top + brush); row++) {
    for (let column = Math.max(0, left); column < Math.min(SIDE, left + brush); column++) {
      for (let plane = 0; plane < 3; plane++) after[plane * AREA + row * SIDE + column] = colour[plane] ?? 0;
    }
  }
  return after;
}

/** Places from one to another, so that a fast hand leaves no gaps. */
export function lineOf([x0, y0]: readonly [number, number], [x1, y1]: readonly [number, number]): [number, number][] {
  const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
  return Array.from({ length: steps + 1 }, (_, i) => [
    Math.round(x0 + ((x1 - x0) * i) / steps),
    Math.round(y0 + ((y1 - y0) * i) / steps),
  ]);
}

/** `#rrggbb` as bytes. */
export const bytesOf = (colour: string): [number, number, number] =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [number, number, number];
