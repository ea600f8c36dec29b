/** `example:cifar merge DIR…`: records of several folders in one, the study's report, and what is missing. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { writeFileAtomic } from 'kindling/io';
import { typedPath } from '../../shared/options.js';
import { loadData } from '../data.js';
import { dataChoice } from '../options.js';
import { terminalReport, writeReport } from '../report/index.js';
import type { Sample } from '../results.js';
import { samplesOf } from '../samples.js';
import { GRID, weightsFile } from '../store.js';
import { GridFolder } from './folder.js';
import { commandOf, type Merged, merge, resultsOf } from './merge.js';
import { bytesOf, type GridStudy } from './record.js';

interface Options {
  readonly out?: string;
  readonly data?: string;
}

/** @returns the exit code: 0 for a whole study, 1 where runs are missing or diverged */
export async function mergeCommand(argv: readonly string[], out: NodeJS.WriteStream): Promise<number> {
  const say = (line: string): void => void out.write(`${line}\n`);
  const command = new Command('example:cifar merge')
    .description('Puts together what --shard has trained, writes the report, and says what is missing.')
    .argument('<folders...>', 'folders that --shard has made')
    .option('--out <folder>', 'where the whole goes (default: the folder, where it is one)', typedPath)
    .option('--data <path|cifar10|synthetic>', "the images, for the report's pictures", dataChoice);
  command.parse([...argv], { from: 'user' });
  const options = command.opts<Options>();
  const paths = [...new Set(command.args.map(typedPath))];
  if (options.out === undefined && paths.length > 1)
    command.error('of several folders, --out says where the whole goes');
  const whole = options.out ?? paths[0] ?? '';
  // What was put together before is a part, too.
  if (!paths.includes(whole) && existsSync(join(whole, GRID))) paths.push(whole);
  const merged = await merge(await Promise.all(paths.map((path) => GridFolder.open(path))));
  const folder = await GridFolder.take(whole, merged.study);
  await keep(merged, folder);
  return report(merged, folder, await images(merged.study, options.data, say), out);
}

/** Records and weights of it all. */
async function keep({ records }: Merged, folder: GridFolder): Promise<void> {
  for (const record of records) {
    const { ending, scenario, seed } = record;
    // Equal ones were made sure to be equal: what is there stays.
    if (!(await folder.record(record))) await folder.write(record);
    if (!('weights' in ending)) continue;
    const path = join(folder.folder, weightsFile(scenario.name, seed));
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, bytesOf(ending.weights));
  }
}

type Images = Awaited<ReturnType<typeof loadData>> | null;

/** The images, where this machine has them. */
async function images(
  { plan, location, data }: GridStudy,
  typed: string | undefined,
  say: (line: string) => void,
): Promise<Images> {
  const { trainSize, testSize } = plan;
  const choice = typed ?? location;
  try {
    const found = await loadData({ choice, download: typed === 'cifar10', trainSize, testSize }, say);
    if (found.fingerprint === data) return found;
    if (typed !== undefined) throw new Error(`--data ${typed}: these are not the images of the study`);
  } catch (error) {
    if (typed !== undefined) throw error;
  }
  say('NOTE: the report has no pictures, for the images are not here; --data PATH says where they are.');
  return null;
}

async function report(merged: Merged, folder: GridFolder, found: Images, out: NodeJS.WriteStream): Promise<number> {
  const say = (line: string): void => void out.write(`${line}\n`);
  const { study, records, missing, doubles, notes } = merged;
  const results = resultsOf(merged);
  if (results) {
    await writeFileAtomic(join(folder.folder, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
    await writeReport(results, folder.folder, found ? samples(merged, found) : []);
    say(terminalReport(results, out.columns ?? 80));
    say(`\n${folder.folder}: report.html, f1.png, f1.svg, results.json, history.csv, weights/, records/`);
  }
  const all = records.length + missing.length;
  say(`${records.length} of ${all} runs${doubles > 0 ? `; ${doubles} were there twice, to the same bits` : ''}.`);
  for (const note of notes) say(`NOTE: ${note}`);
  if (missing.length > 0) {
    say(`MISSING: ${missing.map(({ scenario, seed }) => `${scenario.name} (seed ${seed})`).join(', ')}. To make it:`);
    say(`  ${commandOf(study, folder.folder)}`);
    say(`and then: npm run example:cifar -- merge ${folder.folder}`);
  }
  return missing.length > 0 || results?.diverged?.length ? 1 : 0;
}

/** Test images with what the scenarios made of them, by the first seed. */
function samples({ study, records }: Merged, { test }: NonNullable<Images>): Sample[] {
  const predictions: Record<string, Uint8Array> = {};
  for (const { ending, scenario, seed } of records) {
    if (seed === study.plan.seeds[0] && 'predictions' in ending)
      predictions[scenario.name] = bytesOf(ending.predictions);
  }
  return samplesOf(test, predictions);
}
