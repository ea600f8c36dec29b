/** Elementwise functions as ONNX files, against ONNX Runtime: the lines of elementwise.ts and elementwisePairs.ts that have a rule. */
import { type Tensor, tensor } from 'kindling';
import { describe, expect, test } from 'vitest';
import { ELEMENTWISE } from '../../src/onnx/elementwise.js';
import { at } from '../support/agree.js';
import { UNARY } from '../support/elementwise.js';
import { callOf, functionOf, OWN } from '../support/elementwiseCalls.js';
import { EVERYWHERE } from '../support/elementwiseLine.js';
import { PAIRS } from '../support/elementwisePairs.js';
import { Apply, inBoth } from '../support/onnxRuntime.js';

/** ONNX's Shrink makes 0 of NaN, its Sign is NaN there, its Mod by an infinity, and powers of −∞ by −1/2 are 0: not tried with such. */
const NEAR = ['hardshrink', 'hardshrink 1', 'softshrink', 'sign', 'remainder', 'pow -0.5'];
const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;
const far = (line: string): number[] => [0, -0, ...(NEAR.includes(line) ? [] : [INF, -INF, NAN])];

const column = (data: readonly number[]): Tensor => tensor([...data]).unsqueeze(1);
const whole = (...data: number[]): Tensor => tensor(Int32Array.from(data));

/** Integers to negative powers are refused, and 4¹⁷ is none of i32. */
const hasWhole = (line: string): boolean => !/^pow (-\d|17|18)/.test(line);

interface Line {
  readonly line: string;
  readonly record: string;
  /** One call after the other: of floats, of pairs of floats, of whole numbers. */
  readonly calls: () => readonly (readonly Tensor[])[];
}

const between = ([low = 0, high = 0]: readonly number[]): number[] =>
  [0, 1, 2, 3, 4].map((i) => low + (i * (high - low)) / 4);

const LINES: readonly (readonly [string, Line])[] = [
  ...Object.entries(UNARY).map(([line, { record = functionOf(line), on = EVERYWHERE, at: own, exact = [] }]): Line => {
    const calls = () => [
      [tensor([...(own ?? on.at), ...exact, ...far(line)])],
      ...(hasWhole(line) ? [[whole(-4, -3, -2, -1, 0, 1, 2, 3)]] : []),
    ];
    return { line, record, calls };
  }),
  ...Object.entries(PAIRS).map(([line, { a = [-2, 2], b = [-2, 2], exact }]): Line => {
    const calls = () => [
      [column([...between(a), ...far(line)]), tensor([...between(b), ...far(line)])],
      ...(exact ? [exact.map((data) => tensor([...data]))] : []),
      [whole(-4, -3, -2, -1, 0, 1, 2, 3).unsqueeze(1), whole(1, 2, 3)],
    ];
    return { line, record: line, calls };
  }),
]
  .filter(({ record }) => record in ELEMENTWISE)
  .map((one) => [`${one.line} as ${one.record}`, one]);

/** Where the two differ. Zeros' signs are not looked at. */
async function differences(line: string, inputs: readonly Tensor[], opset: number): Promise<string[]> {
  const { wanted, got } = await inBoth(new Apply(callOf(line)), inputs, inputs, { opset });
  return wanted.flatMap((value, i) => {
    const found = at(got, i);
    const near = Math.abs(found - value) <= 2e-5 * Math.abs(value) + 1e-6;
    return near || Object.is(found + 0, value + 0) ? [] : [`[${i}] ${found}, not ${value}`];
  });
}

describe.each([17, 18, 22])('opset %d', (opset) => {
  test.each(LINES)('%s', async (_, { line, calls }) => {
    for (const inputs of calls()) expect(await differences(line, inputs, opset)).toEqual([]);
  });
});

test('every rule is of a line', () => {
  const tried = LINES.map(([, { record }]) => record);
  expect(Object.keys(ELEMENTWISE).filter((name) => !tried.includes(name) && !OWN.includes(name))).toEqual([]);
});
