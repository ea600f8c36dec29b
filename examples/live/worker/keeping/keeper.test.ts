import { beforeEach, expect, it } from 'vitest';
import { fromLink } from '../../shared/plan.js';
import type { News } from '../../shared/protocol.js';
import type { Files } from './files.js';
import { Keeper } from './keeper.js';
import { thinned } from './manifest.js';

const PLAN = fromLink('#scenarios=baseline,norm_inputs');
const ID = { scenario: 'baseline', seed: 0 };
const BEGIN: News = { type: 'begin', ...ID, stepsPerEpoch: 2 };

/** A folder that forgets nothing until it is told to, and whose writes can fail. */
const content = new Map<string, Uint8Array<ArrayBuffer>>();
let isFull = false;
const files: Files = {
  read: async (name) => content.get(name) ?? null,
  async write(name, bytes) {
    if (isFull) throw new Error('the disk is full');
    content.set(name, bytes);
  },
  list: async () => new Map([...content].map(([name, { length }]) => [name, length])),
  remove: async (name) => void content.delete(name),
};
const told: News[] = [];

beforeEach(() => {
  content.clear();
  told.length = 0;
  isFull = false;
});

async function opened(): Promise<Keeper> {
  const keeper = new Keeper(
    (news) => told.push(news),
    async () => files,
  );
  await keeper.open();
  return keeper;
}

const steps = (first: number, ...losses: number[]): News => ({
  type: 'steps',
  first,
  losses,
  rates: losses.map(() => 1e-3),
  seconds: losses.map((_, i) => first + i),
});
const evaluated = (epoch: number): News => ({
  type: 'evaluated',
  epoch,
  predictions: Uint8Array.of(1, 2),
  probabilities: Float32Array.of(0.5),
});

/** Two epochs and a step more, a checkpoint after each. */
async function trained(): Promise<Keeper> {
  const keeper = await opened();
  await keeper.begin(PLAN);
  keeper.hear(BEGIN);
  keeper.hear(steps(1, 5, 4));
  await keeper.save(Uint8Array.of(2));
  keeper.hear(evaluated(1));
  keeper.hear(steps(3, 3));
  keeper.hear(steps(4, 2));
  await keeper.save(Uint8Array.of(4));
  keeper.hear(evaluated(2));
  keeper.hear(steps(5, 1));
  await keeper.save(Uint8Array.of(5));
  return keeper;
}

it('tells a page that comes after what was told until the last checkpoint', async () => {
  const keeper = await trained();
  keeper.hear(steps(6, 0.5));
  const next = await opened();
  const joined = steps(1, 5, 4, 3, 2, 1);
  const kept = told.find(({ type }) => type === 'kept');
  expect(kept).toEqual({ type: 'kept', plan: PLAN, damaged: '', told: [BEGIN, joined, evaluated(1), evaluated(2)] });
  const found = { ended: null, resume: Uint8Array.of(5), made: { steps: 5, evaluations: 2 }, seconds: 5 };
  expect(await next.find(ID)).toEqual(found);
  expect(await next.find({ scenario: 'baseline', seed: 1 })).toBeNull();
});

it('shows what was found at the end of an epoch, and finds it again where it goes on', async () => {
  const keeper = await opened();
  await keeper.begin(PLAN);
  keeper.hear(BEGIN);
  keeper.hear(steps(1, 5, 4));
  await keeper.save(Uint8Array.of(2));
  keeper.hear(evaluated(1));
  await keeper.find(ID);
  const next = await opened();
  expect(told.find(({ type }) => type === 'kept')).toMatchObject({ told: [BEGIN, {}, evaluated(1)] });
  expect(await next.find(ID)).toMatchObject({ made: { steps: 2, evaluations: 0 } });
});

it('goes on from the checkpoint before, where the last one is damaged', async () => {
  await trained();
  const last = [...content.keys()].filter((name) => name.startsWith('checkpoint')).at(-1) as string;
  content.get(last)?.fill(7, 20, 40);
  // What was evaluated behind the checkpoint is to be evaluated again.
  const made = { steps: 4, evaluations: 1 };
  expect(await (await opened()).find(ID)).toEqual({ ended: null, resume: Uint8Array.of(4), made, seconds: 4 });
  expect(told.at(-1)).toMatchObject({ trouble: 'the checkpoint at step 5 cannot be read: it is damaged' });
});

it('keeps a run from where it goes on', async () => {
  await trained();
  const keeper = await opened();
  const { made } = (await keeper.find(ID)) as { made: { steps: number; evaluations: number } };
  keeper.hear({ ...BEGIN, made } as News);
  keeper.hear(steps(6, 0.5));
  await keeper.save(Uint8Array.of(6));
  expect(await (await opened()).find(ID)).toMatchObject({ resume: Uint8Array.of(6), made: { steps: 6 } });
});

it('has weights of ended runs, and no more files than are named', async () => {
  const keeper = await trained();
  const weights = Uint8Array.of(9, 9);
  keeper.hear({ type: 'end', result: { microF1: 0.5 } as never, weights });
  await keeper.find(ID);
  expect((await (await opened()).find(ID))?.ended).toEqual({ weights });
  // The test pictures were never told.
  expect([...content.keys()].map((name) => name.split('-')[0]).sort()).toEqual([
    'checkpoint',
    'checkpoint',
    'checkpoint',
    'study',
    'told',
  ]);
  await keeper.forget();
  expect([...content.keys()]).toEqual([]);
});

it('leaves what was kept until something newer is', async () => {
  const keeper = await trained();
  const before = [...content.keys()];
  await keeper.begin(PLAN);
  keeper.hear(BEGIN);
  expect([...content.keys()]).toEqual(before);
  keeper.hear(steps(1, 9));
  await keeper.save(Uint8Array.of(1));
  expect([...content.keys()].filter((name) => before.includes(name))).toEqual(['study']);
});

it('trains on where nothing can be written, and says so', async () => {
  const keeper = await trained();
  isFull = true;
  keeper.hear(steps(6, 0.5));
  await keeper.save(Uint8Array.of(6));
  expect(told.at(-1)).toMatchObject({ type: 'keeping', isKept: false, trouble: 'the disk is full' });
  await keeper.save(Uint8Array.of(7));
  isFull = false;
  expect(await (await opened()).find(ID)).toMatchObject({ made: { steps: 5 } });
});

it('says why there is no folder', async () => {
  const keeper = new Keeper(
    (news) => told.push(news),
    () => Promise.reject(new Error('another tab has it')),
  );
  await keeper.open();
  await keeper.begin(PLAN);
  keeper.hear(BEGIN);
  await keeper.save(Uint8Array.of(1));
  expect(told.at(-1)).toEqual({ type: 'keeping', bytes: 0, isKept: false, trouble: 'another tab has it' });
});

it('says what is damaged, and shows the rest', async () => {
  await trained();
  content.get('study')?.fill(7, 20, 40);
  await opened();
  const [kept] = told.filter(({ type }) => type === 'kept');
  expect(kept).toMatchObject({ plan: null, told: [], damaged: 'the study that was kept here: it is damaged' });
});

it('keeps ends of epochs, fewer of many, and the last', () => {
  const all = Array.from({ length: 100 }, (_, i) => ({ steps: i + 1, evaluations: 0, file: `${i + 1}` }));
  const kept = thinned(all, 4).map(({ steps: made }) => made);
  expect(kept.length).toBeLessThanOrEqual(13);
  expect(kept.at(-1)).toBe(100);
  expect(kept.every((made) => made % 4 === 0)).toBe(true);
});
