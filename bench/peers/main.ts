/** `npm run bench:peers`: W and its kernels, and steps of the examples' networks, in kindling, TensorFlow.js, jax-js and, on the CPU, PyTorch. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { Progress } from '../progress.js';
import { markdown, type ResultRow, type Results, writeResults } from '../results.js';
import { LIBRARIES, type LibraryName } from './library.js';
import { measureFirstSteps, measureWorkload } from './measure.js';
import { knownLosses, reference } from './reference.js';
import { Session } from './session.js';
import { bundleSizes } from './size.js';
import { TEXT, writeStarts } from './startFiles.js';
import { measurePytorch } from './torch.js';
import { versions } from './versions.js';
import { firstOf, isWanted, WORKLOADS, type Workload } from './workloads.js';

interface Options {
  json?: string;
  md?: string;
  quick?: boolean;
  rounds?: number;
  only?: string;
  libraries?: string;
  pytorch: boolean;
}

const program = new Command('bench:peers')
  .description(
    "Measures training steps of the study's network (W), of resnet and of gpt, and W's kernels in one Chromium, library after library.",
  )
  .option('--json <file>', 'writes {adapter, date, versions, rows}, and a Markdown table beside it')
  .option('--md <file>', 'where the table goes')
  .option('--quick', 'fewer shapes and runs: some ten minutes on two cores')
  .option('--rounds <n>', 'rounds over the libraries', Number)
  .option(
    '--only <names>',
    'workloads, separated by commas, conv2d* being all that begin so; firstStep and size are among them',
  )
  .option('--libraries <names>', `of ${LIBRARIES.join(', ')}`)
  .option('--no-pytorch', 'leave PyTorch out')
  .parse();
const options = program.opts<Options>();

const wanted = (name: string): boolean => isWanted(name, options.only);
const libraries = LIBRARIES.filter((name) => !options.libraries || options.libraries.split(',').includes(name));
const workloads = WORKLOADS.filter(({ name, quick }) => (options.only ? wanted(name) : quick || !options.quick));
/** Steps whose first times are workloads of their own. */
const steps = WORKLOADS.filter(({ kind, name }) => kind === 'training' || name === 'step');
const firstSteps = steps.filter(({ name }) => wanted(firstOf(name)) || wanted(name));
if (workloads.length + firstSteps.length === 0 && !wanted('size')) {
  const names = [...WORKLOADS.map(({ name }) => name), ...steps.map(({ name }) => firstOf(name)), 'size'];
  program.error(`--only ${options.only}: the workloads are ${names.join(', ')}`);
}
const rounds = options.rounds ?? 3;

/** Rough seconds of a workload on a software adapter, for the time left. */
const cost = ({ flops }: Workload): number => 3 + (flops / 1e9) * 15;

const folder = mkdtempSync(join(tmpdir(), 'kindling-peers-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const { data, losses, source } = reference();
writeFileSync(join(folder, 'training.bin'), data.toFile());
writeStarts(folder);
copyFileSync(TEXT, join(folder, 'text.txt'));
const known = knownLosses();
if (losses) known.set('step', losses);

const progress = new Progress(workloads.reduce((sum, one) => sum + cost(one), 40 * firstSteps.length));
const session = await Session.open(folder);
const results: Results = {
  adapter: '',
  date: new Date().toISOString(),
  versions: { chromium: session.description, ...versions() },
  rules: {
    rounds,
    quick: options.quick ?? false,
    training: source,
    networks: "resnetStep: noise of the size of CIFAR-10's pictures; gptStep: Moby-Dick; both with seeded weights",
    waiting: 'the work is submitted, then one element of the result (of a step its loss) is awaited on the host',
    maxRelError:
      '|got − want| / max(|want|, root mean square of want), want in float64, of a step its first three losses; above 1e-3, of a step 5e-6, the row is void',
  },
  rows: [],
  errors: session.errors,
};
try {
  const page = await session.page();
  const { adapter } = await page.call('start');
  results.adapter = adapter;
  progress.line(`${adapter}; ${session.description}`);
  const run = { session, libraries, rounds, quick: options.quick ?? false, losses: known, progress };
  const firstRows: ResultRow[] = [];
  const alive = new Map<string, Awaited<ReturnType<typeof measureFirstSteps>>['alive']>();
  for (const workload of firstSteps) {
    const first = await measureFirstSteps(run, workload);
    firstRows.push(...first.rows);
    alive.set(workload.name, first.alive);
  }
  for (const workload of workloads) {
    const rows = await measureWorkload(run, page, workload);
    for (const row of rows) Object.assign(row, alive.get(workload.name)?.get(row.library));
    results.rows.push(...rows);
    progress.done(cost(workload));
  }
  results.rows.push(...firstRows);
  await page.close();
} catch (error) {
  session.errors.push(`${session.doing}: ${error}`);
} finally {
  await session.close();
}
if (options.pytorch) {
  progress.show('PyTorch');
  const pytorch = measurePytorch(workloads, folder);
  if (pytorch) {
    results.rows.push(...pytorch.rows);
    Object.assign(results.versions, pytorch.versions);
  }
}
if (wanted('size')) results.bundles = await bundleSizes(libraries as readonly LibraryName[]);
if (session.errors.length > 0) for (const row of results.rows) row.void ??= 'errors in this run';
const title = 'Training steps and kernels beside their peers';
writeResults(title, results, options);
progress.line(markdown(title, results));
for (const error of session.errors) console.error(`✗ ${error}`);
process.exit(session.errors.length > 0 || results.rows.some((row) => row.void) ? 1 : 0);
