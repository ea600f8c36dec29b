import { describe, expect, it } from 'vitest';
import { Generator } from '../tensor/generator.js';
import { type HostTensor, readSafetensors, writeSafetensors } from './safetensors.js';

/** A file made by hand from a header and a body. */
function file(header: unknown, body: ArrayLike<number> = [], length?: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? json.length), true);
  bytes.set(json, 8);
  bytes.set(Array.from(body), 8 + json.length);
  return bytes;
}

function one(dtype: string, body: ArrayBufferView, count: number): HostTensor {
  const bytes = new Uint8Array(body.buffer);
  const { tensors } = readSafetensors(file({ x: { dtype, shape: [count], data_offsets: [0, bytes.length] } }, bytes));
  return tensors.get('x') as HostTensor;
}

describe('readSafetensors', () => {
  const cases: [string, ArrayBufferView, string, number[]][] = [
    ['F64', Float64Array.of(1.5, -2, Math.PI), 'f32', [1.5, -2, Math.fround(Math.PI)]],
    ['F32', Float32Array.of(0.5, -0, 3e38), 'f32', [0.5, -0, Math.fround(3e38)]],
    [
      'F16',
      Uint16Array.of(0x3c00, 0xc000, 0x7bff, 1, 0x0400, 0x7c00, 0xfc00, 0x8000),
      'f32',
      [1, -2, 65504, 2 ** -24, 2 ** -14, Infinity, -Infinity, -0],
    ],
    ['BF16', Uint16Array.of(0x3f80, 0xc000, 0x7f80, 1, 0x4049), 'f32', [1, -2, Infinity, 2 ** -133, 3.140625]],
    ['I64', BigInt64Array.of(0n, -5n, 2147483647n, -2147483648n), 'i32', [0, -5, 2147483647, -2147483648]],
    ['I32', Int32Array.of(1, -7), 'i32', [1, -7]],
    ['I16', Int16Array.of(1, -7), 'i32', [1, -7]],
    ['I8', Int8Array.of(127, -128), 'i32', [127, -128]],
    ['U32', Uint32Array.of(1, 4294967295), 'u32', [1, 4294967295]],
    ['U16', Uint16Array.of(1, 65535), 'u32', [1, 65535]],
    ['U8', Uint8Array.of(0, 255), 'u32', [0, 255]],
    ['BOOL', Uint8Array.of(0, 1), 'bool', [0, 1]],
  ];
  it.each(cases)('%s', (format, body, dtype, want) => {
    const tensor = one(format, body, want.length);
    expect(tensor.dtype).toBe(dtype);
    expect(tensor.format).toBe(format);
    expect([...tensor.data]).toEqual(want);
  });

  it('keeps NaN', () => {
    expect(one('F16', Uint16Array.of(0x7e00), 1).data[0]).toBeNaN();
    expect(one('BF16', Uint16Array.of(0x7fc0), 1).data[0]).toBeNaN();
  });

  it('reads from the middle of a buffer, at any alignment', () => {
    const bytes = file(
      { x: { dtype: 'F32', shape: [], data_offsets: [0, 4] } },
      new Uint8Array(Float32Array.of(7).buffer),
    );
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(readSafetensors(shifted.subarray(3)).tensors.get('x')).toMatchObject({
      shape: [],
      data: Float32Array.of(7),
    });
  });

  const x = { dtype: 'U8', shape: [2], data_offsets: [0, 2] };
  it.each<[string, Uint8Array, RegExp]>([
    ['no header', new Uint8Array(5), /5 bytes has no header/],
    ['a header longer than the file', file({}, [], 1000), /claims 1000 bytes/],
    ['a header of 2^60 bytes', file({}, [], 2 ** 60), /claims/],
    ['a header that is not JSON', file('{"x":'), /not JSON/],
    ['a header that is not UTF-8', file('{"\u0000"}').fill(0xff, 9, 10), /not JSON/],
    ['a header that is a list', file([1]), /not a JSON object/],
    ['an entry that is no object', file({ x: 3 }), /'x' is not an object/],
    ['an unknown dtype', file({ x: { ...x, dtype: 'F8_E4M3' } }, [1, 2]), /dtype F8_E4M3; known are F64/],
    ['a dtype from the prototype', file({ x: { ...x, dtype: 'toString' } }, [1, 2]), /dtype toString/],
    ['a negative dimension', file({ x: { ...x, shape: [-2] } }, [1, 2]), /no valid shape/],
    ['a missing shape', file({ x: { dtype: 'U8', data_offsets: [0, 2] } }, [1, 2]), /no valid shape/],
    ['three offsets', file({ x: { ...x, data_offsets: [0, 1, 2] } }, [1, 2]), /no valid data_offsets/],
    ['reversed offsets', file({ x: { ...x, data_offsets: [2, 0] } }, [1, 2]), /takes 2 bytes.*hold -2/],
    ['a size that does not fit', file({ x: { ...x, shape: [3] } }, [1, 2]), /U8 \[3\]\) takes 3 bytes.*hold 2/],
    ['a file cut off', file({ x }, [1]), /ends at byte 2 of 1: the file is cut off/],
    ['bytes left over', file({ x }, [1, 2, 3]), /1 bytes after the last tensor/],
    ['overlap', file({ x, y: { ...x, data_offsets: [1, 3] } }, [1, 2, 3]), /'y' overlaps/],
    ['a gap', file({ x, y: { ...x, data_offsets: [3, 5] } }, [1, 2, 3, 4, 5]), /1 bytes before tensor 'y'/],
    ['metadata that is not text', file({ __metadata__: { a: 1 } }), /metadata 'a'/],
    [
      'an I64 too large for i32',
      file(
        { x: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } },
        new Uint8Array(BigInt64Array.of(2147483648n).buffer),
      ),
      /'x' holds 2147483648 at element 0, outside of i32's range/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(message);
    expect(() => readSafetensors(bytes)).toThrow(expect.objectContaining({ name: 'KindlingError' }));
  });

  it('throws nothing but KindlingError on files with bytes changed or cut', () => {
    const good = writeSafetensors({
      a: { dtype: 'f32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      b: { dtype: 'i32', shape: [], data: Int32Array.of(3), format: 'I64' },
    });
    const generator = new Generator(11);
    for (let trial = 0; trial < 2000; trial++) {
      const bytes = good.slice(0, trial % 3 === 0 ? generator.integer(good.length) : good.length);
      for (let edit = generator.integer(3); edit >= 0 && bytes.length > 0; edit--) {
        bytes[generator.integer(bytes.length)] = generator.integer(256);
      }
      try {
        readSafetensors(bytes);
      } catch (error) {
        expect((error as Error).name).toBe('KindlingError');
      }
    }
  });
});

describe('writeSafetensors', () => {
  const tensors: Record<string, HostTensor> = {
    'bn.flag': { dtype: 'bool', shape: [3], data: Uint32Array.of(1, 0, 1) },
    'conv.weight': { dtype: 'f32', shape: [2, 1, 1, 2], data: Float32Array.of(1, -2, 3.5, Number.NaN) },
    'bn.num_batches_tracked': { dtype: 'i32', shape: [], data: Int32Array.of(12), format: 'I64' },
    'index\u00e9': { dtype: 'i32', shape: [2], data: Int32Array.of(-1, 5) },
    empty: { dtype: 'f32', shape: [0, 4], data: new Float32Array(0) },
    images: { dtype: 'u32', shape: [3], data: Uint32Array.of(0, 128, 255), format: 'U8' },
    counts: { dtype: 'u32', shape: [1], data: Uint32Array.of(4294967295) },
  };

  it('reads back what it wrote, each tensor aligned to its type', () => {
    const bytes = writeSafetensors(tensors, { format: 'pt' });
    const { tensors: read, metadata } = readSafetensors(bytes);
    expect(metadata).toEqual({ format: 'pt' });
    expect(new Set(read.keys())).toEqual(new Set(Object.keys(tensors)));
    for (const [name, tensor] of Object.entries(tensors)) expect(read.get(name)).toMatchObject(tensor);
    expect(writeSafetensors(read, metadata)).toEqual(bytes);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    expect(header['bn.num_batches_tracked']).toEqual({ dtype: 'I64', shape: [], data_offsets: [0, 8] });
    expect(header['conv.weight'].data_offsets[0] % 4).toBe(0);
  });

  it('writes a file without tensors', () => {
    expect(readSafetensors(writeSafetensors({})).tensors.size).toBe(0);
  });

  it.each<[string, HostTensor, RegExp]>([
    [
      'a size that does not fit',
      { dtype: 'f32', shape: [3], data: new Float32Array(2) },
      /\[3\] has 2 elements, not 3/,
    ],
    [
      'f32 as I64',
      { dtype: 'f32', shape: [1], data: new Float32Array(1), format: 'I64' },
      /f32 and cannot be written as I64/,
    ],
    ['256 as U8', { dtype: 'u32', shape: [1], data: Uint32Array.of(256), format: 'U8' }, /over 255/],
  ])('refuses %s', (_, tensor, message) => {
    expect(() => writeSafetensors({ x: tensor })).toThrow(message);
  });
});
