/** Decoders in Node and Deno, which have none that give pixels: the packages `pngjs` and `jpeg-js`. */
import { KindlingError, refuse } from '../../gpu/errors.js';
import type { DecodedPicture } from './decode.js';

/** Decodes PNG and JPEG. */
export async function decodePicture(bytes: Uint8Array): Promise<DecodedPicture> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.toString('latin1', 0, 4) === '\x89PNG') {
    const { PNG } = await import('pngjs').catch(missing('pngjs'));
    return PNG.sync.read(buffer);
  }
  if (buffer.toString('latin1', 0, 2) === '\xff\xd8') {
    const { default: jpeg } = await import('jpeg-js').catch(missing('jpeg-js'));
    return jpeg.decode(buffer, { useTArray: true, tolerantDecoding: false });
  }
  refuse('it is neither PNG nor JPEG. Give a `decode` of your own for other formats');
}

const missing =
  (name: string) =>
  (cause: unknown): never => {
    throw new KindlingError(`its decoder comes from the package "${name}": npm install ${name}, or give a \`decode\``, {
      cause,
    });
  };
