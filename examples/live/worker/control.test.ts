import type { Optimizer } from 'kindling/optim';
import { expect, it } from 'vitest';
import type { News } from '../shared/protocol.js';
import { Control } from './control.js';

function controlled() {
  const told: string[] = [];
  const control = new Control(({ type }: News) => told.push(type));
  control.begin();
  return { control, told };
}

it('lets a study run where nobody holds it', async () => {
  const { control, told } = controlled();
  expect(await control.afterStep()).toBe(false);
  expect(await control.afterEpoch()).toBe(false);
  expect(told).toEqual([]);
});

it('holds after a step, and after one more each time', async () => {
  const { control, told } = controlled();
  control.pause();
  const first = control.afterStep();
  expect(told).toEqual(['paused']);
  control.advance('step');
  expect(await first).toBe(false);
  const second = control.afterStep();
  expect(told).toEqual(['paused', 'goesOn', 'paused']);
  control.advance('on');
  expect(await second).toBe(false);
  expect(await control.afterStep()).toBe(false);
  expect(control.pausedMs).toBeGreaterThanOrEqual(0);
});

it('goes on to the end of an epoch', async () => {
  const { control, told } = controlled();
  control.advance('epoch');
  expect(await control.afterStep()).toBe(false);
  const end = control.afterEpoch();
  expect(told).toEqual(['paused']);
  control.advance('on');
  expect(await end).toBe(false);
});

it('stops a study that waits, and one that runs', async () => {
  const { control, told } = controlled();
  control.pause();
  const waiting = control.afterStep();
  control.stop();
  expect(await waiting).toBe(true);
  expect(await control.afterStep()).toBe(true);
  expect(told).toEqual(['paused']);
  control.begin();
  expect(await control.afterStep()).toBe(false);
});

it('sets the rate of what is trained, while it is', () => {
  const { control } = controlled();
  const optimizer = { paramGroups: [{ lr: 1 }, { lr: 2 }] } as unknown as Optimizer;
  control.attend(optimizer);
  control.setRate(0.5);
  expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([0.5, 0.5]);
  control.end();
  control.setRate(0.1);
  expect(optimizer.paramGroups[0]?.lr).toBe(0.5);
});
