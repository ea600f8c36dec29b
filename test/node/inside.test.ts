/** Looking inside the live study's network: what is seen is so, and the run that is looked at knows nothing of it. */
import { manualSeed, noGrad, randn, randomState, stats, step, type Tensor, tensor } from 'kindling';
import { Normalize, synthetic } from 'kindling/data';
import { expect, test } from 'vitest';
import { Net } from '../../examples/cifar/network.js';
import { pick, type Scenario, type SetName } from '../../examples/cifar/scenarios.js';
import { trainRun } from '../../examples/cifar/train.js';
import type { InsideNews, Look, Subject } from '../../examples/live/shared/inside.js';
import { initialWeights } from '../../examples/live/worker/inside/initial.js';
import { Inside } from '../../examples/live/worker/inside/inside.js';
import { keptIn, masksOf } from '../../examples/live/worker/inside/masks.js';
import { lookInside } from '../../examples/live/worker/inside/read.js';
import { walk } from '../../examples/live/worker/inside/walk.js';
import type { Watched } from '../../examples/live/worker/inside/watched.js';

const SEED = 3;
const OWN: Subject = { kind: 'own', pixels: Uint8Array.from({ length: 3072 }, (_, i) => (i * 37) % 256) };
const FIRST: Subject = { kind: 'picture', index: 0 };
const data = {
  train: synthetic({ split: 'train', count: 48 }),
  test: synthetic({ split: 'test', count: 20 }),
};

function scenarioOf(name: string, set: SetName = 'tricks'): Scenario {
  const [scenario] = pick(set, [name]);
  if (!scenario) throw new Error(`there is no ${name}`);
  return scenario;
}

/** A network that nobody trains, as a run that has made `steps`. */
function idle(scenario: Scenario, steps = 0): Watched {
  manualSeed(SEED);
  const model = new Net(scenario);
  return {
    model,
    transform: scenario.normalise ? new Normalize([0.4, 0.5, 0.6], [0.2, 0.3, 0.25]) : undefined,
    stepsMade: () => steps,
    scenario,
    seed: SEED,
    images: data.test.images,
  };
}

/** Losses and weights of six steps, with whatever is done after each, and in between. */
async function trained(scenario: Scenario, look?: (run: Watched) => Promise<unknown>) {
  const losses: number[] = [];
  let run: Watched | null = null;
  const begun = async (): Promise<void> => {
    if (run) await look?.(run);
  };
  const outcome = await trainRun({ scenario, seed: SEED, epochs: 2, batchSize: 16 }, data, {
    onBegin(live) {
      run = { ...live, scenario, seed: SEED, images: data.test.images };
    },
    async onStep({ loss }) {
      losses.push(loss);
      await begun();
      return false;
    },
    onEvaluate: begun,
  });
  if (outcome.stopped || 'diverged' in outcome) throw new Error('it did not end');
  return { losses, weights: outcome.weights, run: run as Watched | null };
}

test('a run trains to the same bits, whoever looks', async () => {
  const scenario = { ...scenarioOf('dropout_both'), kaiming: true };
  const plain = await trained(scenario);
  const news: InsideNews[] = [];
  let current: Watched | null = null;
  const inside = new Inside(
    (one) => news.push(one),
    () => current,
  );
  const seen: Look[] = [];
  let state = randomState();
  const watched = await trained(scenario, async (run) => {
    current = run;
    // The timer looks too, whenever it wants.
    inside.hear({ type: 'watch', watch: 'seen' });
    inside.hear({ type: 'subject', subject: seen.length % 2 === 0 ? OWN : FIRST });
    state = randomState();
    seen.push(await lookInside(run, OWN, true));
    await inside.evaluated();
    expect(randomState()).toEqual(state);
  });
  inside.hear({ type: 'watch', watch: 'closed' });
  expect(watched.losses).toHaveLength(6);
  expect(watched.losses).toEqual(plain.losses);
  expect(Buffer.compare(watched.weights, plain.weights)).toBe(0);
  expect(news.filter(({ type }) => type === 'blind')).toEqual([]);
  expect(news.filter(({ type }) => type === 'look').length).toBeGreaterThan(2);
  expect(news.filter(({ type }) => type === 'initial')).toHaveLength(1);
  expect(seen.every(({ filters }) => filters.grad?.some((value) => value !== 0))).toBe(true);
  expect(seen.map((look) => look.step)).toEqual([3, 3, 3, 3, 6, 6, 6, 6]);
  // And after its end.
  const last = watched.run && (await lookInside(watched.run, FIRST, true));
  expect(last?.step).toBe(6);
  expect(last?.filters.weight).toEqual(await watched.run?.model.conv1.weight.data());
});

test('what is seen on the way is what the model computes, with another activation and a convolution less', async () => {
  const run = idle({ ...scenarioOf('tanh', 'lecun'), thirdConv: false });
  const { model, scenario } = run;
  const x = randn([5, 3, 32, 32]);
  const expected = await noGrad(() => model.eval()(x).exp()).data();
  model.train();
  const passed = step(() => noGrad(() => walk(scenario, model, x)));
  const found = await passed.at(-1)?.value.data();
  expect(found).toHaveLength(50);
  for (const [i, value] of expected.entries()) expect(found?.[i]).toBeCloseTo(value, 6);
  const conv1 = noGrad(() => model.conv1(x));
  const activated = await conv1.tanh().data();
  expect(await passed[1]?.value.data()).toEqual(activated);
});

test("the reader's own picture gets the probabilities that the model has for it", async () => {
  const run = idle(scenarioOf('norm_inputs'));
  if (!run.transform) throw new Error('its inputs are normalised');
  const values = Float32Array.from(OWN.kind === 'own' ? OWN.pixels : [], (byte) => byte / 255);
  run.transform.apply(values, [3, 32, 32]);
  const x = tensor(values, { shape: [1, 3, 32, 32] });
  const expected = await noGrad(() => run.model.eval()(x).exp()).data();
  const look = await lookInside(run, OWN, true);
  for (const [i, value] of expected.entries()) expect(look.probabilities[i]).toBeCloseTo(value, 5);
  expect(look.layers.map(({ name, shape }) => [name, ...shape].join())).toEqual([
    'picture,3,32,32',
    'conv1,32,30,30',
    'pool1,32,15,15',
    'conv2,64,13,13',
    'pool2,64,6,6',
    'conv3,64,4,4',
    'fc1,64',
    'fc2,10',
  ]);
  expect(look.filters.weight).toEqual(await run.model.conv1.weight.data());
  const counted = look.distributions?.map(({ kind, name, histogram }) => `${kind} ${name} ${histogram.num}`);
  expect(counted).toContain('weights conv3.weight 36864');
  expect(counted).toContain(`activations conv1 ${4 * 32 * 30 * 30}`);
  expect(look.masks).toEqual([]);
});

test('masks are those that a step drew', async () => {
  const scenario = scenarioOf('dropout_both');
  const { model } = idle(scenario);
  model.dropoutConv.forward = seeing(model.dropoutConv.forward.bind(model.dropoutConv));
  model.dropoutDense.forward = seeing(model.dropoutDense.forward.bind(model.dropoutDense));
  let seen: { before: Tensor; after: Tensor }[] = [];
  function seeing(forward: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
    return (before) => {
      const after = forward(before);
      seen.push({ before, after });
      return after;
    };
  }
  const x = randn([2, 3, 32, 32]);
  for (let number = 1; number <= 3; number++) {
    seen = [];
    step(() => {
      model(x);
      return seen;
    });
    const masks = masksOf(scenario, SEED, number);
    expect(masks.map(({ name }) => name)).toEqual(['conv1', 'conv2', 'conv3', 'fc1']);
    for (const [i, { name, value }] of masks.entries()) {
      const { kept } = keptIn(name, (await value.data()) as Float32Array);
      const [before, after] = [await seen[i]?.before.data(), await seen[i]?.after.data()];
      if (!before || !after) throw new Error(`${name}: there was no dropout`);
      const size = after.length / 2 / kept.length;
      expect(kept.some((one) => one === 0)).toBe(true);
      for (const [channel, one] of kept.entries()) {
        const own = [...after.subarray(channel * size, (channel + 1) * size)];
        const given = [...before.subarray(channel * size, (channel + 1) * size)];
        // What was zero before says nothing.
        if (given.some((element) => element > 0)) expect(own.some((element) => element > 0)).toBe(one === 1);
      }
    }
  }
});

test('initial weights of an init_weights run are those that it begins with, and lie wider than the default', async () => {
  const scenario = scenarioOf('init_weights');
  const { model } = idle(scenario);
  const { layers } = await initialWeights(scenario, SEED);
  expect(layers.map(({ name }) => name)).toEqual(
    ['conv1', 'conv2', 'conv3', 'fc1', 'fc2'].map((name) => `${name}.weight`),
  );
  const weight = [...(await model.conv2.weight.data())];
  expect(layers[1]?.kaiming).toMatchObject({ num: weight.length, min: Math.min(...weight), max: Math.max(...weight) });
  for (const { byDefault, kaiming } of layers) expect(kaiming.max).toBeGreaterThan(2 * byDefault.max);
});

test('memory stays as it is over many looks', async () => {
  const run = idle(scenarioOf('dropout_both'), 3);
  const looks = async (count: number): Promise<{ buffers: number; bytes: number }> => {
    for (let i = 0; i < count; i++) await lookInside(run, i % 2 === 0 ? OWN : FIRST, i % 3 === 0);
    const { buffers, bytes } = stats();
    return { buffers, bytes };
  };
  const before = await looks(6);
  expect(await looks(30)).toEqual(before);
});

test('nothing is asked of the device while it is closed, nor where nothing has changed', async () => {
  const run = idle(scenarioOf('baseline'), 3);
  const news: InsideNews[] = [];
  const inside = new Inside(
    (one) => news.push(one),
    () => run,
  );
  const asked = (): unknown => {
    const { dispatches, submits, writes } = stats();
    return { dispatches, submits, writes };
  };
  const before = asked();
  inside.hear({ type: 'subject', subject: OWN });
  await inside.evaluated();
  expect(asked()).toEqual(before);
  inside.hear({ type: 'watch', watch: 'open' });
  await inside.evaluated();
  expect(news.map(({ type }) => type)).toEqual(['look']);
  inside.hear({ type: 'watch', watch: 'seen' });
  const after = asked();
  await new Promise((resolve) => setTimeout(resolve, 700));
  inside.hear({ type: 'watch', watch: 'closed' });
  expect(asked()).toEqual(after);
  expect(news).toHaveLength(1);
});
