import { beforeEach, expect, it } from 'vitest';
import type { Plan } from '../../shared/plan.js';
import { addEvaluation, addSteps, beginRun, beginStudy, current, endRun, pictures, type Run, runs } from './runs.js';

let seed = 0;
const plan = (): Plan => ({
  data: 'synthetic',
  set: 'tricks',
  scenarios: ['lr_schedule'],
  seeds: [seed],
  epochs: 2,
  trainSize: 64,
  testSize: 4,
  batchSize: 32,
});

/** Each test has its own seed: losses outlive a study. */
beforeEach(() => {
  seed++;
});

/** A run of two epochs of two steps. */
function train(losses: readonly number[], rates: readonly number[]): Run {
  beginStudy(plan());
  beginRun({ scenario: 'lr_schedule', seed }, 2);
  const run = current.value as Run;
  // Told in two pieces, as the worker does.
  addSteps({ first: 1, losses: losses.slice(0, 1), rates: rates.slice(0, 1), seconds: [1] });
  addSteps({ first: 2, losses: losses.slice(1), rates: rates.slice(1), seconds: [2, 3, 4] });
  endRun({ state: 'done' });
  return run;
}

const RATES = [2e-3, 2e-3, 2e-3 * 0.8, 2e-3 * 0.8];

it('compares a run with the one before, to the bit', () => {
  expect(train([3, 2, 1, 0.5], RATES).same).toBeNull();
  expect(train([3, 2, 1, 0.5], RATES).same).toEqual({ compared: 4, differsAt: null });
  expect(train([3, 2, 1 + Number.EPSILON, 0.5], RATES).same).toEqual({ compared: 4, differsAt: 3 });
});

it('marks where the reader set a rate, and not where the schedule did', () => {
  expect(train([3, 2, 1, 0.5], RATES).marks).toEqual([]);
  const gamma = 0.8;
  expect(train([3, 2, 1, 0.5], [2e-3, 1e-4, 1e-4 * gamma, 1e-4 * gamma]).marks).toEqual([{ step: 2, rate: 1e-4 }]);
});

it('compares nothing with a run that the reader meddled with', () => {
  train([3, 2, 1, 0.5], [2e-3, 1e-4, 1e-4 * 0.8, 1e-4 * 0.8]);
  expect(train([3, 2.5, 2, 1], RATES).same).toBeNull();
});

it('counts right answers, and says where in the curve they belong', () => {
  const labels = Uint8Array.of(0, 1, 2, 3);
  pictures.value = { images: new Uint8Array(), labels, classes: [], source: '', synthetic: true };
  beginStudy(plan());
  beginRun({ scenario: 'lr_schedule', seed }, 2);
  addEvaluation({ epoch: 1, predictions: Uint8Array.of(0, 1, 0, 3), probabilities: new Float32Array() });
  expect(runs.value[0]?.accuracies).toEqual([{ epoch: 1, step: 2, accuracy: 0.75 }]);
});

it('leaves a run that was stopped as it is', () => {
  beginStudy(plan());
  beginRun({ scenario: 'lr_schedule', seed }, 2);
  endRun({ state: 'stopped' });
  expect(runs.value[0]?.state).toBe('stopped');
  expect(current.value).toBeNull();
});
