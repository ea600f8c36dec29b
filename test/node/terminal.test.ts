/** Training in a terminal: what it says, and the file that it leaves. What it trains, `test/gpu/train*` holds. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adapter, type Tensor } from 'kindling';
import { readSafetensors, writeSafetensors } from 'kindling/io';
import { BatchNorm1d } from 'kindling/nn';
import { lrScheduler } from 'kindling/optim';
import { afterAll, describe, expect, it } from 'vitest';
import { trainInTerminal } from '../../examples/shared/terminal.js';
import { eventsIn } from '../support/eventFiles.js';
import { takeDevice } from '../support/losses.js';
import { BATCHES, bitsOf, parts, shuffledRows } from '../support/parts.js';

const folder = mkdtempSync(join(tmpdir(), 'kindling-terminal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const EPOCHS = 3;
const STEPS = EPOCHS * BATCHES;

interface Attempt {
  readonly name: string;
  readonly resume?: boolean;
  /** The step whose loss is known when Ctrl-C comes. */
  readonly stopAt?: number;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly lr?: number;
  /** The step whose loss is known when the device goes. */
  readonly lostAt?: number;
  /** The step after which a running statistic is NaN. */
  readonly spoilt?: number;
  readonly log?: string;
}

async function attempt({ name, resume = false, stopAt, settings = { seed: 0 }, lr, spoilt, lostAt, log }: Attempt) {
  const { model, optimizer, train } = parts();
  if (lr !== undefined) for (const group of optimizer.paramGroups) group.lr = lr;
  const written: string[] = [];
  const controller = new AbortController();
  let [announce, made] = [(): void => {}, 0];
  const stop = {
    signal: controller.signal,
    arm(said: () => void) {
      announce = said;
    },
    disarm() {},
  };
  const checkpoint = join(folder, name);
  const body = (x: Tensor, y: Tensor): Tensor => {
    const loss = train(x, y);
    const norm = [...model].find((layer) => layer instanceof BatchNorm1d);
    if (++made === spoilt) norm?.runningMean?.copy_(new Float32Array(8).fill(Number.NaN));
    return loss;
  };
  let losses = lostAt === undefined ? 0 : 1;
  const shown = {
    label: 'test',
    run: { checkpoint, resume, resumeCommand: 'again', log },
    batchSize: 4,
    prefix: 'made · ',
    stream: { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream,
    stop,
    says(event: { readonly type: string; readonly step: number }) {
      if (event.type === 'step' && event.step === lostAt && losses-- > 0) takeDevice();
      if (event.type === 'step' && event.step === stopAt) {
        announce();
        controller.abort();
      }
      return event.type === 'epoch' ? `after ${event.step}` : undefined;
    },
  };
  const scheduler = new lrScheduler.ExponentialLR(optimizer, { gamma: 0.7 });
  const outcome = await trainInTerminal(body, shuffledRows(), shown, {
    ...{ epochs: EPOCHS, model, optimizer, scheduler, settings },
  });
  return { ...outcome, seconds: 0, written, bits: await bitsOf(model) };
}

describe('trainInTerminal', () => {
  it('says where it stops and how to go on, and ends with the same losses and weights', async () => {
    const whole = await attempt({ name: 'whole' });
    expect(whole).toMatchObject({ finished: true, steps: STEPS });
    expect(new Set(whole.losses).size).toBe(STEPS);
    expect(whole.written.filter((line) => line.includes('after'))).toEqual(
      [6, 12, 18].map((n) => `made · after ${n}\n`),
    );
    expect(existsSync(join(folder, 'whole'))).toBe(true);
    // After the last step there is nothing under way but what follows it.
    for (const [stopAt, stopped] of [
      [2, 4],
      [BATCHES, BATCHES],
      [STEPS, STEPS],
    ] as const) {
      const name = `stopped-${stopAt}`;
      const first = await attempt({ name, stopAt });
      expect(first).toMatchObject({ finished: false, losses: whole.losses.slice(0, stopped) });
      expect(first.written.slice(-2)).toEqual([
        'made · Stopping after this step; once more stops at once, losing those since the last checkpoint.\n',
        `made · Stopped and saved after step ${stopped}. Go on with: again\n`,
      ]);
      const second = await attempt({ name, resume: true });
      expect(second.written[0]).toBe(`made · Going on after step ${stopped} of ${STEPS}.\n`);
      expect({ ...second, written: 0 }).toEqual({ ...whole, written: 0 });
    }
  });

  it('goes on on another device where one is lost', async () => {
    const whole = await attempt({ name: 'undisturbed' });
    const { written, ...disturbed } = await attempt({ name: 'disturbed', lostAt: 5 });
    expect({ ...disturbed, written: 0 }).toEqual({ ...whole, written: 0 });
    expect(written.join('')).toMatch(
      /NOTE: the device was lost after step [56]: .*\n.*Going on after step 0 of 18, on /,
    );
  });

  it('begins anew where nothing was saved yet', async () => {
    expect(await attempt({ name: 'none', resume: true })).toMatchObject({ finished: true, steps: STEPS });
  });

  it('names the file that is of other settings or damaged', async () => {
    const checkpoint = join(folder, 'other');
    await attempt({ name: 'other', stopAt: 2 });
    await expect(attempt({ name: 'other', resume: true, settings: { seed: 1, data: 'x' } })).rejects.toThrow(
      `${checkpoint}: loadCheckpoint: the checkpoint is of a run with other settings or data: seed was 0, is 1`,
    );
    const bytes = readFileSync(checkpoint);
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
    writeFileSync(checkpoint, bytes);
    await expect(attempt({ name: 'other', resume: true })).rejects.toThrow(
      `${checkpoint}: readCheckpoint: the checkpoint is damaged`,
    );
  });

  it('logs every step once, stopped and resumed, beside the same losses', async () => {
    const log = join(folder, 'log');
    const whole = await attempt({ name: 'unlogged' });
    const first = await attempt({ name: 'logged', stopAt: 3, log });
    const second = await attempt({ name: 'logged', resume: true, log });
    expect([first.finished, second.losses, second.bits]).toEqual([false, whole.losses, whole.bits]);
    const rows = readFileSync(join(log, 'scalars.csv'), 'utf8').trim().split('\n').slice(1);
    const losses = rows.map((row) => row.split(',')).filter(([, , tag]) => tag === 'train/loss');
    expect(losses.map(([step, , , loss]) => [Number(step), Number(loss)])).toEqual(
      whole.losses.map((x, i) => [i + 1, x]),
    );
    const board = readdirSync(log).filter((name) => name.includes('tfevents'));
    expect(board).toHaveLength(2);
    const events = board.flatMap((name) => eventsIn(readFileSync(join(log, name))));
    expect(events.filter(({ tag }) => tag === 'train/samples_per_second').length).toBeGreaterThan(STEPS - 6);
    expect(events.filter(({ tag }) => tag === 'epoch/loss').map(({ step }) => step)).toEqual([6, 12, 18]);
    const lines = readFileSync(join(log, 'log.jsonl'), 'utf8').trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'hparams', hparams: { seed: 0 } });
  });

  it('refuses a file that it could not write, before anything is trained', async () => {
    await expect(attempt({ name: 'no/folder' })).rejects.toThrow(/^trainModel: .*no\/folder cannot be written/);
  });

  it('says where it goes on with the run of another adapter', async () => {
    const checkpoint = join(folder, 'adapter');
    await attempt({ name: 'adapter', stopAt: 2 });
    const here = adapter().description;
    const there = 'x'.repeat(here.length);
    const { tensors, metadata } = readSafetensors(readFileSync(checkpoint));
    const state = metadata.state?.replace(here, there) ?? '';
    // As a file without a checksum.
    writeFileSync(checkpoint, writeSafetensors(tensors, { format: 'kindling checkpoint 1', state }));
    const { written } = await attempt({ name: 'adapter', resume: true });
    expect(written[1]).toBe(`made · NOTE: the run was begun on ${there}; another adapter rounds differently.\n`);
    expect((await attempt({ name: 'same' })).written.join()).not.toContain('NOTE');
  });

  it('says which checkpoint is left of a run that diverged', async () => {
    await expect(attempt({ name: 'dead', lr: 1e38 })).rejects.toThrow(
      /^test: diverged: the loss of step \d+ is (NaN|Infinity).*\. No checkpoint was written/,
    );
    expect(existsSync(join(folder, 'dead'))).toBe(false);
    const checkpoint = join(folder, 'good');
    await attempt({ name: 'good', stopAt: 2 });
    const good = readFileSync(checkpoint);
    await expect(attempt({ name: 'good', resume: true, spoilt: 3 })).rejects.toThrow(
      'test: diverged: in one of the steps 5 to 10 1.running_mean became NaN or infinite (the first in the ' +
        `model's order). The checkpoint of step 4 stays as it was: ${checkpoint}`,
    );
    expect(readFileSync(checkpoint).equals(good)).toBe(true);
  });
});
