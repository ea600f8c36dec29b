/** Command lines: what an option may be, and the folder that a run is kept in. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { writeFileAtomic } from 'kindling/io';
import { readJson } from './files.js';
import { takeFolder, takeNew } from './folder.js';
import { LOG_HELP } from './log.js';

/** A parser of whole numbers, none less than `least`. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`want a whole number ≥ ${least}`);
    }
    return value;
  };
}

/** A parser of numbers greater than 0, up to `most`. */
export function positive(most = Number.MAX_VALUE): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(value > 0 && value <= most)) {
      throw new InvalidArgumentError(
        `want a number greater than 0${most < Number.MAX_VALUE ? `, at most ${most}` : ''}`,
      );
    }
    return value;
  };
}

/** A path as it was typed: npm runs a script in the package's folder, and keeps in INIT_CWD the one it was called from. */
export const typedPath = (path: string): string => resolve(process.env.INIT_CWD ?? process.cwd(), path);

/** What to type to go on with the run in `folder`. */
export const resumeLine = (name: string, folder: string): string =>
  `npm run ${name} -- --resume ${/\s/.test(folder) ? `"${folder}"` : folder}`;

/** Ends the program where anything but `allowed` was typed beside `--resume`: the folder decides the rest. */
export function refuseBesideResume(command: Command, allowed: readonly string[] = []): void {
  const typed = command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli');
  const given = typed.filter((option) => !['resume', ...allowed].includes(option.attributeName()));
  if (given.length === 0) return;
  command.error(`--resume takes its settings from the folder; leave out ${given.map(({ long }) => long).join(', ')}`);
}

/** A run as the command line asks for it: begun in a new folder, or resumed. */
export interface RunFolder<Settings> {
  readonly folder: string;
  readonly resume: boolean;
  readonly settings: Settings;
  readonly checkpoint: string;
  /** Where to log, as `--log` said it; undefined for nowhere. A resumed run goes on there, unless it is told otherwise. */
  readonly log: string | undefined;
  /** What to type to go on with it. */
  readonly resumeCommand: string;
  /**
   * Keeps the folder of a new run, which is gone with the process until then: called once nothing can be refused any more.
   *
   * @param found settings that were left open and are what a resumed run is to use
   */
  create(found?: Partial<Settings>): Promise<void>;
  write(name: string, content: string | Uint8Array): Promise<void>;
  /** For when the result is written. */
  removeCheckpoint(): Promise<void>;
}

const SETTINGS = 'settings.json';
const RESULT = 'result.json';

/**
 * Adds `--out`, `--resume` and `--log` to the options of `command`, and reads the command line. All other options are the run's
 * settings, kept in its folder; its result is to be `result.json`.
 *
 * @throws Error where the folder is not empty, holds no run of this example to resume, or another process is at it
 */
export async function parseRun<Settings extends object>(
  command: Command,
  argv: readonly string[],
): Promise<RunFolder<Settings>> {
  const name = command.name();
  const short = name.replace('example:', '');
  command
    .option('--out <folder>', `where results go (default: runs/${short}-DATE)`, typedPath)
    .option('--resume <folder>', 'go on with a run that was stopped; its settings count', typedPath)
    .option('--log <folder>', LOG_HELP, typedPath)
    .addHelpText('after', '\nCtrl-C stops after the current step and saves; --resume goes on, to the same bits.')
    .parse([...argv], { from: 'user' });
  const { out, resume, log: typedLog, ...typed } = command.opts<{ out?: string; resume?: string; log?: string }>();
  if (resume !== undefined) refuseBesideResume(command, ['log']);
  let folder = resume ?? '';
  let log = typedLog;
  let settings = typed as unknown as Settings;
  const content = (of: Settings): string => `${JSON.stringify({ example: name, log, ...of }, null, 1)}\n`;
  let keep = (): void => {};
  if (resume === undefined) {
    const first = [SETTINGS, content(settings)] as const;
    ({ folder, keep } = await takeNew({ out, name: short, first, last: RESULT }));
  } else {
    const { log: before, ...found } = await reopen<{ log?: string }>(resume, command);
    log ??= before;
    settings = found as unknown as Settings;
  }
  const write = (file: string, content: string | Uint8Array): Promise<void> =>
    writeFileAtomic(join(folder, file), content);
  const checkpoint = join(folder, 'run.checkpoint');
  return {
    folder,
    resume: resume !== undefined,
    settings,
    checkpoint,
    log,
    resumeCommand: resumeLine(name, folder),
    write,
    removeCheckpoint: () => rm(checkpoint, { force: true }),
    async create(found) {
      if (resume !== undefined) return;
      keep();
      if (found) await write(SETTINGS, content({ ...settings, ...found }));
    },
  };
}

/** Takes the folder of a run, and gives its settings. */
async function reopen<Settings>(folder: string, command: Command): Promise<Settings> {
  const path = join(folder, SETTINGS);
  const name = command.name();
  if (!existsSync(path)) throw new Error(`${folder} holds no run to resume: there is no ${SETTINGS} in it`);
  if (existsSync(join(folder, RESULT))) throw new Error(`${folder}: that run has ended, see its ${RESULT}`);
  await takeFolder(folder);
  const { example, ...settings } = await readJson(path);
  if (example !== name) throw new Error(`${path} is of a run of ${example}, not of ${name}`);
  for (const [key, value] of Object.entries(settings)) {
    const option = command.options.find((one) => one.attributeName() === key && !['out', 'resume'].includes(key));
    if (!option) throw new Error(`${path} is damaged: ${name} has no setting ${key}`);
    if (!isSetting(option, value)) throw new Error(`${path} is damaged: ${key} is ${JSON.stringify(value)}`);
  }
  const lacking = command.options.map((one) => one.attributeName()).find((key) => lacks(command, settings, key));
  if (lacking !== undefined) throw new Error(`${path} is damaged: it does not say ${lacking}`);
  return settings as Settings;
}

/** Whether this is what the command line can say. */
function isSetting({ parseArg, argChoices }: Option, value: unknown): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  try {
    if (argChoices && !argChoices.includes(String(value))) return false;
    return (parseArg ? parseArg(String(value), undefined) : String(value)) === value;
  } catch {
    return false;
  }
}

/** Whether an option that every command line says, by its default, is not there. */
const lacks = (command: Command, settings: object, key: string): boolean =>
  command.getOptionValueSource(key) === 'default' && !(key in settings);
