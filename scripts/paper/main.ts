/** `npm run profile -- --on h200`: a step on paper, on an adapter that need not be here. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { init } from 'kindling';
import { type Figures, profile } from 'kindling/profile';
import { TEXT } from '../../bench/peers/startFiles.js';
import { openNothing } from '../nothing.js';
import { ROOT } from '../page.js';
import { BATCH_SIZES, isModel, modelStep } from '../profile/models.js';
import { stepOfFile } from '../profile/stepOfFile.js';
import { type Adapter, adapterOf } from './adapters.js';
import type { Mix } from './bound.js';
import { launchesOf } from './launches.js';
import { planOf } from './plan.js';
import { markdown, type Paper, text } from './report.js';

export interface PaperOptions {
  readonly model: string;
  readonly on: string;
  readonly batchSize?: number | undefined;
  readonly steps: number;
  readonly eager: boolean;
  /** A profile to stand beside it, as `--json` writes one. */
  readonly measured?: string | undefined;
  /** Figures of more kernels, as `npm run isa -- --json` writes them. */
  readonly isa?: string | undefined;
  readonly json?: string | undefined;
}

/** Of the families whose figures are in the repository, the one whose subgroups have 32 lanes, as most adapters' have. */
const FAMILY = 'navi21';

interface IsaRow {
  readonly hash: string;
  readonly share: number | null;
  readonly fmaPerLds: number | null;
}

function mixes(more: string | undefined): (hash: string) => Mix | null {
  const files = [join(ROOT, `bench/results/isa-${FAMILY}.json`), ...(more === undefined ? [] : [more])];
  const rows = files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as IsaRow[]);
  const known = new Map(rows.map((row) => [row.hash, row]));
  return (hash) => {
    const { share = null, fmaPerLds = null } = known.get(hash) ?? {};
    return share ? { share, fmaPerLds } : null;
  };
}

type Profiled = Pick<Figures, 'adapter' | 'timeline' | 'peaks'>;

/** What runs here, and what this adapter can do. */
async function here(train: () => unknown, steps: number): Promise<{ adapter: Adapter; profiled: Profiled }> {
  const profiled = await profile(train, { steps });
  const { multiplyAdd = 0, load = 0, copy = 0 } = profiled.peaks ?? {};
  const sources = 'Peaks: measured just now, by measurePeaks().';
  return { adapter: { name: profiled.adapter, gflops: multiplyAdd, gbs: Math.max(load, copy), sources }, profiled };
}

export async function paperOf(options: PaperOptions): Promise<Paper> {
  const { model, on, steps, eager, isa } = options;
  const described = on === 'adapter' ? null : adapterOf(on);
  await (described ? openNothing() : init());
  const batchSize = isModel(model) ? (options.batchSize ?? BATCH_SIZES[model]) : null;
  const train = isModel(model)
    ? modelStep({ model, batchSize: batchSize ?? 0, eager, text: readFileSync(TEXT, 'utf8') })
    : await stepOfFile(model);
  // State is made, and a captured function is recorded: what follows is a steady step.
  for (let i = 0; i < 2; i++) await train();
  const launches = await launchesOf(train);
  const { adapter, profiled } = described ? { adapter: described, profiled: null } : await here(train, steps);
  const known = adapter.measured?.[`${model} ${batchSize}`];
  const file = options.measured ?? (known === undefined ? undefined : join(ROOT, 'bench/results', known));
  const figures = file === undefined ? profiled : (JSON.parse(readFileSync(file, 'utf8')) as Profiled);
  const plan = planOf(launches, adapter, mixes(isa), figures?.timeline);
  const source = options.measured ?? (known === undefined ? (profiled ? 'just now' : null) : `bench/results/${known}`);
  return { model, batchSize, adapter, family: FAMILY, source, ...plan };
}

/** Prints the table; with `json`, writes it as JSON and as Markdown beside it. */
export async function paper(options: PaperOptions): Promise<void> {
  const made = await paperOf(options);
  console.log(text(made));
  const { json } = options;
  if (json === undefined) return;
  writeFileSync(json, `${JSON.stringify(made, null, 1)}\n`);
  writeFileSync(json.replace(/(\.json)?$/, '.md'), markdown(made));
}
