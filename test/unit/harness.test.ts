/** The browser's stand-in for Vitest notices what Vitest would. */
import { expect, test } from 'vitest';
import * as harness from '../browser/harness.js';

/** Test files see Vitest's types, whatever runs them. */
const page = harness as unknown as typeof import('vitest');

type Settle = () => Promise<void> | void;

/** Outcomes of what `declare` declares, as `name: ok` or `name: first line of the error`. */
async function outcomes(declare: () => void, settle: Settle = () => undefined): Promise<string[]> {
  const lines: string[] = [];
  const report = async (event: { started: string } | { ended: harness.Outcome }) => {
    if ('ended' in event) lines.push(`${event.ended.name}: ${event.ended.error?.split('\n')[0] ?? 'ok'}`);
  };
  await harness.runFile(async () => declare(), settle, report);
  return lines;
}

const fail = (message: string) => () => {
  throw new Error(message);
};

test('passes, failures and rejections, in order', async () => {
  const lines = await outcomes(() => {
    page.test('a', () => undefined);
    page.describe('group', () => {
      page.test('b', fail('wrong'));
      page.test('c', () => Promise.reject(new Error('late')));
    });
    page.test('d', () => page.expect([1]).toEqual([2]));
    page.test('e', () => page.expect(Promise.resolve(1)).resolves.toBe(2));
  });
  expect(lines).toEqual([
    'a: ok',
    'group > b: Error: wrong',
    'group > c: Error: late',
    'd: AssertionError: expected [ 1 ] to deeply equal [ 2 ]',
    'e: Error: expected 1 to be 2 // Object.is equality',
  ]);
});

test('hooks run around the tests of their group', async () => {
  const calls: string[] = [];
  await outcomes(() => {
    page.beforeAll(() => void calls.push('beforeAll'));
    page.beforeEach(() => void calls.push('beforeEach'));
    page.afterEach(() => void calls.push('afterEach'));
    page.afterAll(() => void calls.push('afterAll'));
    page.describe('inner', () => {
      page.beforeEach(() => void calls.push('inner beforeEach'));
      page.afterEach(() => void calls.push('inner afterEach'));
      page.test('x', () => void calls.push('x'));
    });
  });
  const around = ['beforeEach', 'inner beforeEach', 'x', 'inner afterEach', 'afterEach'];
  expect(calls).toEqual(['beforeAll', ...around, 'afterAll']);
});

test.each([
  ['beforeAll', 'x: Error: hook'],
  ['beforeEach', 'x: Error: hook'],
  ['afterEach', 'x: Error: hook'],
  ['afterAll', 'file > afterAll: Error: hook'],
] as const)('a failing %s fails', async (hook, line) => {
  const lines = await outcomes(() => {
    page[hook](fail('hook'));
    page.test('x', () => undefined);
  });
  expect(lines).toContain(line);
});

test('a GPU error fails the test it happened in', async () => {
  const errors = [null, new Error('uncaptured'), null];
  const lines = await outcomes(
    () => {
      for (const name of ['a', 'b', 'c']) page.test(name, () => undefined);
    },
    () => {
      const error = errors.shift();
      if (error) throw error;
    },
  );
  expect(lines).toEqual(['a: ok', 'b: Error: uncaptured', 'c: ok']);
});

test('each, skip and timeouts', async () => {
  const lines = await outcomes(() => {
    page.test.each([
      [1, 'a'],
      [2, 'b'],
    ])('%d is %s', (n, s) => page.expect(s).toBe(n === 1 ? 'a' : 'b'));
    page.test.each([{ name: 'row' }])('$name', ({ name }: { name: string }) => page.expect(name).toBe('row'));
    page.describe.each([[7]])('group %i', (n) => page.test('in it', () => page.expect(n).toBe(7)));
    page.test.skip('never', fail('skipped'));
    page.test.skipIf(true)('never', fail('skipped'));
    page.test.skipIf(false)('runs', () => undefined);
    page.test('slow', { timeout: 20 }, () => new Promise(() => undefined));
  });
  expect(lines).toEqual([
    '1 is a: ok',
    '2 is b: ok',
    'row: ok',
    'group 7 > in it: ok',
    'runs: ok',
    'slow: Error: still running after 20 ms',
  ]);
});

test('a file that does not load fails', async () => {
  expect(await outcomes(fail('no such export'))).toEqual(['(loading the file): Error: no such export']);
});
