/** A picture file in the network's size. */
import { planesOf, SIDE, squareOf } from './crop.js';

/** The square in its middle, scaled to 32 by 32; what is transparent is white. @throws where the browser cannot read it */
export async function planesOfFile(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const picture = await createImageBitmap(file);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('there is no canvas');
  const { x, y, side } = squareOf(picture.width, picture.height);
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, SIDE, SIDE);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, x, y, side, side, 0, 0, SIDE, SIDE);
  picture.close();
  return planesOf(context.getImageData(0, 0, SIDE, SIDE).data);
}
