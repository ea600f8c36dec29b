/** Runs a folder of WebNN's conformance cases, in either host. */
import { init, KindlingError, step, type Tensor, tensor } from 'kindling';
import { NotImplemented } from '../parity/ops.js';
import type { CasesOptions } from '../support/casesPage.js';
import { type Bound, worstOf, worstUlps } from './bounds.js';
import { type Arguments, OPERATORS } from './ops.js';

/** A number, or text for what JSON has no number for: infinities, NaN, 64-bit integers. */
type Datum = number | string;

interface Described {
  /** One number: all elements are that. */
  data: Datum | Datum[];
  descriptor: { shape: number[]; dataType: string };
}

interface Operation {
  name: string;
  /** Objects of one argument each: the name of an input, a list of them, or a value; options are an object of these. */
  arguments: Record<string, unknown>[];
  outputs: string | string[];
}

interface Case {
  name: string;
  graph: {
    inputs: Record<string, Described>;
    operators: Operation[];
    expectedOutputs: Record<string, Described>;
  };
}

export interface Row {
  op: string;
  cases: number;
  passed: number;
  failed: number;
  /** How many cases were left out, by the reason. */
  leftOut: Record<string, number>;
  /** The worst error as a multiple of its bound; null where nothing ran. */
  worst: number | null;
}

export interface Conformance {
  host: string;
  adapter: string;
  rows: Row[];
  /** A line for each case that failed. */
  failures: string[];
  /** Files that are not in the format. */
  ignored: string[];
}

export async function runConformance(options: CasesOptions): Promise<Conformance> {
  const { files, read, only = [], except = [], progress = () => undefined } = options;
  const { host, description } = await init();
  const rows = new Map<string, Row>();
  const [failures, ignored]: [string[], string[]] = [[], []];
  for (const file of files.filter((name) => name.endsWith('.json')).sort()) {
    const { tests } = JSON.parse(new TextDecoder().decode(await read(file))) as { tests?: Case[] };
    if (!Array.isArray(tests)) ignored.push(`${file}: no list of tests`);
    for (const test of tests ?? []) {
      const op = test.graph.operators.map(({ name }) => name).join(' → ');
      if ((only.length > 0 && !only.includes(op)) || except.includes(op)) continue;
      progress(test.name);
      const row = rows.get(op) ?? { op, cases: 0, passed: 0, failed: 0, leftOut: {}, worst: null };
      rows.set(op, row);
      await count(row, test).catch((failure: unknown) => failures.push(`${test.name}: ${failure}`));
    }
  }
  return { host, adapter: description, rows: [...rows.values()], failures, ignored };
}

/** Runs a case into its row; rejects with what went wrong, if anything did. */
async function count(row: Row, test: Case): Promise<void> {
  row.cases += 1;
  try {
    const { worst, ulps } = await run(test);
    row.worst = Math.max(row.worst ?? 0, worst);
    if (!(worst <= 1)) throw new Error(`${worst.toPrecision(3)} times its bound, ${ulps} ULP`);
    row.passed += 1;
  } catch (error) {
    const why = reasonToLeaveOut(error);
    if (why !== null) {
      row.leftOut[why] = (row.leftOut[why] ?? 0) + 1;
      return;
    }
    row.failed += 1;
    throw error instanceof Error ? error.message : error;
  }
}

function reasonToLeaveOut(error: unknown): string | null {
  if (error instanceof NotImplemented) return error.message;
  // [6000, 6000] are 144 MB; WebGPU promises 128 MiB in a binding, which is all that lavapipe has in Deno.
  const tooLarge = error instanceof KindlingError && error.message.endsWith('in one buffer');
  return tooLarge ? 'too large for the adapter' : null;
}

/** How far a case's results lie from what is expected. @throws NotImplemented saying why it is not run */
async function run({ graph }: Case): Promise<{ worst: number; ulps: number }> {
  const [operation, ...others] = graph.operators;
  if (!operation || others.length > 0) throw new NotImplemented('more than one operator');
  const types = Object.values(graph.inputs).map(({ descriptor }) => descriptor.dataType);
  if (!types.includes('float32')) throw new NotImplemented(`of ${types[0]}`);
  const operator = OPERATORS[operation.name];
  if (!operator) throw new NotImplemented('no such op');
  const inputs = new Map(Object.entries(graph.inputs).map(([name, described]) => [name, onDevice(described)]));
  const args = argumentsOf(operation, inputs);
  const results = step(() => [operator.run(args)].flat());
  let [worst, ulps] = [0, 0];
  for (const [i, name] of [operation.outputs].flat().entries()) {
    const [got, want] = [results[i], graph.expectedOutputs[name]];
    if (!got || !want) throw new Error(`output ${name} is missing`);
    const error = await errorOf(got, want, operator.bound(args, got));
    [worst, ulps] = [Math.max(worst, error.worst), Math.max(ulps, error.ulps)];
  }
  for (const made of [...inputs.values(), ...results]) made.dispose();
  return { worst, ulps };
}

/** Elements of a case: 64-bit integers fit, for they are indices; truth values are uint8. */
function valuesOf({ data, descriptor: { shape, dataType } }: Described): Float32Array | Int32Array | Uint32Array {
  const Made = dataType === 'float32' ? Float32Array : dataType.startsWith('u') ? Uint32Array : Int32Array;
  if (Array.isArray(data)) return new Made(data.map(Number));
  return new Made(shape.reduce((size, n) => size * n, 1)).fill(Number(data));
}

const onDevice = (described: Described): Tensor => tensor(valuesOf(described), { shape: described.descriptor.shape });

/** Arguments and options in one object, with tensors where they name inputs. */
function argumentsOf({ arguments: list }: Operation, inputs: ReadonlyMap<string, Tensor>): Arguments {
  const NUMBERS = ['Infinity', '-Infinity', 'NaN'];
  const resolved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolved);
    if (typeof value !== 'string') return value;
    return inputs.get(value) ?? (NUMBERS.includes(value) ? Number(value) : value);
  };
  const { options = {}, ...positional } = Object.assign({}, ...list) as Record<string, unknown>;
  const named = Object.entries({ ...positional, ...(options as object) });
  return Object.fromEntries(named.map(([name, value]) => [name, resolved(value)])) as unknown as Arguments;
}

const TYPES: Readonly<Record<string, string>> = { float32: 'f32', int32: 'i32', uint32: 'u32', uint8: 'bool' };

async function errorOf(got: Tensor, want: Described, bound: Bound): Promise<{ worst: number; ulps: number }> {
  const { shape, dataType } = want.descriptor;
  if (`${got.shape}` !== `${shape}` || got.dtype !== TYPES[dataType]) {
    throw new Error(`${got.dtype} of shape [${got.shape}], not ${dataType} of shape [${shape}]`);
  }
  const [found, values] = [await got.data(), valuesOf(want)];
  return { worst: worstOf(found, values, bound), ulps: worstUlps(found, values) };
}
