/** Protocol Buffers' wire format, as much of it as ONNX files and TensorBoard's events need. */

/** What a field holds: a whole number, text, bytes (a message among them), a float of 32 bits or one of 64, or a list of the latter. */
export type FieldValue =
  | number
  | bigint
  | string
  | Uint8Array
  | { readonly float: number }
  | { readonly double: number }
  | { readonly doubles: readonly number[] };

/** A field's number and one value of it; repeated fields come several times. */
export type Field = readonly [number: number, value: FieldValue];

/** Low seven bits first; every byte but the last has its highest bit set. Negative numbers take ten bytes. */
function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

function encode([number, value]: Field): Uint8Array[] {
  const key = (type: number): number[] => varint(number * 8 + type);
  if (typeof value === 'number' || typeof value === 'bigint') return [Uint8Array.from([...key(0), ...varint(value)])];
  if (typeof value !== 'string' && 'float' in value) {
    const four = new DataView(new ArrayBuffer(4));
    four.setFloat32(0, value.float, true);
    return [Uint8Array.from(key(5)), new Uint8Array(four.buffer)];
  }
  if (typeof value !== 'string' && 'double' in value) return [Uint8Array.from(key(1)), doubles([value.double])];
  if (typeof value !== 'string' && 'doubles' in value) return encode([number, doubles(value.doubles)]);
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return [Uint8Array.from([...key(2), ...varint(bytes.length)]), bytes];
}

function doubles(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * values.length));
  for (const [i, value] of values.entries()) view.setFloat64(8 * i, value, true);
  return new Uint8Array(view.buffer);
}

/** The bytes of a message. */
export const message = (fields: readonly Field[]): Uint8Array<ArrayBuffer> => joinedBytes(fields.flatMap(encode));

/** Arrays one after the other. */
export function joinedBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
