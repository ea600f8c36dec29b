/** Decoders in Node and Deno, which have none that give pixels: PNG here, JPEG by the package `jpeg-js`. */
import { KindlingError, refuse } from '../../gpu/errors.js';
import type { DecodedPicture } from './decode.js';
import { inspect, isJpeg, isPng } from './inspect.js';
import { decodePng } from './png.js';

/** Decodes PNG and JPEG. */
export async function decodePicture(bytes: Uint8Array, maxPixels: number): Promise<DecodedPicture> {
  if (isPng(bytes)) return decodePng(bytes, maxPixels);
  if (!isJpeg(bytes)) refuse('it is neither PNG nor JPEG. Give a `decode` of your own for other formats');
  await inspect(bytes, maxPixels);
  const { default: jpeg } = await import('jpeg-js').catch((cause: unknown) => {
    throw new KindlingError('its decoder comes from the package "jpeg-js": npm install jpeg-js, or give a `decode`', {
      cause,
    });
  });
  // Both bounds are ours: of pixels, and of some 40 bytes for each.
  const bounds = { maxResolutionInMP: maxPixels / 1e6, maxMemoryUsageInMB: 64 + (40 * maxPixels) / 2 ** 20 };
  return jpeg.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), {
    useTArray: true,
    tolerantDecoding: false,
    ...bounds,
  });
}
