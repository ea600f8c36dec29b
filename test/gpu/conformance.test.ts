/** The runner of WebNN's cases: what it counts as passed, failed and left out. */
import { expect, test } from 'vitest';
import { runConformance } from '../conformance/run.js';

interface Changes {
  data?: unknown;
  shape?: number[];
  dataType?: string;
  type?: string;
  operators?: object[];
}

const ADD = { name: 'add', arguments: [{ a: 'x' }, { b: 'y' }], outputs: 'z' };

/** [1, 2] + 0.5 = [1.5, 2.5] in the format of the cases, with something changed. */
function sum({ data = [1.5, 2.5], shape = [2], dataType = 'float32', type = 'float32', operators = [ADD] }: Changes) {
  const inputs = {
    x: { data: [1, 2], descriptor: { shape: [2], dataType: type } },
    y: { data: 0.5, descriptor: { shape: [2], dataType: type } },
  };
  return {
    name: 'sum',
    graph: { inputs, operators, expectedOutputs: { z: { data, descriptor: { shape, dataType } } } },
  };
}

const DANCE = { name: 'dance', arguments: [{ a: 'x' }, { b: 'y' }], outputs: 'z' };

test.each([
  ['the expected values', {}, 'passed'],
  ['one unit beside them, the bound', { data: [1.5, 2.5 + 2 ** -22] }, 'passed'],
  ['two units beside them', { data: [1.5, 2.5 + 2 ** -21] }, 'sum: 2.00 times its bound, 2 ULP'],
  ['NaN', { data: [1.5, 'NaN'] }, 'sum: Infinity times its bound, Infinity ULP'],
  ['another shape', { shape: [2, 1] }, 'sum: f32 of shape [2], not float32 of shape [2,1]'],
  ['another type', { dataType: 'int32' }, 'sum: f32 of shape [2], not int32 of shape [2]'],
  ['inputs of another type', { type: 'float16' }, 'of float16'],
  ['two operators', { operators: [ADD, ADD] }, 'more than one operator'],
  ['an op that kindling has not', { operators: [DANCE] }, 'no such op'],
] as const)('%s', async (_, changes, outcome) => {
  const read = async () => new TextEncoder().encode(JSON.stringify({ tests: [sum(changes as Changes)] }));
  const { rows, failures } = await runConformance({ files: ['sum.json', 'README.md'], read });
  const [row] = rows;
  const found = row?.passed === 1 ? 'passed' : (failures[0] ?? Object.keys(row?.leftOut ?? {})[0]);
  expect(found).toBe(outcome);
  expect(row).toMatchObject({ cases: 1, failed: failures.length });
});
