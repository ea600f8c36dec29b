import { refuse } from '../gpu/errors.js';
import { atMost, text } from '../gpu/options.js';

/**
 * The safetensors format (https://huggingface.co/docs/safetensors): eight bytes with the header's length, a JSON header
 * {name: {dtype, shape, data_offsets}}, and the tensors' bytes, little-endian and without gaps. WebGPU's hosts are all
 * little-endian, so typed arrays are copied as they lie.
 */

/** A tensor of a file, on the host. */
export interface HostTensor {
  readonly dtype: 'f32' | 'i32' | 'u32' | 'bool';
  readonly shape: readonly number[];
  /** Float32Array for f32, Int32Array for i32, Uint32Array for u32 and bool (0 or 1). */
  readonly data: Float32Array | Int32Array | Uint32Array;
  /** The type in the file. Writing: by default F32, I32, U32 or BOOL as `dtype` says; I64 and U8 can be asked for. */
  readonly format?: Format;
}

export type Format = keyof typeof FORMATS;

const FORMATS = {
  F64: { bytes: 8, dtype: 'f32', read: (view, at) => view.getFloat64(at, true) },
  F32: { bytes: 4, dtype: 'f32', read: (view, at) => view.getFloat32(at, true) },
  F16: { bytes: 2, dtype: 'f32', read: (view, at) => halfToNumber(view.getUint16(at, true)) },
  BF16: { bytes: 2, dtype: 'f32', read: (view, at) => bfloatToNumber(view.getUint16(at, true)) },
  I64: { bytes: 8, dtype: 'i32', read: (view, at) => Number(view.getBigInt64(at, true)) },
  I32: { bytes: 4, dtype: 'i32', read: (view, at) => view.getInt32(at, true) },
  I16: { bytes: 2, dtype: 'i32', read: (view, at) => view.getInt16(at, true) },
  I8: { bytes: 1, dtype: 'i32', read: (view, at) => view.getInt8(at) },
  U32: { bytes: 4, dtype: 'u32', read: (view, at) => view.getUint32(at, true) },
  U16: { bytes: 2, dtype: 'u32', read: (view, at) => view.getUint16(at, true) },
  U8: { bytes: 1, dtype: 'u32', read: (view, at) => view.getUint8(at) },
  BOOL: { bytes: 1, dtype: 'bool', read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
} as const satisfies Record<
  string,
  { bytes: number; dtype: HostTensor['dtype']; read: (view: DataView, at: number) => number }
>;

const ARRAYS = { f32: Float32Array, i32: Int32Array, u32: Uint32Array, bool: Uint32Array } as const;
const DEFAULT_FORMAT = { f32: 'F32', i32: 'I32', u32: 'U32', bool: 'BOOL' } as const;
/** The reference implementation's bound on the header. */
const MAX_HEADER = 100_000_000;

function fail(message: string): never {
  refuse(`safetensors: ${message}`);
}

/** IEEE binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

const word = new DataView(new ArrayBuffer(4));

/** bfloat16: the upper half of a float32. */
function bfloatToNumber(bits: number): number {
  word.setUint32(0, bits * 65536);
  return word.getFloat32(0);
}

/** @throws KindlingError unless these are bytes, naming `op` and what to write instead */
export function wantBytes(op: string, bytes: unknown): void {
  if (bytes instanceof Uint8Array) return;
  const remedy = bytes instanceof ArrayBuffer ? '; write new Uint8Array(buffer)' : '';
  refuse(`${op}: wants the bytes of a file, a Uint8Array, got ${text(bytes)}${remedy}`);
}

/** @throws KindlingError unless these are strings by name */
export function wantStrings(op: string, metadata: object): void {
  if (typeof metadata !== 'object' || metadata === null)
    refuse(`${op}: metadata is ${text(metadata)}, wants an object`);
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') refuse(`${op}: metadata ${key} is ${text(value)}, wants a string`);
  }
}

interface Entry {
  name: string;
  format: Format;
  shape: number[];
  begin: number;
  end: number;
}

/**
 * Reads a safetensors file.
 *
 * F64, F16 and BF16 become f32; I64, I16 and I8 become i32; U16 and U8 become u32; BOOL becomes bool.
 *
 * @returns the tensors by name, in the order of their bytes, and the file's `__metadata__`
 * @throws KindlingError where the file breaks the format, holds another dtype, or an I64 outside of i32's range
 */
export function readSafetensors(bytes: Uint8Array): {
  tensors: Map<string, HostTensor>;
  metadata: Record<string, string>;
} {
  atMost('readSafetensors', 1, arguments);
  wantBytes('readSafetensors', bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) fail(`a file of ${bytes.length} bytes has no header`);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER || length > bytes.length - 8) {
    fail(`the header claims ${length} bytes, the file has ${bytes.length}: not a safetensors file, or cut off`);
  }
  const { entries, metadata } = parseHeader(bytes.subarray(8, 8 + length));
  checkCoverage(entries, bytes.length - 8 - length);
  const tensors = new Map<string, HostTensor>();
  for (const { name, format, shape, begin, end } of entries) {
    const body = new DataView(bytes.buffer, bytes.byteOffset + 8 + length + begin, end - begin);
    tensors.set(name, { dtype: FORMATS[format].dtype, shape, data: decode(name, format, body), format });
  }
  return { tensors, metadata };
}

function parseHeader(bytes: Uint8Array): { entries: Entry[]; metadata: Record<string, string> } {
  let text = '';
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    fail(`the header is not JSON (${cause instanceof Error ? cause.message : cause})`);
  }
  if (!isObject(header) || !text.startsWith('{')) fail('the header is not a JSON object');
  const twice = repeatedKey(text);
  if (twice !== null) fail(`the header has '${twice}' twice`);
  const metadata: [string, string][] = [];
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (!isObject(value)) fail(`header entry '${name}' is not an object`);
    if (name !== '__metadata__') entries.push(parseEntry(name, value));
    else {
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== 'string') fail(`metadata '${key}' is not a string`);
        metadata.push([key, text]);
      }
    }
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  return { entries, metadata: Object.fromEntries(metadata) };
}

/** A key that an object of a JSON text has twice, of which `JSON.parse` would tell the last alone. */
function repeatedKey(json: string): string | null {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const sign = json[at];
    if (sign === '{') open.push(new Set());
    else if (sign === '}') open.pop();
    if (sign !== '"') continue;
    const start = at;
    for (at++; json[at] !== '"'; at++) if (json[at] === '\\') at++;
    if (!/^\s*:/.test(json.slice(at + 1, at + 20))) continue;
    const key = JSON.parse(json.slice(start, at + 1)) as string;
    if (open.at(-1)?.has(key)) return key;
    open.at(-1)?.add(key);
  }
  return null;
}

function parseEntry(name: string, value: Record<string, unknown>): Entry {
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(FORMATS, dtype)) {
    fail(`tensor '${name}' has dtype ${String(dtype)}; known are ${Object.keys(FORMATS).join(', ')}`);
  }
  const format = dtype as Format;
  if (!isCounts(shape)) fail(`tensor '${name}' has no valid shape`);
  if (!isCounts(offsets) || offsets.length !== 2) fail(`tensor '${name}' has no valid data_offsets`);
  const [begin, end] = offsets as [number, number];
  const want = FORMATS[format].bytes * shape.reduce((product, dim) => product * dim, 1);
  if (end - begin !== want) {
    fail(
      `tensor '${name}' (${dtype} [${shape}]) takes ${want} bytes, its offsets ${begin} to ${end} hold ${end - begin}`,
    );
  }
  return { name, format, shape, begin, end };
}

/** Every byte belongs to exactly one tensor, as the format demands. */
function checkCoverage(entries: readonly Entry[], length: number): void {
  let at = 0;
  for (const { name, begin, end } of entries) {
    if (end > length) fail(`tensor '${name}' ends at byte ${end} of ${length}: the file is cut off`);
    if (begin < at) fail(`tensor '${name}' overlaps the one before it`);
    if (begin > at) fail(`${begin - at} bytes before tensor '${name}' belong to none`);
    at = end;
  }
  if (at !== length) fail(`${length - at} bytes after the last tensor belong to none`);
}

function decode(name: string, format: Format, body: DataView): HostTensor['data'] {
  const { bytes, dtype, read } = FORMATS[format];
  const data = new ARRAYS[dtype](body.byteLength / bytes);
  if (format === 'F32' || format === 'I32' || format === 'U32') {
    new Uint8Array(data.buffer).set(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
    return data;
  }
  for (let i = 0; i < data.length; i++) {
    const value = read(body, i * bytes);
    if (format === 'I64' && (value | 0) !== value) {
      fail(`tensor '${name}' holds ${body.getBigInt64(i * 8, true)} at element ${i}, outside of i32's range`);
    }
    data[i] = value;
  }
  return data;
}

/**
 * Writes a safetensors file that PyTorch's `safetensors.torch.load_file` reads.
 *
 * @param tensors by name; wider types come first in the file, so that each lies aligned
 * @param metadata strings for the header's `__metadata__`
 * @throws KindlingError where a size does not fit its shape or a format its dtype
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, HostTensor> | Readonly<Record<string, HostTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  atMost('writeSafetensors', 2, arguments);
  wantStrings('writeSafetensors', metadata);
  if (typeof tensors !== 'object' || tensors === null) {
    refuse(`writeSafetensors: wants tensors by name, got ${text(tensors)}`);
  }
  const entries = (tensors instanceof Map ? [...tensors] : Object.entries(tensors)) as [string, HostTensor][];
  const bodies = entries
    .map(([name, tensor]) => ({ name, shape: tensor.shape, ...encode(name, tensor) }))
    .sort((a, b) => FORMATS[b.format].bytes - FORMATS[a.format].bytes);
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let at = 0;
  for (const { name, shape, format, bytes } of bodies) {
    if (name === '__metadata__') fail(`'__metadata__' cannot be a tensor's name`);
    header.push([name, { dtype: format, shape, data_offsets: [at, at + bytes.length] }]);
    at += bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + length + at).fill(32, 8, 8 + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(json, 8);
  let offset = 8 + length;
  for (const { bytes } of bodies) {
    file.set(bytes, offset);
    offset += bytes.length;
  }
  return file;
}

function encode(name: string, tensor: HostTensor): { format: Format; bytes: Uint8Array } {
  const { dtype, shape, data, format }: Partial<HostTensor> = tensor ?? {};
  if (!dtype || !Object.hasOwn(ARRAYS, dtype) || !Array.isArray(shape) || !(data instanceof ARRAYS[dtype])) {
    refuse(
      `writeSafetensors: '${name}' is ${text(tensor)}, wants { dtype, shape, data }; saveSafetensors takes tensors`,
    );
  }
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (data.length !== size) fail(`tensor '${name}' of shape [${shape}] has ${data.length} elements, not ${size}`);
  const chosen = format ?? DEFAULT_FORMAT[dtype];
  if (FORMATS[chosen].dtype !== dtype) fail(`tensor '${name}' is ${dtype} and cannot be written as ${chosen}`);
  if (chosen === 'I64') return { format: chosen, bytes: bytesOf(BigInt64Array.from(data as Int32Array, BigInt)) };
  if (chosen === 'U8' && data.some((value) => value > 255)) fail(`tensor '${name}' holds values over 255: no U8`);
  if (chosen === 'U8' || chosen === 'BOOL') return { format: chosen, bytes: Uint8Array.from(data) };
  // What was read from a narrower format goes back at full width.
  return { format: DEFAULT_FORMAT[dtype], bytes: bytesOf(data) };
}

function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
