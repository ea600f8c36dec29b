/**
 * A reader of TensorBoard's event files that shares nothing with their writer: checksums bit by bit, messages as lists of fields.
 */

/** A field of a message: its number, and what it holds as the wire has it. */
export type WireField = readonly [number: number, value: bigint | Uint8Array];

/** CRC-32C (RFC 3720) by long division. */
function crc32c(bytes: Uint8Array): number {
  let rest = 0xffffffffn;
  for (const byte of bytes) {
    rest ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) rest = rest % 2n === 1n ? (rest >> 1n) ^ 0x82f63b78n : rest >> 1n;
  }
  return Number(rest ^ 0xffffffffn);
}

function masked(bytes: Uint8Array): number {
  const sum = BigInt(crc32c(bytes));
  const turned = ((sum >> 15n) | (sum << 17n)) & 0xffffffffn;
  return Number((turned + 0xa282ead8n) & 0xffffffffn);
}

/** The messages of a file. @throws Error where a checksum is wrong. What is cut off at its end is left out */
export function recordsOf(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at + 12 <= file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    if (view.getUint32(at + 8, true) !== masked(file.subarray(at, at + 8)))
      throw new Error(`length at ${at} is damaged`);
    if (at + 16 + length > file.length) break;
    const record = file.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 12 + length, true) !== masked(record)) throw new Error(`record at ${at} is damaged`);
    records.push(record);
    at += 16 + length;
  }
  return records;
}

/** The fields of a message, in order. */
export function fieldsOf(bytes: Uint8Array): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): bigint => {
    for (let [value, shift] = [0n, 0n]; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('a number is cut off');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new Error('a field is cut off');
    at += length;
    return bytes.slice(at - length, at);
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const [number, type] = [key >> 3, key & 7];
    if (type === 0) fields.push([number, varint()]);
    else if (type === 1) fields.push([number, take(8)]);
    else if (type === 2) fields.push([number, take(Number(varint()))]);
    else if (type === 5) fields.push([number, take(4)]);
    else throw new Error(`wire type ${type}`);
  }
  return fields;
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
export const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
export const doublesOf = (bytes: Uint8Array): number[] =>
  Array.from({ length: bytes.length / 8 }, (_, i) => view(bytes).getFloat64(8 * i, true));

/** All values of a field. */
export const all = (message: Uint8Array, number: number): Uint8Array[] =>
  fieldsOf(message).flatMap(([n, value]) => (n === number && value instanceof Uint8Array ? [value] : []));

/** The value of a field, which is there once. */
export function one(message: Uint8Array, number: number): Uint8Array {
  const [value, second] = all(message, number);
  if (!value || second) throw new Error(`field ${number} is there ${second ? 'twice' : 'not'}`);
  return value;
}

export const numberOf = (message: Uint8Array, number: number): number =>
  Number(
    BigInt.asIntN(
      64,
      fieldsOf(message).flatMap(([n, value]) => (n === number && typeof value === 'bigint' ? [value] : []))[0] ?? 0n,
    ),
  );

/** What the test compares, as `test/fixtures/events.py` prints it too. */
export interface ReadEvent {
  readonly time: number;
  readonly step: number;
  readonly version?: string;
  readonly session?: number;
  readonly tag?: string;
  readonly plugin?: string;
  readonly scalar?: number;
  readonly image?: readonly [height: number, width: number, colorspace: number, png: string];
  readonly histogram?: { readonly figures: number[]; readonly limits: number[]; readonly buckets: number[] };
  readonly text?: string;
  /** In hexadecimal. */
  readonly hparams?: string;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The events of a file. */
export const eventsIn = (file: Uint8Array): ReadEvent[] => recordsOf(file).map(readEvent);

function readEvent(event: Uint8Array): ReadEvent {
  const place = { time: doublesOf(one(event, 1))[0] ?? Number.NaN, step: numberOf(event, 2) };
  const [version] = all(event, 3);
  if (version) return { ...place, version: textOf(version) };
  const [session] = all(event, 7);
  if (session) return { ...place, session: numberOf(session, 1) };
  const value = one(one(event, 5), 1);
  const [scalar, image, histogram, text, metadata] = [2, 4, 5, 8, 9].map((number) => all(value, number)[0]);
  const about = metadata && one(metadata, 1);
  const plugin = about && textOf(one(about, 1));
  return {
    ...place,
    tag: textOf(one(value, 1)),
    ...(plugin && { plugin }),
    ...(scalar && { scalar: view(scalar).getFloat32(0, true) }),
    ...(image && { image: [numberOf(image, 1), numberOf(image, 2), numberOf(image, 3), hex(one(image, 4))] as const }),
    ...(histogram && {
      histogram: {
        figures: [1, 2, 3, 4, 5].map((number) => doublesOf(one(histogram, number))[0] ?? Number.NaN),
        limits: doublesOf(one(histogram, 6)),
        buckets: doublesOf(one(histogram, 7)),
      },
    }),
    ...(text && { text: textOf(one(text, 8)) }),
    ...(plugin === 'hparams' && { hparams: hex(one(about as Uint8Array, 2)) }),
  };
}
