/** What a step asks of a device: its dispatches and copies in order, with the bytes that each needs. */
import { sync } from 'kindling';
import { hashOf } from '../../bench/isa/hash.js';
import type { Memory } from '../../src/memory/memory.js';
import { type Dispatch, type EncodedDispatch, isPlanned } from '../../src/stream/commands.js';
import { setStopwatch } from '../../src/stream/encode.js';
import { workgroupSize, writtenOnly } from './wgsl.js';

/** Bytes of a buffer. */
export interface Range {
  /** The number of the buffer. */
  readonly buffer: number;
  readonly from: number;
  readonly to: number;
  /** How many of them are needed. */
  readonly bytes: number;
}

export interface Launch {
  readonly name: string;
  /** Of its WGSL; null for a copy. */
  readonly hash: string | null;
  readonly workgroups: readonly number[];
  /** Invocations of a workgroup. */
  readonly invocations: number;
  /** As the kernel declares them: products and convolutions do, others have 0. */
  readonly multiplyAdds: number;
  /** What it reads and what it writes; each place once, however often it is read. */
  readonly reads: readonly Range[];
  readonly writes: readonly Range[];
}

/** Kernels that pick some of what they bind: they read no more of each than they write. */
const PICKS = /^(gather|indexSelect)/;

const FLOAT = 4;

/** The most bytes of a memory that a launch can need: a map reads one element of each input per element of its result. */
function mostRead({ kernel, memories, parts }: Dispatch, memory: Memory): number {
  const readers = (parts ?? [{ kernel, memories }]).filter((part) =>
    part.memories.some((one, i) => one === memory && part.kernel.access[i] === 'read'),
  );
  if (PICKS.test(kernel.name)) return memories.at(-1)?.bytes ?? 0;
  // Where a part reads what another makes, it is not bound.
  if (readers.length === 0 || readers.some((part) => !part.kernel.map)) return Number.POSITIVE_INFINITY;
  return readers.reduce((sum, part) => sum + FLOAT * (part.kernel.map?.size ?? 0), 0);
}

/** Ranges, those of the same place as one. */
function each(ranges: readonly Range[]): Range[] {
  const found = new Map<string, Range>();
  for (const range of ranges) {
    const key = `${range.buffer} ${range.from} ${range.to}`;
    const bytes = Math.min(range.to - range.from, range.bytes + (found.get(key)?.bytes ?? 0));
    found.set(key, { ...range, bytes });
  }
  return [...found.values()];
}

/** Numbers of buffers, in the order in which they are met. */
class Numbers {
  readonly #numbers = new Map<object, number>();

  of(buffer: object): number {
    const number = this.#numbers.get(buffer) ?? this.#numbers.size;
    this.#numbers.set(buffer, number);
    return number;
  }
}

function launched({ kernel, bound, command }: EncodedDispatch, numbers: Numbers): Launch {
  const dispatch = !isPlanned(command) && 'kernel' in command ? command : null;
  const blind = writtenOnly(kernel.wgsl);
  const ranges = bound.map(({ buffer, offset, size }, i): Range => {
    const memory = dispatch?.memories[i];
    const most = dispatch && memory && kernel.access[i] === 'read' ? mostRead(dispatch, memory) : size;
    return { buffer: numbers.of(buffer.gpu), from: offset, to: offset + size, bytes: Math.min(size, most) };
  });
  return {
    name: kernel.name,
    hash: hashOf(kernel.wgsl),
    workgroups: kernel.workgroups,
    invocations: workgroupSize(kernel.wgsl),
    multiplyAdds: (kernel.flops ?? 0) / 2,
    reads: each(ranges.filter((_, i) => kernel.access[i] === 'read' || !blind.has(i))),
    writes: each(ranges.filter((_, i) => kernel.access[i] === 'write')),
  };
}

/** Copies run without workgroups that anybody chose. */
const copied = (reads: Range, writes: Range): Launch => ({
  name: 'copy',
  hash: null,
  workgroups: [],
  invocations: 0,
  multiplyAdds: 0,
  reads: [reads],
  writes: [writes],
});

/** What `body` launches, in order; what was recorded before is none of it. */
export async function launchesOf(body: () => unknown): Promise<Launch[]> {
  await sync();
  const launches: Launch[] = [];
  const numbers = new Numbers();
  const { prototype } = GPUCommandEncoder;
  const plain = prototype.copyBufferToBuffer as (...args: unknown[]) => undefined;
  // The library names offsets and size always.
  prototype.copyBufferToBuffer = function (this: GPUCommandEncoder, ...args: unknown[]) {
    const [from, fromAt, to, toAt, bytes] = args as [object, number, object, number, number];
    const range = (of: object, at: number): Range => ({ buffer: numbers.of(of), from: at, to: at + bytes, bytes });
    launches.push(copied(range(from, fromAt), range(to, toAt)));
    return plain.apply(this, args);
  };
  setStopwatch({
    start(dispatch) {
      launches.push(launched(dispatch, numbers));
      return undefined;
    },
    finish() {},
  });
  try {
    await body();
    await sync();
  } finally {
    setStopwatch(null);
    prototype.copyBufferToBuffer = plain as typeof prototype.copyBufferToBuffer;
  }
  return launches;
}

export const bytesOf = (ranges: readonly Range[]): number => ranges.reduce((sum, { bytes }) => sum + bytes, 0);
