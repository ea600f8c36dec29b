/** FEATURES.md names what there is, and nothing else. */
import { readFileSync } from 'node:fs';
import * as kindling from 'kindling';
import * as amp from 'kindling/amp';
import * as data from 'kindling/data';
import * as io from 'kindling/io';
import * as linalg from 'kindling/linalg';
import * as log from 'kindling/log';
import * as metrics from 'kindling/metrics';
import * as nn from 'kindling/nn';
import * as functional from 'kindling/nn/functional';
import * as onnx from 'kindling/onnx';
import * as optim from 'kindling/optim';
import * as profile from 'kindling/profile';
import * as train from 'kindling/train';
import * as tune from 'kindling/tune';
import 'kindling/methods';
import { expect, test } from 'vitest';
import { FEATURES, withTables } from './tables.js';

const text = readFileSync(FEATURES, 'utf8');

test('the tables are those of today: else run `npm run features`', () => {
  expect(withTables(text)).toBe(text);
});

const MODULES = [
  kindling,
  amp,
  functional,
  nn,
  nn.init,
  linalg,
  optim,
  data,
  metrics,
  io,
  log,
  onnx,
  profile,
  train,
  tune,
];
const EXPORTS: Readonly<Record<string, unknown>> = Object.assign({}, ...MODULES);

/** The second column of the tables. */
const ours = text
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
  .map((line) => line.split(/ \| /)[1] ?? '');

/** Bases, and what other lines give or take. */
const WITHIN = ['Tensor', 'KindlingError', 'Optimizer', 'LRScheduler', 'ImageDataset'];
/** Members of modules, optimizers and loaders, an option, and a type. */
const MEMBERS = ['stateDict', 'loadStateDict', 'paramGroups', 'sampler', 'createGraph', 'Dataset'];

test('every export is there', () => {
  const code = ours.flatMap((cell) => cell.match(/`[^`]+`/g) ?? []);
  const words = new Set(code.flatMap((one) => one.match(/\w+/g) ?? []));
  expect(Object.keys(EXPORTS).filter((name) => !words.has(name) && !WITHIN.includes(name))).toEqual([]);
});

test('what a line begins with is an export, or a method', () => {
  const names = ours.flatMap((cell) => /^`([\w., ]+)`/.exec(cell)?.[1]?.split(', ') ?? []);
  const isThere = (name: string): boolean => {
    if (name.startsWith('t.')) return name.slice(2) in kindling.Tensor.prototype;
    let found: unknown = EXPORTS;
    for (const part of name.replace('await ', '').split('.'))
      found = (found as Record<string, unknown> | undefined)?.[part];
    return found !== undefined || MEMBERS.includes(name);
  };
  expect(names.filter((name) => !isThere(name))).toEqual([]);
});
