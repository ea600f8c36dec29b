/** The study's command line: options, presets, and what is refused before anything is trained. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Adapter } from 'kindling';
import { LOG_HELP } from '../shared/log.js';
import { refuseBesideResume, typedPath, whole } from '../shared/options.js';
import { pick, type Scenario, SETS, type SetName } from './scenarios.js';

/** What the command line said. */
export interface CommandLine {
  data?: string;
  scenarios?: string[];
  set: SetName;
  asPublished: boolean;
  epochs?: number;
  batchSize?: number;
  trainSize?: number;
  testSize?: number;
  seeds?: number[];
  host: 'node' | 'browser';
  out?: string;
  resume?: string;
  log?: string;
  preset?: PresetName;
  json: boolean;
  /** Which part of the study to train, where it is one of several. */
  shard?: string;
}

interface Preset {
  readonly trainSize: number;
  readonly testSize: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seeds: readonly number[];
}

/**
 * `quick` is sized to end within ten minutes on two cores without a GPU: 992 steps of some 0.27 s, and 2.6 s for the test
 * images after each epoch (SwiftShader, 2026-11). `smoke` only shows that everything runs.
 */
export const PRESETS = {
  smoke: { trainSize: 80, testSize: 50, epochs: 1, batchSize: 8, seeds: [0] },
  quick: { trainSize: 31 * 64, testSize: 2000, epochs: 4, batchSize: 64, seeds: [0] },
  full: { trainSize: 50000, testSize: 10000, epochs: 10, batchSize: 64, seeds: [0] },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;

/** Everything that decides the study's numbers; kept in `results.json`, and taken from there by `--resume`. */
export interface Plan extends Preset {
  readonly set: SetName;
  readonly scenarios: readonly Scenario[];
  readonly preset: PresetName | 'custom';
}

/** Values separated by commas, none of them empty or there twice. */
function list<T>(item: (text: string) => T): (text: string) => T[] {
  return (text) => {
    const parts = text.split(',').map((part) => part.trim());
    if (parts.includes('')) throw new InvalidArgumentError('one of its values is empty');
    const values = parts.map(item);
    const twice = values.find((value, i) => values.indexOf(value) !== i);
    if (twice !== undefined) throw new InvalidArgumentError(`${twice} is there twice`);
    return values;
  };
}

/** A parser of `--data`: a path, or one of two words. */
export const dataChoice = (text: string): string => (['cifar10', 'synthetic'].includes(text) ? text : typedPath(text));

/** What may stand beside `--resume`: nothing that decides the study's numbers. */
const BESIDE_RESUME = ['data', 'json', 'log'];

export function parse(argv: readonly string[]): CommandLine {
  const command = new Command('example:cifar')
    .description('Trains a three-layer CNN on CIFAR-10 with eight training tricks, one by one, and compares them.')
    .option(
      '--data <path|cifar10|synthetic>',
      'an archive or folder of CIFAR-10 in its binary version; cifar10 downloads it (default: CIFAR-10 from the cache, else the synthetic stand-in)',
      dataChoice,
    )
    .option('--scenarios <names>', 'only these, separated by commas', list(String))
    .addOption(new Option('--set <name>', 'what is compared').choices(Object.keys(SETS)).default('tricks'))
    .option('--as-published', 'the tricks as the notebook of 2021 really ran them, slips and all', false)
    .option('--epochs <n>', 'passes over the training images', whole(1))
    .option('--batch-size <n>', 'images per step', whole(1))
    .option('--train-size <n>', 'training images used, the first in file order', whole(2))
    .option('--test-size <n>', 'test images used', whole(1))
    .option('--seeds <list>', 'one run per scenario and seed, as 0,1,2', list(whole(0)))
    .addOption(new Option('--host <host>', 'where to train').choices(['node', 'browser']).default('node'))
    .option('--out <folder>', 'where results go (default: runs/cifar-DATE)', typedPath)
    .option('--resume <folder>', 'go on with a study that was stopped; its settings count', typedPath)
    .option('--log <folder>', `${LOG_HELP}, a folder a run`, typedPath)
    .addOption(
      new Option('--preset <name>', 'sizes (default: full on a GPU, quick on a software adapter)').choices(
        Object.keys(PRESETS),
      ),
    )
    .option(
      '--shard <i/n|auto|auto/n>',
      "train the i-th of n parts, or the one that Slurm's array or Kubernetes' index says; wants --preset, --data and --out",
    )
    .option('--json', 'print results.json at the end, and nothing else, on standard output', false)
    .addHelpText(
      'after',
      '\nCtrl-C stops after the current step and saves; --resume goes on, to the same bits.' +
        '\nKINDLING_TUNE=1 finds the fastest kernels for this adapter before it trains.' +
        '\nexample:cifar merge DIR… puts parts together that --shard has trained. A part that was stopped and saved exits 75.',
    );
  const options = command.parse([...argv], { from: 'user' }).opts<CommandLine>();
  if (options.resume !== undefined) {
    refuseBesideResume(command, BESIDE_RESUME);
    return options;
  }
  if (options.shard !== undefined) {
    // What is chosen by the machine would not be the same on each.
    const wanted = (['preset', 'data', 'out'] as const).filter((name) => options[name] === undefined);
    if (wanted.length > 0) command.error(`--shard wants ${wanted.map((name) => `--${name}`).join(', ')} too`);
    if (options.json) command.error('--json is for a whole study: leave it out beside --shard');
  }
  if (options.asPublished && options.set === 'lecun')
    command.error('--as-published is about the tricks, not --set lecun');
  try {
    pick(setOf(options), options.scenarios);
  } catch (error) {
    command.error((error as Error).message);
  }
  return options;
}

const setOf = ({ asPublished, set }: CommandLine): SetName => (asPublished ? 'as-published' : set);

/** The study to run, from the command line and, for the default preset, the adapter. */
export function planOf(options: CommandLine, adapter: Adapter): Plan {
  const preset = options.preset ?? (adapter.isSoftware ? 'quick' : 'full');
  const set = setOf(options);
  const { trainSize, testSize, epochs, batchSize, seeds } = options;
  const given = { trainSize, testSize, epochs, batchSize, seeds };
  const changed = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    ...PRESETS[preset],
    ...changed,
    set,
    scenarios: pick(set, options.scenarios),
    preset: Object.keys(changed).length > 0 ? 'custom' : preset,
  };
}
