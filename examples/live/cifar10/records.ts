/** The binary form of CIFAR-10: for each picture a byte for its class, then its planes red, green and blue, row by row. */
import { CLASSES, type RealSplit } from '../shared/cifar10.js';

export const SIDE = 32;
export const PIXELS = SIDE * SIDE;
/** Bytes of a picture with its class. */
export const RECORD = 1 + 3 * PIXELS;

export type Bytes = Uint8Array<ArrayBuffer>;

/** How many pictures of each class there are. @throws Error where bytes are not of this form */
export function countsOf(records: Uint8Array): number[] {
  if (records.length % RECORD !== 0) throw new Error(`${records.length} bytes are no whole number of pictures`);
  const counts = CLASSES.map(() => 0);
  for (let at = 0; at < records.length; at += RECORD) {
    const label = records[at] as number;
    if (label >= counts.length) throw new Error(`picture ${at / RECORD} is of class ${label}, and there are only ten`);
    counts[label] = (counts[label] as number) + 1;
  }
  return counts;
}

/** Takes classes and planes apart. @param count the first pictures of all */
export function apart(pieces: readonly Uint8Array[], count: number): RealSplit {
  const images = new Uint8Array(count * (RECORD - 1));
  const labels = new Uint8Array(count);
  let to = 0;
  for (const records of pieces) {
    for (let at = 0; at < records.length && to < count; at += RECORD, to++) {
      labels[to] = records[at] as number;
      images.set(records.subarray(at + 1, at + RECORD), to * (RECORD - 1));
    }
  }
  if (to < count) throw new Error(`there are ${to} pictures, not ${count}`);
  return { images, labels };
}

export async function sha256(bytes: Bytes): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
