/** Nothing is missing in the tables that tests of all functions go through (docs/adding-an-op.md). */
import { readFile } from 'node:fs/promises';
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { recordsOf } from '../../src/ops/elementwise/make.js';
import { UNARY } from '../support/elementwise.js';
import { functionOf, OWN, pairNames, unaryNames } from '../support/elementwiseCalls.js';
import { ORDER } from '../support/functions.js';
import { binaryRecords, unaryRecords } from '../support/records.js';

const lines = [...Object.keys(UNARY), ...pairNames];
const exported: Readonly<Record<string, unknown>> = { ...k, ...F };

test('every function made of records has a line in test/support/elementwise.ts or elementwisePairs.ts', () => {
  const elementwise = Object.entries(exported).flatMap(([name, made]) =>
    typeof made === 'function' && recordsOf(made).length > 0 ? name : [],
  );
  const known = [...unaryNames.keys(), ...pairNames, ...OWN];
  expect(elementwise.filter((name) => !known.includes(name))).toEqual([]);
});

test('every line is of a function', () => {
  expect([...lines.map(functionOf), ...Object.keys(ORDER)].filter((name) => !(name in exported))).toEqual([]);
});

test('every record is of a line', () => {
  const named = Object.entries(UNARY).map(([line, { record = functionOf(line) }]) => record);
  expect(unaryRecords.filter(({ name }) => !named.includes(name))).toEqual([]);
  // The last two are of losses, and tested with them.
  const pairs = [...pairNames, ...OWN, 'bce', 'weightedSoftplus'];
  expect(binaryRecords.filter(({ name }) => !pairs.includes(name))).toEqual([]);
});

test('PyTorch was asked about every line: else run `python3 test/fixtures/nonfinite.py`', async () => {
  const text = await readFile(new URL('../fixtures/nonfinite.json', import.meta.url), 'utf8');
  const { cases } = JSON.parse(text) as { cases: [string, ...unknown[]][] };
  const asked = new Set(cases.map(([name]) => name));
  const wanted = [...lines, ...Object.values(ORDER).flatMap(({ pytorch }) => Object.keys(pytorch))];
  expect(wanted.filter((name) => !asked.has(name))).toEqual([]);
});
