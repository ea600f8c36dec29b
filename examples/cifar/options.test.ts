import type { Adapter } from 'kindling';
import { afterEach, expect, it, vi } from 'vitest';
import { parse, planOf } from './options.js';

afterEach(() => vi.restoreAllMocks());

/** What is said on standard error when the command line is refused. */
function refusal(...argv: string[]): string {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('exit');
  });
  expect(() => parse(argv)).toThrow('exit');
  return said.mock.calls.map(([text]) => text).join('');
}

it('reads lists', () => {
  const options = parse(['--seeds', '2, 0,1', '--scenarios', 'baseline,dropout_both']);
  expect(options).toMatchObject({ seeds: [2, 0, 1], scenarios: ['baseline', 'dropout_both'], set: 'tricks' });
});

it.each([
  [['--seeds', ''], /--seeds.*empty/],
  [['--seeds', '0,,1'], /--seeds.*empty/],
  [['--seeds', '1,01'], /--seeds.*1 is there twice/],
  [['--seeds', '-1'], /--seeds.*whole number/],
  [['--scenarios', ' '], /--scenarios.*empty/],
  [['--scenarios', 'baseline,baseline'], /--scenarios.*baseline is there twice/],
  [['--scenarios', 'relu'], /no scenario relu in set tricks/],
  [['--shard', '1/2', '--out', '/x'], /--shard wants --preset, --data too/],
  [
    ['--shard', '1/2', '--out', '/x', '--preset', 'smoke', '--data', 'synthetic', '--json'],
    /leave it out beside --shard/,
  ],
  [['--shard', '1/2', '--resume', '/x'], /leave out --shard/],
  [['--as-published', '--set', 'lecun'], /--as-published/],
  [['--as-published', '--scenarios', 'dropout_conv'], /take dropout_dense too/],
])('refuses %j', (argv, message) => expect(refusal(...argv)).toMatch(message));

it('refuses beside --resume all that the folder decides, defaults spelled out too', () => {
  expect(refusal('--resume', 'x', '--host', 'node', '--set', 'tricks', '--as-published', '--epochs', '3')).toMatch(
    /leave out --set, --as-published, --epochs, --host/,
  );
  expect(parse(['--resume', '/x', '--data', '/y', '--json'])).toMatchObject({ resume: '/x', data: '/y', json: true });
});

it.each([
  [[], true, { preset: 'quick', trainSize: 1984, testSize: 2000, epochs: 4 }],
  [[], false, { preset: 'full', trainSize: 50000, testSize: 10000, epochs: 10 }],
  [['--preset', 'smoke'], false, { preset: 'smoke', trainSize: 80 }],
  [['--epochs', '2'], true, { preset: 'custom', trainSize: 1984, epochs: 2 }],
] as const)('%j on a software adapter (%s): %o', (argv, isSoftware, plan) => {
  expect(planOf(parse(argv), { isSoftware } as Adapter)).toMatchObject(plan);
});

it('trains at most 1,000 steps by the quick preset', () => {
  const { trainSize, batchSize, epochs, seeds, scenarios } = planOf(parse(['--preset', 'quick']), {} as Adapter);
  expect(Math.ceil(trainSize / batchSize) * epochs * seeds.length * scenarios.length).toBeLessThanOrEqual(1000);
});
