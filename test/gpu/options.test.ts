/**
 * Every export that takes options refuses those it does not know, by its own name. A function of tensors is in `functionCalls`, any
 * other export either in `TAKES`, with a call to try, or in `TAKES_NONE`: a new one has to be entered.
 */
import * as kindling from 'kindling';
import * as data from 'kindling/data';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import * as optim from 'kindling/optim';
import 'kindling/methods';
import { describe, expect, test } from 'vitest';
import { type Arguments, functionCalls } from '../support/functionCalls.js';
import { type Call, METHODS, TAKES, TAKES_NONE } from '../support/optionCalls.js';
import { dataset, EXPORTS, layer, message, parameter, ones as x } from '../support/refused.js';

const picture = (): kindling.Tensor => kindling.ones([1, 2, 4, 4]);
const labels = (): kindling.Tensor => kindling.zeros([2], { dtype: 'i32' });

/** What a call with these options ends in. */
const refusal = (call: Call, options: unknown): Promise<string> => message(() => call(options as never));

/** Functions of tensors; `functional`'s, where `kindling` has another of the name. */
const FUNCTIONS = { ...kindling, ...F } as unknown as Readonly<Record<string, (...given: Arguments) => unknown>>;

test.each(Object.keys(EXPORTS))('every export of %s is entered', (module) => {
  const entered = [...Object.keys(TAKES[module] ?? {}), ...(TAKES_NONE[module] ?? '').split(' ')].filter(Boolean);
  const ofTensors = ['kindling', 'functional'].includes(module) ? Object.keys(functionCalls()) : [];
  const others = Object.keys(EXPORTS[module] ?? {}).filter((name) => !ofTensors.includes(name));
  expect(entered.sort()).toEqual(others.sort());
});

/** Refuses what are no options, and says which was meant. */
async function knowsItsOptions(name: string, call: Call): Promise<void> {
  const unknown = await refusal(call, { nonsense: 1 });
  expect(unknown).toMatch(new RegExp(`^${name}(\\.load)?: no option nonsense`));
  const known = (/It knows (.+)$/.exec(unknown)?.[1] ?? '').split(', ').filter((option) => option.length > 4);
  for (const option of known) {
    const snake = option.replace(/[A-Z0-9]+/g, (part) => `_${part.toLowerCase()}`);
    for (const slip of [snake === option ? `${option}s` : snake, option.slice(1)]) {
      expect(await refusal(call, { [slip]: 1 })).toContain(`no option ${slip}; did you mean ${option}?`);
    }
  }
  expect(await refusal(call, { toString: 1 })).toContain('no option toString');
  const misplaced =
    name === 'softmax' || name === 'softmin' || name === 'logSoftmax' || /Pool/.test(name)
      ? ['1', null]
      : [1, '1', [1], null];
  // It takes the gradient in their place.
  const refused = name === 'backward' ? [[1]] : [...misplaced, x()];
  for (const given of refused) {
    expect(await refusal(call, given), name).toMatch(/wants an object of options/);
  }
}

describe.each([...Object.entries(TAKES), ['methods', METHODS] as const])('%s', (_, calls) => {
  test.each(Object.entries(calls))('%s knows its options', knowsItsOptions);
});

test('functions of tensors know their options, and those that have some say so in functionCalls', async () => {
  const unsaid: string[] = [];
  for (const [name, given] of Object.entries(functionCalls())) {
    const last: unknown = given.at(-1);
    if (typeof last === 'object' && last !== null && Object.getPrototypeOf(last) === Object.prototype) {
      await knowsItsOptions(name, (options) => FUNCTIONS[name]?.(...given.slice(0, -1), options));
      continue;
    }
    const found = await refusal((options: unknown) => FUNCTIONS[name]?.(...given, options), { nonsense: 1 });
    if (found.includes('no option nonsense')) unsaid.push(name);
  }
  expect(unsaid).toEqual([]);
});

test('values of another kind, and of another range', async () => {
  const image = picture();
  const weight = kindling.ones([1, 2, 1, 1]);
  const cases: [string, Call][] = [
    ["sum: keepdim is 'yes', wants true or false", () => x().sum({ keepdim: 'yes' } as never)],
    ['sum: dim is 0.5, wants a whole number', () => x().sum({ dim: 0.5 })],
    ["SGD: lr is '0.1', wants a number", () => new optim.SGD([parameter()], { lr: '0.1' } as never)],
    [
      "mseLoss: reduction is 'average', wants 'mean' or 'sum'",
      () => F.mseLoss(x(), x(), { reduction: 'average' } as never),
    ],
    ['conv2d: stride is 0, wants a whole number from 1 on', () => F.conv2d(image, weight, null, { stride: 0 })],
    ["conv2d: padding is '1'", () => F.conv2d(image, weight, null, { padding: '1' } as never)],
    ["Conv2d: padding is '1'", () => new nn.Conv2d(2, 2, 1, { padding: '1' } as never)],
    ['Conv2d: padding is -1', () => new nn.Conv2d(2, 2, 1, { padding: -1 })],
    ['Conv2d: stride is NaN', () => new nn.Conv2d(2, 2, 1, { stride: Number.NaN })],
    ['maxPool2d: stride is [1, 0]', () => F.maxPool2d(image, { kernelSize: 2, stride: [1, 0] })],
    ["Linear: inFeatures is '2'", () => new nn.Linear('2' as never, 2)],
    ['Dropout: p is an object', () => new nn.Dropout({ p: 0.5 } as never)],
    ['ELU: alpha is an object', () => new nn.ELU({ alpha: 0.5 } as never)],
    ["tensor: dtype is 'float32', wants 'f32'", () => kindling.tensor([1], { dtype: 'float32' } as never)],
    [
      'crossEntropy: weight is [1, 2, 3], wants a tensor',
      () => F.crossEntropy(x(), labels(), { weight: [1, 2, 3] } as never),
    ],
    ['DataLoader: batchSize is 0', () => new data.DataLoader(dataset(), { batchSize: 0 })],
  ];
  for (const [message, call] of cases) expect(await refusal(call, {})).toContain(message);
});

test('what to write instead', async () => {
  expect(await refusal(() => kindling.sum(x(), 1 as never), {})).toContain('{ dim: 1 }');
  expect(await refusal(() => F.mseLoss(x(), x(), 'sum' as never), {})).toContain("{ reduction: 'sum' }");
  expect(await refusal(() => F.crossEntropy(x(), labels(), x() as never), {})).toContain('{ weight: a tensor }');
  expect(await refusal(() => new optim.SGD([parameter()], layer() as never), {})).toContain('got a Linear');
});

test('undefined stands for the default', async () => {
  const options = { dim: undefined, keepdim: undefined };
  expect(await kindling.sum(x(), options).item()).toBe(6);
  expect(kindling.randint(0, 2, [1], { dtype: undefined }).dtype).toBe('i32');
  expect(new nn.MaxPool1d(2, { stride: undefined }).forward(kindling.ones([1, 1, 4])).shape).toEqual([1, 1, 2]);
  expect(new data.DataLoader(dataset(), { batchSize: undefined, seed: undefined }).length).toBe(4);
});

test('groups of an optimizer', async () => {
  const grouped = (option: object) => new optim.Adam([{ params: [parameter()], ...option }]);
  expect(await refusal(() => grouped({ weight_decay: 1 }), {})).toContain(
    'Adam: no option weight_decay; did you mean weightDecay?',
  );
  expect(await refusal(() => grouped({ parms: [] }), {})).toContain('did you mean params?');
  const optimizer = grouped({ name: 'all', lr: 1 });
  Object.assign(optimizer.paramGroups[0] as object, { wieghtDecay: 1 });
  expect(await refusal(() => optimizer.step(), {})).toContain('Adam: no option wieghtDecay; did you mean weightDecay?');
});
