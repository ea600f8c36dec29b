/** Cyclic redundancy checks of 32 bits, bits reversed. */

/** The remainders of the 256 bytes by a polynomial. */
const remainders = (polynomial: number): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? polynomial ^ (rest >>> 1) : rest >>> 1;
    return rest;
  });

const table = /* @__PURE__ */ remainders(0xedb88320);
const castagnoli = /* @__PURE__ */ remainders(0x82f63b78);

function checksum(bytes: Uint8Array, before: number, by: Uint32Array): number {
  let rest = ~before;
  for (let i = 0; i < bytes.length; i++) rest = (by[(rest ^ (bytes[i] as number)) & 255] as number) ^ (rest >>> 8);
  return ~rest >>> 0;
}

/** CRC-32 (ISO 3309), as in PNG, gzip and zip. @param before the sum of the bytes that come before these */
export const crc32 = (bytes: Uint8Array, before = 0): number => checksum(bytes, before, table);

/** CRC-32C (RFC 3720, Castagnoli's polynomial), as in the record files of TensorFlow. */
export const crc32c = (bytes: Uint8Array): number => checksum(bytes, 0, castagnoli);
