/**
 * Values as bytes, for files that outlive the page: what JSON writes, and typed arrays, with a checksum over both. Long arrays of
 * numbers go as doubles, which keep every bit and take less room than their digits.
 */

const MAGIC = 'kindling live 1\n';
const DIGEST_BYTES = 32;
const LONG = 16;
const ALIGNMENT = 8;

const TYPED = { Uint8Array, Float32Array, Float64Array } as const;
type Typed = InstanceType<(typeof TYPED)[keyof typeof TYPED]>;

/** Where an array lies behind the header. */
interface Mark {
  readonly $array: keyof typeof TYPED | 'numbers';
  readonly at: number;
  readonly length: number;
}

const typeOf = (value: unknown): keyof typeof TYPED | undefined =>
  (Object.keys(TYPED) as (keyof typeof TYPED)[]).find((name) => value instanceof TYPED[name]);

const isLongNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length >= LONG && value.every((one) => typeof one === 'number');

const padded = (length: number): number => Math.ceil(length / ALIGNMENT) * ALIGNMENT;

/** Fields that are undefined are left out, as JSON does. */
export async function pack(value: unknown): Promise<Uint8Array<ArrayBuffer>> {
  const arrays: Typed[] = [];
  let size = 0;
  const marked = (array: Typed, $array: Mark['$array']): Mark => {
    const mark = { $array, at: size, length: array.length };
    arrays.push(array);
    size += padded(array.byteLength);
    return mark;
  };
  const header = JSON.stringify(value, (_, field: unknown) => {
    const type = typeOf(field);
    if (type) return marked(field as Typed, type);
    return isLongNumbers(field) ? marked(Float64Array.from(field), 'numbers') : field;
  });
  const text = new TextEncoder().encode(header);
  const start = padded(MAGIC.length + 4 + text.length);
  const bytes = new Uint8Array(start + size + DIGEST_BYTES);
  bytes.set(new TextEncoder().encode(MAGIC));
  new DataView(bytes.buffer).setUint32(MAGIC.length, text.length, true);
  bytes.set(text, MAGIC.length + 4);
  let at = start;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += padded(byteLength);
  }
  bytes.set(await digestOf(bytes), bytes.length - DIGEST_BYTES);
  return bytes;
}

/** @throws Error where the bytes are not, or no longer, what {@link pack} made */
export async function unpack(bytes: Uint8Array<ArrayBuffer>): Promise<unknown> {
  if (!isWhole(bytes, await digestOf(bytes))) throw new Error('it is damaged');
  const whole = bytes.byteOffset % ALIGNMENT === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = whole;
  const length = new DataView(buffer, byteOffset).getUint32(MAGIC.length, true);
  const start = padded(MAGIC.length + 4 + length);
  const text = new TextDecoder().decode(whole.subarray(MAGIC.length + 4, MAGIC.length + 4 + length));
  return JSON.parse(text, (_, field: unknown) => {
    if (!isMark(field)) return field;
    const { $array, at, length: count } = field;
    const numbers = $array === 'numbers';
    // A copy: whoever gets it may hand its buffer on.
    const array = new TYPED[numbers ? 'Float64Array' : $array](buffer, byteOffset + start + at, count).slice();
    return numbers ? Array.from(array) : array;
  });
}

const isMark = (field: unknown): field is Mark => typeof field === 'object' && field !== null && '$array' in field;

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const content = bytes.subarray(0, Math.max(0, bytes.length - DIGEST_BYTES));
  return new Uint8Array(await crypto.subtle.digest('SHA-256', content));
}

function isWhole(bytes: Uint8Array, digest: Uint8Array): boolean {
  const magic = new TextDecoder().decode(bytes.subarray(0, MAGIC.length));
  const written = bytes.subarray(bytes.length - DIGEST_BYTES);
  return magic === MAGIC && digest.every((byte, i) => byte === written[i]);
}
