import { expect, it } from 'vitest';
import { SETS } from '../../cifar/scenarios.js';
import { fromLink, PRESET_NAMES, PRESETS, plain, presetOf, seedsOf, stepsIn, toLink } from './plan.js';

it('comes back from its link as it went in', () => {
  for (const name of PRESET_NAMES) expect(fromLink(`#${toLink(PRESETS[name])}`)).toEqual(plain(PRESETS[name]));
  const own = { ...plain(PRESETS.look), scenarios: ['dropout_both'], seeds: [3, 1], epochs: 7 };
  expect(fromLink(toLink(own))).toEqual(own);
  expect(presetOf(own)).toBeNull();
  expect(presetOf(PRESETS.quick)).toBe('quick');
  const real = { ...plain(PRESETS.quick), data: 'cifar10' } as const;
  expect(toLink(real)).toContain('data=cifar10&');
  expect(fromLink(toLink(real))).toEqual(real);
  expect(presetOf(real)).toBe('quick');
});

it('is the first preset where a link says nothing', () => {
  expect(fromLink('')).toEqual(plain(PRESETS.look));
});

it('takes nothing from a link that cannot be', () => {
  const strange = '#data=mnist&set=none&scenarios=a,b&seeds=-1&epochs=1e9&train=x&test=2.5&batch=0';
  const { epochs, trainSize, testSize, batchSize } = PRESETS.look;
  const names = SETS.tricks.map(({ name }) => name);
  expect(fromLink(strange)).toEqual({
    data: 'synthetic',
    set: 'tricks',
    scenarios: names,
    seeds: [0],
    epochs,
    trainSize,
    testSize,
    batchSize,
  });
  expect(fromLink('#set=constructor').set).toBe('tricks');
});

it('has its scenarios in the order of the set', () => {
  expect(fromLink('#scenarios=lr_schedule,baseline').scenarios).toEqual(['baseline', 'lr_schedule']);
});

it('counts the last, smaller batch', () => {
  expect(stepsIn({ trainSize: 65, batchSize: 64 })).toBe(2);
});

it('reads seeds as typed', () => {
  expect(seedsOf(' 2, 0,2')).toEqual([2, 0]);
  for (const text of ['', '1,', 'x', '1.5', '0,1,2,3,4,5,6,7,8,9,10']) expect(seedsOf(text)).toBeNull();
});
