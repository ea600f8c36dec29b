import { PNG } from 'pngjs';
import { expect, it } from 'vitest';
import { pngOf } from '../../../test/support/cifarParquet.js';
import { batch } from '../../../test/support/cifarServer.js';
import { planesOf } from './png.js';

const record = batch(3, 1);
/** Soft, so that each filter has something to guess. */
const soft = record.map((_, i) => 128 + 90 * Math.sin(i / 37) + (i % 5));

it.each([0, 1, 2, 3, 4, -1])('decodes lines of filter %d to the byte', async (filter) => {
  for (const picture of [record, soft]) {
    const planes = await planesOf(pngOf(picture, filter));
    expect(Buffer.compare(planes, picture.subarray(1))).toBe(0);
  }
});

it('refuses a picture in which a bit is another', async () => {
  const png = pngOf(record);
  for (const at of [20, 41, 60, 1000, png.length - 6]) {
    const broken = png.slice();
    broken[at] = (broken[at] as number) ^ 4;
    await expect(planesOf(broken), `byte ${at}`).rejects.toThrow();
  }
  await expect(planesOf(png.subarray(0, 900))).rejects.toThrow('cut off');
  await expect(planesOf(record)).rejects.toThrow('no PNG');
});

it('refuses pictures of another form', async () => {
  const small = PNG.sync.write(new PNG({ width: 28, height: 28 }), { colorType: 2 });
  await expect(planesOf(small)).rejects.toThrow('28×28 pixels, not 32×32');
  const clear = PNG.sync.write(new PNG({ width: 32, height: 32 }), { colorType: 6 });
  await expect(planesOf(clear)).rejects.toThrow('not RGB in 8');
});
