import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { LRScheduler, ScheduledOptimizer, Scheduler } from './index.js';
import * as lrScheduler from './index.js';

const optimizer = (...lrs: number[]): ScheduledOptimizer => ({ paramGroups: lrs.map((lr) => ({ lr, momentum: 0.9 })) });
const lrOf = (o: ScheduledOptimizer): number => o.paramGroups[0]?.lr ?? Number.NaN;

/** The rate at construction and after each step. */
function sequence(
  make: (o: ScheduledOptimizer) => Scheduler,
  steps: number,
  lr = 0.1,
  metrics: number[] = [],
): number[] {
  const o = optimizer(lr);
  const scheduler = make(o);
  const rates = [lrOf(o)];
  for (let i = 0; i < steps; i++) {
    scheduler.step(metrics[i]);
    rates.push(lrOf(o));
  }
  return rates;
}

function near(got: readonly number[], want: readonly number[]): void {
  expect(got).toHaveLength(want.length);
  got.forEach((lr, i) => {
    expect(Math.abs(lr - (want[i] ?? Number.NaN)), `step ${i}: ${lr}, not ${want[i]}`).toBeLessThanOrEqual(
      1e-7 * Math.abs(want[i] ?? 0) + 1e-18,
    );
  });
}

const { ExponentialLR, StepLR, MultiStepLR, CosineAnnealingLR, LinearLR, LambdaLR, ReduceLROnPlateau } = lrScheduler;
const { ConstantLR, PolynomialLR, CosineAnnealingWarmRestarts, SequentialLR } = lrScheduler;

// Expected rates by hand, from the closed forms, starting at 0.1.
describe('rates', () => {
  it.each<[string, (o: ScheduledOptimizer) => Scheduler, number[]]>([
    ['ExponentialLR', (o) => new ExponentialLR(o, { gamma: 0.5 }), [0.1, 0.05, 0.025, 0.0125]],
    ['StepLR', (o) => new StepLR(o, { stepSize: 2, gamma: 0.5 }), [0.1, 0.1, 0.05, 0.05, 0.025]],
    ['StepLR defaults', (o) => new StepLR(o, { stepSize: 1 }), [0.1, 0.01, 0.001]],
    ['MultiStepLR', (o) => new MultiStepLR(o, { milestones: [1, 3, 3] }), [0.1, 0.01, 0.01, 0.0001]],
    ['CosineAnnealingLR', (o) => new CosineAnnealingLR(o, { tMax: 2 }), [0.1, 0.05, 0, 0.05, 0.1, 0.05]],
    ['CosineAnnealingLR etaMin', (o) => new CosineAnnealingLR(o, { tMax: 1, etaMin: 0.02 }), [0.1, 0.02, 0.1, 0.02]],
    ['LinearLR', (o) => new LinearLR(o, { startFactor: 0.5, totalIters: 2 }), [0.05, 0.075, 0.1, 0.1]],
    ['LinearLR down', (o) => new LinearLR(o, { startFactor: 1, endFactor: 0, totalIters: 2 }), [0.1, 0.05, 0, 0]],
    ['LambdaLR', (o) => new LambdaLR(o, { lrLambda: (e) => 1 / (1 + e) }), [0.1, 0.05, 0.1 / 3]],
    ['ConstantLR', (o) => new ConstantLR(o, { factor: 0.5, totalIters: 2 }), [0.05, 0.05, 0.1, 0.1]],
    ['PolynomialLR', (o) => new PolynomialLR(o, { totalIters: 2, power: 2 }), [0.1, 0.025, 0, 0]],
    [
      'CosineAnnealingWarmRestarts',
      (o) => new CosineAnnealingWarmRestarts(o, { t0: 1, tMult: 2 }),
      [0.1, 0.1, 0.05, 0.1, 0.05 * (1 + Math.SQRT1_2), 0.05],
    ],
    [
      'SequentialLR',
      (o) => {
        const schedulers = [new ConstantLR(o, { factor: 0.5, totalIters: 9 }), new ExponentialLR(o, { gamma: 0.5 })];
        return new SequentialLR(o, { schedulers, milestones: [2] });
      },
      [0.05, 0.05, 0.1, 0.05, 0.025],
    ],
  ])('%s', (_, make, want) => near(sequence(make, want.length - 1), want));

  it('ReduceLROnPlateau waits for patience, then cools down', () => {
    const make = (o: ScheduledOptimizer) => new ReduceLROnPlateau(o, { factor: 0.5, patience: 1, cooldown: 1 });
    near(sequence(make, 8, 0.1, [1, 1, 1, 1, 1, 1, 0.5, 0.4]), [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025]);
  });

  it('ReduceLROnPlateau: absolute threshold, rising metric, bound below', () => {
    const make = (o: ScheduledOptimizer) =>
      new ReduceLROnPlateau(o, { mode: 'max', thresholdMode: 'abs', threshold: 0.1, patience: 0, minLr: 0.04 });
    near(sequence(make, 3, 0.1, [0.5, 0.61, 0.7]), [0.1, 0.1, 0.1, 0.04]);
    near(
      sequence((o) => new ReduceLROnPlateau(o, { patience: 0, eps: 1 }), 2, 0.1, [1, 1]),
      [0.1, 0.1, 0.1],
    );
  });
});

describe('parameter groups', () => {
  it('each group keeps its own rate', () => {
    const o = optimizer(0.1, 0.01);
    const scheduler = new LambdaLR(o, { lrLambda: [(e) => 0.5 ** e, () => 2] });
    scheduler.step();
    near(scheduler.getLastLr(), [0.05, 0.02]);
    expect(o.paramGroups.map((g) => g.initialLr)).toEqual([0.1, 0.01]);
  });

  it('two schedulers chain', () => {
    const o = optimizer(0.1);
    const both = [new ExponentialLR(o, { gamma: 0.5 }), new StepLR(o, { stepSize: 2, gamma: 0.1 })];
    for (let i = 0; i < 2; i++) for (const s of both) s.step();
    near([lrOf(o)], [0.0025]);
  });

  it('a rate changed by hand is taken up', () => {
    const o = optimizer(0.1);
    const scheduler = new ExponentialLR(o, { gamma: 0.5 });
    for (const group of o.paramGroups) group.lr = 1;
    scheduler.step();
    near([lrOf(o)], [0.5]);
  });
});

describe('state', () => {
  it.each<[string, (o: ScheduledOptimizer) => Scheduler]>([
    ['CosineAnnealingLR', (o) => new CosineAnnealingLR(o, { tMax: 3, etaMin: 0.001 })],
    ['LambdaLR', (o) => new LambdaLR(o, { lrLambda: (e) => 0.9 ** e })],
    ['ReduceLROnPlateau', (o) => new ReduceLROnPlateau(o, { patience: 1 })],
    [
      'SequentialLR',
      (o) =>
        new SequentialLR(o, {
          schedulers: [new LinearLR(o), new ExponentialLR(o, { gamma: 0.5 })],
          milestones: [4],
        }),
    ],
  ])('%s goes on after JSON as if uninterrupted', (_, make) => {
    const whole = sequence(make, 8, 0.1, Array(8).fill(1));
    const before = optimizer(0.1);
    const first = make(before);
    for (let i = 0; i < 3; i++) first.step(1);
    const state = JSON.parse(JSON.stringify(first.stateDict()));
    const after = optimizer(0.1);
    const second = make(after);
    second.loadStateDict(state);
    after.paramGroups.forEach((group, i) => {
      group.lr = before.paramGroups[i]?.lr ?? 0;
    });
    for (let i = 3; i < 8; i++) {
      second.step(1);
      expect(lrOf(after)).toBe(whole[i + 1]);
    }
  });

  it('restores options', () => {
    const o = optimizer(0.1);
    const scheduler = new ExponentialLR(o, { gamma: 0.9 });
    scheduler.loadStateDict(new ExponentialLR(optimizer(0.1), { gamma: 0.5 }).stateDict());
    scheduler.step();
    near([lrOf(o)], [0.05]);
  });

  it.each<[string, object, RegExp]>([
    ['a count that is none', { lastEpoch: -2 }, /not the state of a scheduler/],
    ['rates that are none', { baseLrs: ['x'] }, /not the state of a scheduler/],
    ['rates of more groups', { lastLr: [0.1, 0.1] }, /1 and 2 rates for 1 parameter groups/],
    ['an option of another type', { options: { gamma: '0.5' } }, /option gamma .* is "0.5" in the state, here 0.9/],
    ['no option', { options: {} }, /option gamma/],
    ['the options of another scheduler', { options: { gamma: 0.5, stepSize: 2 } }, /option stepSize/],
  ])('refuses %s', (_, change, message) => {
    const scheduler = new ExponentialLR(optimizer(0.1), { gamma: 0.9 });
    const before = scheduler.stateDict();
    expect(() => scheduler.loadStateDict({ ...before, ...change })).toThrow(message);
    expect(scheduler.stateDict()).toEqual(before);
  });

  it('resumes at lastEpoch, given initialLr', () => {
    const o = { paramGroups: [{ lr: 0.05, initialLr: 0.1 }] };
    const scheduler = new LambdaLR(o, { lrLambda: (e) => 0.5 ** e, lastEpoch: 1 });
    expect(scheduler.lastEpoch).toBe(2);
    near([lrOf(o)], [0.025]);
  });
});

describe('refusals', () => {
  it.each<[(o: ScheduledOptimizer) => unknown, string]>([
    [(o) => new ExponentialLR(o, { gamma: 0 }), 'ExponentialLR: gamma 0'],
    [(o) => new StepLR(o, { stepSize: 0 }), 'StepLR: stepSize 0'],
    [(o) => new MultiStepLR(o, { milestones: [1.5] }), 'milestones [1.5]'],
    [(o) => new CosineAnnealingLR(o, { tMax: -1 }), 'tMax -1'],
    [(o) => new LinearLR(o, { startFactor: 0 }), 'startFactor 0'],
    [(o) => new LinearLR(o, { endFactor: 2 }), 'endFactor 2'],
    [(o) => new LambdaLR(o, { lrLambda: [] }), '0 functions for 1 parameter groups'],
    [(o) => new ReduceLROnPlateau(o, { factor: 1 }), 'factor 1 must be below 1'],
    [(o) => new ReduceLROnPlateau(o, { minLr: [0, 0] }), '2 values of minLr for 1 parameter groups'],
    [(o) => (new ReduceLROnPlateau(o) as Scheduler).step(), 'wants the metric'],
    [(o) => new StepLR(o, { stepSize: 1, lastEpoch: 3 }), 'without initialLr'],
    [(o) => new StepLR(o, { stepSize: 1 }).loadStateDict({}), 'not the state of a scheduler'],
    [(o) => new SequentialLR(o, { schedulers: [], milestones: [] }), '0 milestones for 0 schedulers'],
  ])('%#', (call, message) => expect(() => call(optimizer(0.1))).toThrow(message));
});

type Attrs = Record<string, unknown>;
interface Case {
  name: string;
  scheduler: string;
  attrs: Attrs;
  base_lr: number;
  lr: number[];
  metrics?: number[];
}

const shared = fileURLToPath(new URL('../../../../shared/reference/cases/schedulers.json', import.meta.url));

/** PyTorch's keyword arguments under our names: `step_size` is `stepSize`, `T_max` is `tMax`. */
const renamed = (attrs: Attrs): Attrs =>
  Object.fromEntries(
    Object.entries(attrs).map(([k, v]) => [
      k.replace(/^[A-Z]/, (c) => c.toLowerCase()).replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase()),
      v,
    ]),
  );

function make(name: string, o: ScheduledOptimizer, attrs: Attrs): Scheduler {
  const options = renamed(attrs);
  if (name === 'SequentialLR') {
    options.schedulers = (attrs.schedulers as [string, Attrs][]).map(([n, a]) => make(n, o, a) as LRScheduler<object>);
  }
  const Made = new Map<string, unknown>(Object.entries(lrScheduler)).get(name) as unknown as new (
    o: ScheduledOptimizer,
    options: Attrs,
  ) => Scheduler;
  return new Made(o, options);
}

describe.skipIf(!existsSync(shared))('the reference cases', () => {
  const all: Case[] = existsSync(shared) ? JSON.parse(readFileSync(shared, 'utf8')).cases : [];
  it.each(all.filter((c) => c.scheduler in lrScheduler).map((c) => [c.name, c] as const))('%s', (_, c) =>
    near(
      sequence((o) => make(c.scheduler, o, c.attrs), c.lr.length - 1, c.base_lr, c.metrics),
      c.lr,
    ),
  );
});
