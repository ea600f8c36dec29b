/** What a study is: which scenarios, on how much, how often. It is small enough to live in a link. */
import { SETS, type SetName } from '../../cifar/scenarios.js';

/** Sets of scenarios that the page offers: those of which each part can be trained by itself. */
export const OFFERED = { tricks: 'Eight tricks', lecun: 'Choices taken for granted' } as const satisfies Partial<
  Record<SetName, string>
>;
export type Offered = keyof typeof OFFERED;

/** What is trained on: pictures that the page draws, or those of CIFAR-10. */
export const DATA = ['synthetic', 'cifar10'] as const;
export type DataName = (typeof DATA)[number];

export interface Plan {
  readonly data: DataName;
  readonly set: Offered;
  /** Names of the set's scenarios, in its order; at least one. */
  readonly scenarios: readonly string[];
  readonly seeds: readonly number[];
  readonly epochs: number;
  readonly trainSize: number;
  readonly testSize: number;
  readonly batchSize: number;
}

/** The numbers of a plan that a reader may type, from the least to the most. */
export const BOUNDS = {
  epochs: [1, 50],
  trainSize: [32, 50_000],
  testSize: [20, 10_000],
  batchSize: [8, 512],
} as const satisfies Partial<Record<keyof Plan, readonly [number, number]>>;

export type Sized = keyof typeof BOUNDS;

/** Seeds of one study. */
export const MOST_SEEDS = 10;

export interface Preset extends Plan {
  readonly title: string;
}

export const everyName = (set: Offered): string[] => SETS[set].map(({ name }) => name);
const sizes = { data: 'synthetic', set: 'tricks', seeds: [0], batchSize: 64 } as const;

/** `quick` is that of `npm run example:cifar`. */
export const PRESETS = {
  look: {
    ...sizes,
    title: 'First look',
    scenarios: ['baseline', 'norm_inputs', 'lr_schedule'],
    epochs: 6,
    trainSize: 768,
    testSize: 250,
    batchSize: 32,
  },
  quick: {
    ...sizes,
    title: 'Short study',
    scenarios: everyName('tricks'),
    epochs: 4,
    trainSize: 31 * 64,
    testSize: 2000,
  },
  long: {
    ...sizes,
    title: 'Long study',
    scenarios: everyName('tricks'),
    epochs: 5,
    trainSize: 10_000,
    testSize: 2000,
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

/** Steps of one epoch. */
export const stepsIn = ({ trainSize, batchSize }: Pick<Plan, 'trainSize' | 'batchSize'>): number =>
  Math.ceil(trainSize / batchSize);

/** The preset that a plan is, if it is one, whatever it is trained on. */
export function presetOf(plan: Plan): PresetName | null {
  const text = toLink({ ...plan, data: 'synthetic' });
  return PRESET_NAMES.find((name) => toLink(PRESETS[name]) === text) ?? null;
}

/** The fragment of a link that opens the page with this plan. */
export function toLink({ data, set, scenarios, seeds, epochs, trainSize, testSize, batchSize }: Plan): string {
  const all = scenarios.length === SETS[set].length;
  const fields = {
    ...(data === 'synthetic' ? {} : { data }),
    ...(set === 'tricks' ? {} : { set }),
    ...(all ? {} : { scenarios: scenarios.join() }),
    seeds: seeds.join(),
    epochs,
    train: trainSize,
    test: testSize,
    batch: batchSize,
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

const within = (text: string | null, [least, most]: readonly [number, number], otherwise: number): number => {
  const value = text === null ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value >= least && value <= most ? value : otherwise;
};

/** The plan of a link. What a link lacks, or what cannot be, is taken from the first preset. */
export function fromLink(fragment: string): Plan {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  if ([...given.keys()].length === 0) return plain(PRESETS.look);
  const asked = given.get('set');
  const set = asked !== null && Object.hasOwn(OFFERED, asked) ? (asked as Offered) : 'tricks';
  const wanted = given.get('scenarios')?.split(',');
  const scenarios = everyName(set).filter((name) => !wanted || wanted.includes(name));
  const { epochs, trainSize, testSize, batchSize } = PRESETS.look;
  return {
    data: DATA.find((name) => name === given.get('data')) ?? 'synthetic',
    set,
    scenarios: scenarios.length > 0 ? scenarios : everyName(set),
    seeds: seedsOf(given.get('seeds') ?? '') ?? [0],
    epochs: within(given.get('epochs'), BOUNDS.epochs, epochs),
    trainSize: within(given.get('train'), BOUNDS.trainSize, trainSize),
    testSize: within(given.get('test'), BOUNDS.testSize, testSize),
    batchSize: within(given.get('batch'), BOUNDS.batchSize, batchSize),
  };
}

/** Seeds as typed, `0, 1, 2`; null where one is none, or there are too many. */
export function seedsOf(text: string): number[] | null {
  const parts = text.split(',').map((part) => part.trim());
  if (!parts.every((part) => /^\d{1,9}$/.test(part))) return null;
  const seeds = [...new Set(parts.map(Number))];
  return seeds.length > MOST_SEEDS ? null : seeds;
}

/** A preset without its title. */
export function plain({ data, set, scenarios, seeds, epochs, trainSize, testSize, batchSize }: Plan): Plan {
  return { data, set, scenarios, seeds, epochs, trainSize, testSize, batchSize };
}
