/** Runs a folder of PyTorch's cases, in either host. */
import { init } from 'kindling';
import { readSafetensors } from 'kindling/io';
import type { CasesOptions } from '../support/casesPage.js';
import {
  type MetricsCase,
  type OpCase,
  type OptimizerCase,
  runMetrics,
  runOp,
  runOptimizer,
  runScheduler,
  type SchedulerCase,
  type Tensors,
} from './cases.js';
import { NotImplemented } from './ops.js';
import { runSecond, type SecondCase } from './second.js';
import { runTraining, type TrainingCase, type TrainingFile } from './training.js';

export interface Row {
  file: string;
  /** PyTorch's name of the op, optimizer or scheduler; the name of a training run; `metrics`. */
  op: string;
  cases: number;
  passed: number;
  failed: number;
  notImplemented: number;
  /** The worst error as a multiple of its bound; null where nothing could be compared, or the error has no bound. */
  worst: number | null;
}

export interface Parity {
  host: string;
  adapter: string;
  rows: Row[];
  /** A line for each case that failed. */
  failures: string[];
  /** Files that are not in the format, and why. */
  ignored: string[];
}

/** A case made ready: what it counts under, and how it runs. */
interface Ready {
  op: string;
  name: string;
  run: () => Promise<number>;
}

type Case = Readonly<Record<string, unknown>> & { name?: string };
type Document = Readonly<Record<string, unknown>> & { tensors?: string; cases: Case[] };

export async function runParity(options: CasesOptions): Promise<Parity> {
  const { progress = () => undefined, only = [], except = [] } = options;
  const { host, description } = await init();
  const parity: Parity = { host, adapter: description, rows: [], failures: [], ignored: [] };
  for (const file of options.files.filter((name) => name.endsWith('.json')).sort()) {
    let ready: Ready[];
    try {
      ready = await prepare(file, options, progress);
    } catch (error) {
      const line = `${file}: ${error instanceof Error ? error.message : error}`;
      (error instanceof NoCases ? parity.ignored : parity.failures).push(line);
      continue;
    }
    const rows = new Map<string, Row>();
    for (const { op, name, run } of ready) {
      if ((only.length > 0 && !only.includes(op)) || except.includes(op)) continue;
      progress(`${file}: ${name}`);
      const row = rows.get(op) ?? { file, op, cases: 0, passed: 0, failed: 0, notImplemented: 0, worst: null };
      rows.set(op, row);
      await count(row, run).catch((failure: unknown) => parity.failures.push(`${file} ${name}: ${failure}`));
    }
    parity.rows.push(...rows.values());
  }
  return parity;
}

/** Runs a case into its row; rejects with what went wrong, if anything did. */
async function count(row: Row, run: () => Promise<number>): Promise<void> {
  row.cases += 1;
  try {
    const worst = await run();
    if (Number.isFinite(worst)) row.worst = Math.max(row.worst ?? 0, worst);
    if (!(worst <= 1)) throw new Error(`the worst error is ${worst.toPrecision(3)} times its bound`);
    row.passed += 1;
  } catch (error) {
    if (error instanceof NotImplemented) {
      row.notImplemented += 1;
      return;
    }
    row.failed += 1;
    throw error instanceof Error ? error.message : error;
  }
}

/** A JSON file that is something else. */
class NoCases extends Error {}

/** Reads a file of cases. What kind they are shows in their fields, so that a file may have any name. */
async function prepare(
  file: string,
  { read, files }: CasesOptions,
  progress: (line: string) => void,
): Promise<Ready[]> {
  const document = JSON.parse(new TextDecoder().decode(await read(file))) as Document;
  if (!Array.isArray(document.cases)) throw new NoCases('no list of cases');
  const { tensors: beside, cases } = document;
  if (beside !== undefined && !files.includes(beside)) throw new Error(`its tensors, ${beside}, are missing`);
  const tensors: Tensors = beside === undefined ? new Map() : readSafetensors(await read(beside)).tensors;
  return cases.map((test, i) => {
    const ready = (op: unknown, run: () => Promise<number>): Ready => ({
      op: `${op}`,
      name: test.name ?? `${op}.${i}`,
      run,
    });
    if ('second' in test) return ready(test.op, () => runSecond(test as unknown as SecondCase, tensors));
    if ('op' in test) return ready(test.op, () => runOp(test as unknown as OpCase, tensors));
    if ('optimizer' in test)
      return ready(test.optimizer, () => runOptimizer(test as unknown as OptimizerCase, tensors));
    if ('scheduler' in test) return ready(test.scheduler, () => runScheduler(test as unknown as SchedulerCase));
    if ('predictions' in test) return ready('metrics', () => runMetrics(test as unknown as MetricsCase));
    if ('loss_float64' in test) {
      const where = document as unknown as TrainingFile;
      return ready(test.name, () => runTraining(test as unknown as TrainingCase, where, tensors, progress));
    }
    throw new Error(`case ${test.name ?? i} is of no kind that is known`);
  });
}
