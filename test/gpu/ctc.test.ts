/** Connectionist temporal classification, against PyTorch (fixtures/ctc_cases.py). */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { alongRows, build, close, type Plain, plain, sizeOf, toTensor } from '../support/agree.js';
import { loadJson } from '../support/fixtures.js';

interface Case {
  name: string;
  shape: number[];
  targets: number[] | number[][];
  inputLengths: number[];
  targetLengths: number[];
  options: F.CtcOptions;
  loss: (number | string)[];
  grad: (number | string)[];
}

const cases = await loadJson<Case[]>('ctc.json');

// α and β of 90 steps are about −70, and gradients off by what these are. PyTorch's own f32 is off by 7e-6 there.
const GRAD = { rtol: 2e-5, atol: 2e-5 };

/** Log-probabilities as the fixture has them. */
function logProbs(shape: readonly number[]): Plain {
  const logits = plain(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => 2 * Math.sin(1.7 * i)),
  );
  return alongRows(logits, -1, (row) => {
    const log = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
    return row.map((value) => value - log);
  });
}

const labels = (targets: Case['targets']): k.Tensor =>
  k.tensor(Int32Array.from(targets.flat()), {
    shape: Array.isArray(targets[0]) ? [targets.length, targets[0].length] : [targets.length],
  });
const whole = (values: readonly number[]): k.Tensor => k.tensor(Int32Array.from(values));

test.each(cases)('ctcLoss: $name', async ({ shape, targets, inputLengths, targetLengths, options, loss, grad }) => {
  const x = toTensor(logProbs(shape));
  const plainly = await F.ctcLoss(x, labels(targets), inputLengths, targetLengths, options).data();
  x.requiresGrad_();
  for (const given of [(values: number[]) => values, whole]) {
    const got = F.ctcLoss(x, labels(targets), given(inputLengths), given(targetLengths), options);
    await close('loss', got, plain(got.shape, loss.map(Number)), { rtol: 2e-6, atol: 0 });
    // Without a gradient β is not computed; α is the same.
    expect(await got.data()).toEqual(plainly);
    x.grad = null;
    got.backward(toTensor(build(got.shape, (i = 0) => 1 + 0.5 * (i % 3))));
    await close('gradient', x.grad as unknown as k.Tensor, plain(shape, grad.map(Number)), GRAD);
  }
});

test('as PyTorch at NaN; a log-probability of −∞ is a probability of 0', async () => {
  const { data } = logProbs([5, 2, 4]);
  const put = (at: number, value: number) => k.tensor(data.with(at, value), { shape: [5, 2, 4], requiresGrad: true });
  const run = async (x: k.Tensor) => {
    const losses = F.ctcLoss(
      x,
      labels([
        [1, 2],
        [3, 3],
      ]),
      [5, 5],
      [2, 2],
      { reduction: 'none' },
    );
    losses.sum().backward();
    return [await losses.data(), await (x.grad as k.Tensor).data()] as const;
  };
  const [losses, grads] = await run(put(0, data[0] as number));
  // Of a class that is in no path, the loss does not know.
  const [, elsewhere] = await run(put(2 * 8 + 3, Number.NaN));
  expect([...elsewhere]).toEqual([...grads].with(19, Number.NaN));
  const [spoilt, none] = await run(put(2 * 8 + 2, Number.NaN));
  expect([...spoilt]).toEqual([Number.NaN, losses[1]]);
  const ofFirst = Array.from(grads, (grad, i) => (i % 8 < 4 ? Number.NaN : grad));
  expect([...none]).toEqual(ofFirst);
  // As that of a large negative number, which changes nothing else.
  const [ruled, without] = await run(put(2 * 8 + 1, Number.NEGATIVE_INFINITY));
  const [almost, large] = await run(put(2 * 8 + 1, -1e4));
  expect(ruled).toEqual(almost);
  expect([...without]).toEqual([...large]);
  expect(without[17]).toBe(0);
});

test('a length or a class on the device that does not fit makes NaN of the loss, and of no other', async () => {
  const x = k.logSoftmax(k.ones([4, 3, 3]), 2);
  const ofThree = async (targets: k.Tensor, inputs: number[], lengths: number[]) =>
    (await F.ctcLoss(x, targets, whole(inputs), whole(lengths), { reduction: 'none' }).data()).map((loss) =>
      Number.isNaN(loss) ? loss : 1,
    );
  const padded = labels([
    [1, 2],
    [2, 1],
    [1, 1],
  ]);
  expect([...(await ofThree(padded, [4, 5, 4], [2, 2, 2]))]).toEqual([1, Number.NaN, 1]);
  expect([...(await ofThree(padded, [-1, 4, 4], [2, 2, 3]))]).toEqual([Number.NaN, 1, Number.NaN]);
  expect([
    ...(await ofThree(
      labels([
        [1, 2],
        [3, 1],
        [-1, 1],
      ]),
      [4, 4, 4],
      [2, 2, 2],
    )),
  ]).toEqual([1, Number.NaN, Number.NaN]);
  const packed = labels([1, 2, 1, 2]);
  expect([...(await ofThree(packed, [4, 4, 4], [2, -1, 1]))]).toEqual([1, Number.NaN, Number.NaN]);
  expect([...(await ofThree(packed, [4, 4, 4], [2, 2, 1]))]).toEqual([1, 1, Number.NaN]);
});

test('training by it: in captured steps, with lengths on the device, the same bits', async () => {
  const steps = (wrap: <F>(body: F) => F) => {
    k.manualSeed(3);
    const weight = k.randn([6, 5], { requiresGrad: true });
    const loss = new nn.CTCLoss({ blank: 4, zeroInfinity: true });
    return wrap((x: k.Tensor, y: k.Tensor, inputs: k.Tensor, targets: k.Tensor) => {
      weight.grad = null;
      const value = loss.forward(k.logSoftmax(k.matmul(x, weight), 2), y, inputs, targets);
      value.backward();
      return [value, weight.grad as unknown as k.Tensor];
    });
  };
  const [eager, captured] = [steps((body) => body), steps((body) => k.capture(body as never) as never)];
  for (let i = 0; i < 4; i++) {
    const given = [k.randn([8, 3, 6]), k.randint(0, 4, [3, 3]), k.randint(4, 9, [3]), k.randint(0, 4, [3])] as const;
    const [want, got] = [eager(...given), captured(...given)];
    for (const j of [0, 1]) expect(await got[j]?.data()).toEqual(await want[j]?.data());
  }
});

test('what does not fit is refused', async () => {
  const x = k.zeros([4, 2, 3]);
  const y = labels([
    [1, 2],
    [1, 1],
  ]);
  const call = (...[lp, targets, inputs, lengths, options]: Partial<Parameters<typeof F.ctcLoss>>) =>
    expect(() => F.ctcLoss(lp ?? x, targets ?? y, inputs ?? [4, 4], lengths ?? [2, 2], options));
  call(k.zeros([4])).toThrow('ctcLoss: wants f32 log-probabilities [T, N, C] or [T, C], got f32 [4]');
  call(k.zeros([4, 2, 3], { dtype: 'i32' })).toThrow('got i32 [4, 2, 3]');
  call(k.zeros([0, 2, 3])).toThrow('ctcLoss: [0, 2, 3] has no log-probabilities');
  call(x, k.zeros([3, 2], { dtype: 'i32' })).toThrow(
    'ctcLoss: wants targets [2, S] or one behind the other, got [3, 2]',
  );
  call(x, k.zeros([2, 2])).toThrow('ctcLoss: indices are i32, got f32; cast them');
  call(x, y, [4, 5]).toThrow('ctcLoss: 5 of inputLengths is above 4, got [4, 5]');
  call(x, y, [4]).toThrow('ctcLoss: 1 inputLengths for 2 sequences');
  call(x, y, [4, -1]).toThrow('ctcLoss: inputLengths is [4, -1], wants a whole number from 0 on or an array of such');
  call(x, y, [4, 4], [2, 3]).toThrow('ctcLoss: 3 of targetLengths is above 2, got [2, 3]');
  call(x, labels([1, 2, 1]), [4, 4], [2, 2]).toThrow('ctcLoss: targetLengths add up to 4, the targets are 3');
  call(x, y, k.zeros([2])).toThrow('ctcLoss: inputLengths: indices are i32, got f32; cast them');
  call(x, y, [4, 4], k.zeros([3], { dtype: 'i32' })).toThrow('ctcLoss: targetLengths are of shape [2], got [3]');
  call(x, y, [4, 4], [2, 2], { blank: 3 }).toThrow('ctcLoss: blank 3 is none of 3 classes');
  const logits = k.zeros([4, 2, 3], { requiresGrad: true });
  const loss = F.ctcLoss(k.logSoftmax(logits, 2), y, [4, 4], [2, 2]);
  expect(() => k.grad(loss, [logits], { createGraph: true })).toThrow(
    'ctcLoss of [4, 2, 3]: its gradient is not differentiable',
  );
});
