import { expect, it } from 'vitest';
import type { LiveRun } from '../../../cifar/train.js';
import type { Change } from '../../shared/complaints.js';
import { Changes } from './changes.js';

function changed() {
  const told: Change[] = [];
  const model = { dropoutDense: { p: 0.2 }, dropoutConv: { p: 0 } };
  const optimizer = { paramGroups: [{ lr: 1, weightDecay: 0 }] };
  const changes = new Changes({ model, optimizer } as unknown as LiveRun, (change) => told.push(change));
  return { changes, told, model, group: optimizer.paramGroups[0] };
}

it('changes nothing before a step is made with it, and says which', () => {
  const { changes, told, group } = changed();
  changes.before(1);
  changes.ask('rate', 0.5);
  changes.ask('decay', 0.1);
  expect(group).toEqual({ lr: 1, weightDecay: 0 });
  changes.before(2);
  expect(group).toEqual({ lr: 0.5, weightDecay: 0.1 });
  expect(told).toEqual([
    { step: 2, what: 'rate', value: 0.5 },
    { step: 2, what: 'decay', value: 0.1 },
  ]);
});

it('meets each change at its step again, where a run goes back', () => {
  const { changes, told, model } = changed();
  for (const [step, value] of [
    [3, 0.5],
    [5, 0.7],
  ] as const) {
    changes.ask('dropoutDense', value);
    changes.before(step);
  }
  changes.goBack(4);
  expect(model.dropoutDense.p).toBe(0.5);
  changes.goBack(2);
  expect(model.dropoutDense.p).toBe(0.2);
  changes.before(3);
  expect(model.dropoutDense.p).toBe(0.5);
  changes.before(4);
  changes.before(5);
  expect(model.dropoutDense.p).toBe(0.7);
  expect(told.map(({ step }) => step)).toEqual([3, 5, 3, 5]);
});
