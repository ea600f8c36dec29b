import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { format } from './print.js';

interface Printed {
  /** Numbers and booleans; what JSON cannot hold is text. */
  readonly data: readonly (number | boolean | 'nan' | 'inf' | '-inf')[];
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly text: string;
}

const NAMED = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY };

// PyTorch's own text, written by test/fixtures/make.py.
const cases = JSON.parse(readFileSync(new URL('../../test/fixtures/print.json', import.meta.url), 'utf8')) as Printed[];

test.each(cases.map((one) => [one.text.split('\n', 1)[0], one] as const))('%s', (_, { data, shape, dtype, text }) => {
  const elements = data.map((value) => (typeof value === 'string' ? NAMED[value] : Number(value)));
  expect(format(elements, shape, dtype)).toBe(text);
});
