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

it('runs errands between two steps, and while it waits', async () => {
  const { control, told } = controlled();
  const done: string[] = [];
  control.between(async () => void done.push('between'));
  expect(done).toEqual([]);
  expect(await control.afterStep()).toBe(false);
  expect(done).toEqual(['between']);
  control.pause();
  const waiting = control.afterStep();
  control.between(async () => void done.push('waiting'));
  await new Promise((resolve) => setTimeout(resolve));
  expect(done).toEqual(['between', 'waiting']);
  expect(told).toEqual(['paused']);
  control.advance('on');
  expect(await waiting).toBe(false);
});
