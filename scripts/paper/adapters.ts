/** Adapters described by their peaks. Where a number is not published it is left out, and limits nothing. */
import { readFileSync } from 'node:fs';

export interface Adapter {
  readonly name: string;
  /** GFLOP/s in float32; a multiply-add counts as two. */
  readonly gflops: number;
  /** GB/s of its memory. */
  readonly gbs: number;
  /** The last cache before its memory; without a rate, what lies in it costs nothing. */
  readonly cache?: { readonly bytes: number; readonly gbs?: number | undefined } | undefined;
  /** Multiprocessors, compute units, cores: what a workgroup runs on. */
  readonly units?: number | undefined;
  /** Multiply-adds of a unit per cycle. */
  readonly lanes?: number | undefined;
  /** Lanes that run in step. */
  readonly subgroup?: number | undefined;
  /** Cycles per nanosecond. */
  readonly ghz?: number | undefined;
  /** Bytes of workgroup memory that a unit reads per cycle. */
  readonly workgroupMemory?: number | undefined;
  /** Microseconds that a dispatch takes besides its work, among others in a pass; and where it has a pass of its own, as when it is measured. */
  readonly launchUs?: number | undefined;
  readonly passUs?: number | undefined;
  /** Where the numbers come from. */
  readonly sources: string;
  /** Files of bench/results with a profile of this adapter, by model and batch size. */
  readonly measured?: Readonly<Record<string, string>> | undefined;
}

/** Of every dispatch of the H200's step, by difference. */
const LAUNCH_US = 5.8;
const LAUNCH = `Launches: ${LAUNCH_US} µs, as measured on an H200, for want of a measurement.`;

const M2 = {
  ...{ gbs: 100, cache: { bytes: 8e6 } },
  ...{ lanes: 128, subgroup: 32, ghz: 1.398, launchUs: LAUNCH_US },
  sources:
    'Apple: 3.6 TFLOP/s (2.9 with 8 cores), 100 GB/s, 8 MB of system-level cache. By others: 128 multiply-adds per core and cycle, 1.398 GHz. ' +
    `Rates of cache and workgroup memory: not published. ${LAUNCH}`,
};

export const ADAPTERS: Readonly<Record<string, Adapter>> = {
  h200: {
    name: 'NVIDIA H200 (SXM)',
    ...{ gflops: 66_900, gbs: 4800, cache: { bytes: 50e6, gbs: 10_100 } },
    ...{ units: 132, lanes: 128, subgroup: 32, ghz: 1.98, workgroupMemory: 128 },
    ...{ launchUs: LAUNCH_US, passUs: 7 },
    sources:
      'Data sheet: 67 TFLOP/s, 4.8 TB/s, 132 multiprocessors; Hopper: 50 MB of L2, 128 multiply-adds and 128 bytes of shared memory per ' +
      'multiprocessor and cycle, at 1.98 GHz. L2: 5,120 bytes per cycle, which is said of the A100. Launches (bench/results, 2026-11-29): a pass ' +
      `of its own 7 µs; else ${LAUNCH_US}, what 23 dispatches of a step in flight took beyond their work.`,
    measured: { 'study 64': '2026-11-29-h200-profile.json' },
  },
  rx6800xt: {
    name: 'AMD Radeon RX 6800 XT',
    ...{ gflops: 20_740, gbs: 512, cache: { bytes: 128e6, gbs: 1987 } },
    ...{ units: 72, lanes: 64, subgroup: 32, ghz: 2.25, workgroupMemory: 128, launchUs: LAUNCH_US },
    sources:
      'AMD: 20.74 TFLOP/s at 2.25 GHz, 512 GB/s, 72 compute units of 64 multiply-adds, 128 MB of Infinity Cache with 16 channels of ' +
      `64 bytes at 1.94 GHz; RDNA: 128 bytes of local memory per compute unit and cycle. ${LAUNCH}`,
  },
  m2: { name: 'Apple M2 (10 cores)', gflops: 3579, units: 10, ...M2 },
  'm2-8': { name: 'Apple M2 (8 cores)', gflops: 2863, units: 8, ...M2 },
  'iris-xe': {
    name: 'Intel Iris Xe (96 EU)',
    ...{ gflops: 2074, gbs: 68.3, cache: { bytes: 3.8e6 } },
    ...{ units: 6, lanes: 128, subgroup: 16, ghz: 1.35, workgroupMemory: 128, launchUs: LAUNCH_US },
    sources:
      'Intel: 96 EUs of 8 multiply-adds in 6 dual subslices, each with a data port of 128 bytes per cycle; 1.35 GHz (i7-1185G7), 3.8 MB of L3. ' +
      `Memory: LPDDR4x-4266, 128 bits. Rate of the L3: not published. ${LAUNCH}`,
  },
};

const NUMBERS = [
  'gflops',
  'gbs',
  'units',
  'lanes',
  'subgroup',
  'ghz',
  'workgroupMemory',
  'launchUs',
  'passUs',
] as const;

/** An adapter as somebody wrote it down. @throws Error naming the field that is wrong */
export function parseAdapter(text: string): Adapter {
  const { name = 'an adapter', sources = '', ...given } = JSON.parse(text) as Partial<Adapter>;
  for (const field of NUMBERS) {
    const value: unknown = given[field];
    const isNeeded = field === 'gflops' || field === 'gbs';
    if (value === undefined && !isNeeded) continue;
    const isRight = typeof value === 'number' && Number.isFinite(value) && (value > 0 || field.endsWith('Us'));
    if (!isRight) throw new Error(`an adapter's ${field} has to be a positive number, got ${JSON.stringify(value)}`);
  }
  const { gflops = 0, gbs = 0 } = given;
  if (given.cache && !(given.cache.bytes > 0)) throw new Error("an adapter's cache has to have bytes");
  return { ...given, name, sources, gflops, gbs };
}

/** One of {@link ADAPTERS}, or a file. */
export function adapterOf(on: string): Adapter {
  const known = ADAPTERS[on];
  if (known) return known;
  if (!on.endsWith('.json')) {
    throw new Error(`--on ${on}: not known. There are ${Object.keys(ADAPTERS).join(', ')}, adapter, or a JSON file`);
  }
  return parseAdapter(readFileSync(on, 'utf8'));
}
