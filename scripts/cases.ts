/** What the programs that run a folder of cases share: their options, and the run in either host. */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { CasesOptions } from '../test/support/casesPage.js';
import { ROOT, runPage } from './page.js';

export interface Options {
  host: 'node' | 'browser';
  json?: string;
  only?: string;
  except?: string;
}

/** A line of progress comes at most this often, in milliseconds. */
const PROGRESS = 15_000;

/** A program's arguments: the folder, `--host`, `--only`, `--except`, `--json`. */
export const casesCommand = (name: string): Command =>
  new Command(name)
    .argument('<dir>', 'folder of cases')
    .addOption(new Option('--host <host>', 'where to run').choices(['node', 'browser']).default('node'))
    .option('--only <ops>', 'ops to run, by the name that the cases use, separated by commas')
    .option('--except <ops>', 'ops to leave out, likewise');

/**
 * Runs the cases of the command's folder in the host that it names.
 *
 * @param run the run in this process
 * @param page the module whose `main` is the same in a page, from the repository's root
 */
export async function runCases<Result>(
  command: Command,
  run: (options: CasesOptions) => Promise<Result>,
  page: string,
): Promise<Result> {
  const { host, only: names, except: left } = command.opts<Options>();
  const folder = resolve(command.args[0] ?? '.');
  const files = readdirSync(folder);
  const only = names?.split(',') ?? [];
  const except = left?.split(',') ?? [];
  let last = Date.now();
  const progress = (line: string): void => {
    if (Date.now() - last < PROGRESS) return;
    last = Date.now();
    console.log(`… ${line}`);
  };
  if (host === 'node') return run({ files, only, except, progress, read: (name) => readFile(join(folder, name)) });
  return (await runPage({
    entry: join(ROOT, page),
    input: { files, only, except },
    folders: { cases: folder },
    handlers: { progress },
    onStart: (browser) => console.log(`browser: ${browser}`),
  })) as Result;
}
