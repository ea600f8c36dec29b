import { execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { choicesPlace, clearChoices, loadChoices, saveChoices } from './choicesFile.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kindling-choices-'));
  process.env.KINDLING_CACHE = join(folder, 'made', 'when needed');
});
afterEach(async () => {
  delete process.env.KINDLING_CACHE;
  await rm(folder, { recursive: true });
});

const entry = (key: string, value: number) => ({ key, choice: { value }, hash: 'h' });

test('no file: no choices', async () => {
  expect(await loadChoices('a')).toEqual({ found: [], notes: [] });
  await clearChoices();
});

test('two processes at once lose nothing', async () => {
  const script = (from: number): string => `
    const { saveChoices } = await import(${JSON.stringify(new URL('choicesFile.ts', import.meta.url).href)});
    for (let i = ${from}; i < ${from + 50}; i++) await saveChoices('a', [{ key: 'k' + i, choice: null, hash: 'h' }]);`;
  const started = [0, 50].map((from) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script(from)]),
  );
  await Promise.all(started);
  const { found, notes } = await loadChoices('a');
  expect(notes).toEqual([]);
  expect(new Set(found.map(({ key }) => key)).size).toBe(100);
});

test('broken lines are passed over, and said', async () => {
  await saveChoices('a', [entry('first', 1)]);
  await appendFile(choicesPlace(), '{"adapter":"a","key":"torn","cho');
  await saveChoices('a', [entry('second', 2)]);
  await appendFile(choicesPlace(), 'null\n{"adapter":"a","key":1,"choice":null,"hash":"h"}\n');
  const { found, notes } = await loadChoices('a');
  expect(found.map(({ key }) => key)).toEqual(['first', 'second']);
  expect(notes).toEqual([`${choicesPlace()}: 3 lines are no tuned choices and are ignored`]);
});

test.each(['garbage \u0000', '[]', '{"adapter":'])('a file of something else: %j', async (content) => {
  await mkdir(dirname(choicesPlace()), { recursive: true });
  await writeFile(choicesPlace(), content);
  const { found, notes } = await loadChoices('a');
  expect(found).toEqual([]);
  expect(notes).toHaveLength(1);
});

test('a path that cannot be read', async () => {
  await mkdir(choicesPlace(), { recursive: true });
  const { found, notes } = await loadChoices('a');
  expect(found).toEqual([]);
  expect(notes[0]).toContain('tuned choices are ignored');
});

test('lines are JSON that people can read', async () => {
  await saveChoices('vendor|driver', [entry('k', 1)]);
  expect(await readFile(choicesPlace(), 'utf8')).toBe(
    '\n{"adapter":"vendor|driver","key":"k","choice":{"value":1},"hash":"h"}\n',
  );
});
