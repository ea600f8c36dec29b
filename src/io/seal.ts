/**
 * A checksum in a safetensors file, of all its bytes but its own eight digits: the first entry of the metadata, so that it
 * stands at a fixed place and the rest of the header is summed too.
 */
import { crc32 } from './crc32.js';

const OPENING = '{"__metadata__":{"checksum":"';
const FROM = 8 + OPENING.length;
const TO = FROM + 8;

/** Goes first into the metadata of a file that is to be sealed. */
export const UNSEALED = { checksum: '00000000' } as const;

/** Writes the checksum into a file that has room for it. */
export function seal(file: Uint8Array): Uint8Array {
  file.set(new TextEncoder().encode(sumOf(file)), FROM);
  return file;
}

/** Whether a file is as it was when it was sealed. */
export function isWhole(file: Uint8Array): boolean {
  const text = new TextDecoder().decode(file.subarray(8, TO));
  return text === OPENING + sumOf(file);
}

function sumOf(file: Uint8Array): string {
  return crc32(file.subarray(TO), crc32(file.subarray(0, FROM)))
    .toString(16)
    .padStart(8, '0');
}
