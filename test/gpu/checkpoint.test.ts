/** Checkpoints: a resumed run repeats an uninterrupted one bit for bit; one that does not fit changes nothing. */
import { manualSeed, randn, randomState, step, type Tensor, tensor } from 'kindling';
import { loadCheckpoint, readCheckpoint, saveCheckpoint, saveSafetensors, writeSafetensors } from 'kindling/io';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { Adam, ExponentialLR, SGD } from 'kindling/optim';
import { beforeAll, describe, expect, it } from 'vitest';

class Mlp extends nn.Module {
  fc1 = new nn.Linear(6, 16);
  dropout = new nn.Dropout(0.3);
  fc2: nn.Linear;

  constructor(classes = 4) {
    super();
    this.fc2 = new nn.Linear(16, classes);
  }

  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.dropout.forward(this.fc1.forward(x).relu()));
  }
}

let x: Tensor;
let y: Tensor;
beforeAll(() => {
  manualSeed(3);
  x = randn([8, 6]);
  y = tensor([0, 1, 2, 3, 3, 2, 1, 0], { dtype: 'i32' });
});

/** A run's objects, made as at its start. */
function fresh(seed: number) {
  manualSeed(seed);
  const model = new Mlp();
  const optimizer = new Adam(model.parameters(), { lr: 0.05, weightDecay: 1e-3, amsgrad: true });
  const scheduler = new ExponentialLR(optimizer, { gamma: 0.7 });
  const loader = {
    state: { epoch: 0, batch: 0 },
    setEpoch(epoch: number, batch: number): void {
      this.state = { epoch, batch };
    },
  };
  return { model, optimizer, scheduler, loader };
}

type Run = ReturnType<typeof fresh>;

/** Trains, and returns the losses. */
async function train({ model, optimizer, scheduler, loader }: Run, steps: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const loss = step(() => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    });
    losses.push(await loss.item());
    loader.setEpoch(0, loader.state.batch + 1);
    if (i % 2 === 1) scheduler.step();
  }
  return losses;
}

/** The whole state of a run as bytes. */
const bytesOf = (run: Run): Promise<Uint8Array> => saveCheckpoint(run);

describe('a run', () => {
  it('goes on from a checkpoint with the same bits', async () => {
    const whole = fresh(7);
    const losses = await train(whole, 6);
    const first = fresh(7);
    const begun = await train(first, 4);
    const checkpoint = await saveCheckpoint({ ...first, user: { losses: begun, note: Number.NaN, zero: -0 } });
    const second = fresh(99);
    await train(second, 1);
    const { user } = loadCheckpoint<{ losses: number[]; note: number; zero: number }>(checkpoint, second);
    expect(user).toEqual({ losses: begun, note: Number.NaN, zero: -0 });
    expect(second.loader.state).toEqual({ epoch: 0, batch: 4 });
    expect([...user.losses, ...(await train(second, 2))]).toEqual(losses);
    expect(await bytesOf(second)).toEqual(await bytesOf(whole));
  });

  it('is saved as it is at the call, whatever follows', async () => {
    const run = fresh(5);
    await train(run, 1);
    const now = saveCheckpoint(run);
    const state = randomState();
    const then = await train(run, 1).then(() => bytesOf(run));
    const saved = readCheckpoint(await now);
    expect(saved.random).toEqual(state);
    expect(await now).not.toEqual(then);
    loadCheckpoint(await now, run);
    expect(await bytesOf(run)).toEqual(await now);
  });
});

describe('a checkpoint that does not fit', () => {
  it.each<[string, (run: Run) => Parameters<typeof loadCheckpoint>[1], RegExp]>([
    ['the model', ({ optimizer }) => ({ model: new Mlp(5), optimizer }), /fc2.weight is \[4, 16\], not \[5, 16\]/],
    ['the optimizer', (run) => ({ ...run, optimizer: new SGD([x], { lr: 1 }) }), /SGD: group 0 .* 4 parameters, not 1/],
    [
      'the scheduler',
      (run) => ({
        ...run,
        scheduler: {
          stateDict: () => ({}),
          loadStateDict: () => {
            throw new Error('no such state');
          },
        },
      }),
      /no such state/,
    ],
  ])('%s is refused, and nothing changes', async (_, into, message) => {
    const other = fresh(2);
    await train(other, 3);
    const checkpoint = await saveCheckpoint(other);
    const run = fresh(1);
    await train(run, 2);
    const objects = into(run);
    const before = await bytesOf(run);
    expect(() => loadCheckpoint(checkpoint, objects)).toThrow(message);
    expect(await bytesOf(run)).toEqual(before);
  });

  it('is named: parts that are missing, files of another kind, damage', async () => {
    const run = fresh(1);
    const { model } = run;
    const partial = await saveCheckpoint({ model });
    const before = run.scheduler.stateDict();
    expect(() => loadCheckpoint(partial, run)).toThrow('loadCheckpoint: the checkpoint holds no optimizer');
    expect(run.scheduler.stateDict()).toEqual(before);
    expect(loadCheckpoint(partial, { model }).user).toBeUndefined();
    const weights = await saveSafetensors(model.stateDict());
    expect(() => loadCheckpoint(weights, { model })).toThrow(/not a checkpoint/);
    const damaged = writeSafetensors({}, { format: 'kindling checkpoint 1', state: '{"user":' });
    expect(() => loadCheckpoint(damaged, { model })).toThrow(/damaged/);
    expect(() => loadCheckpoint(partial.subarray(0, 200), { model })).toThrow(/safetensors/);
  });
});
