import { inspect } from './inspect.js';

/** A picture as its file has it: red, green, blue and alpha of each pixel, row by row, as in an `ImageData`. */
export interface DecodedPicture {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** Decodes PNG, JPEG, and what else the platform knows, which takes a picture that is cut off as well: not here. */
export async function decodeOnCanvas(bytes: Uint8Array, maxPixels: number): Promise<DecodedPicture> {
  await inspect(bytes, maxPixels);
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>]);
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d') as OffscreenCanvasRenderingContext2D;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}
