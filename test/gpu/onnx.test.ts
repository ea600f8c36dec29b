/** What exporting refuses, and what it leaves as it was. That its files are right is held in `test/node`, by ONNX Runtime. */
import { capture, expand, ones, randn, stats, step, sync, type Tensor, zeros } from 'kindling';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { type ExportOptions, exportOnnx } from 'kindling/onnx';
import { describe, expect, it } from 'vitest';

class Apply extends nn.Module {
  constructor(readonly body: (x: Tensor) => Tensor) {
    super();
  }
  forward(x: Tensor): Tensor {
    return this.body(x);
  }
}

const linear = (): nn.Module => new nn.Sequential(new nn.Linear(3, 2), new nn.Dropout());

describe('exportOnnx refuses', () => {
  it.each<[string, (x: Tensor) => Tensor, RegExp]>([
    [
      'a function without a rule',
      (x) => F.crossEntropy(x, zeros([2], { dtype: 'i32' })),
      /'crossEntropy'.*supported are/,
    ],
    [
      'training',
      (x) => F.dropout(x),
      /'dropout' of \[2, 3\] to \[2, 3\] has no form in ONNX here; supported are abs, /,
    ],
  ])('%s', async (_, body, message) => {
    await expect(exportOnnx(new Apply(body), ones([2, 3]), { dynamicBatch: false })).rejects.toThrow(message);
  });

  it.each<[string, (x: Tensor) => Tensor, RegExp]>([
    [
      'a length',
      (x) => expand(ones([1, 3]), x.shape).add(x),
      /input of Add depends on the number of rows: \[2, 3\], then \[3, 3\]/,
    ],
    [
      'two lengths',
      (x) =>
        x
          .unsqueeze(1)
          .add(x)
          .sum({ dim: 2 })
          .reshape([x.shape[0] as number, 1, x.shape[0] as number]),
      /input of Reshape depends on the number of rows/,
    ],
    ['a number', (x) => x.mul(x.shape[0] as number), /input of Mul depends on the number of rows/],
    [
      'a weight',
      (x) => F.instanceNorm(x.reshape([-1, 1, 3]), { weight: ones([1]) }).sum({ dim: 1 }),
      /input of \w+ depends on the number of rows: \[\d/,
    ],
    ['the functions called', (x) => (x.shape[0] === 2 ? x : x.relu()), /what the model computes depends on the number/],
  ])('%s that depends on the batch, unless it is fixed', async (_, body, message) => {
    const model = new Apply(body);
    await expect(exportOnnx(model, ones([2, 3]))).rejects.toThrow(message);
    await expect(exportOnnx(model, ones([2, 3]))).rejects.toThrow(/pass dynamicBatch: false/);
    expect((await exportOnnx(model, ones([2, 3]), { dynamicBatch: false })).length).toBeGreaterThan(50);
  });

  it.each<[string, ExportOptions, RegExp]>([
    ['an old opset', { opset: 16 }, /opset is a whole number from 17 to 22, got 16/],
    ['too many names', { inputNames: ['a', 'b'] }, /as many names as inputs, 1; got \[a, b\]/],
    ['a name of two things', { outputNames: ['0.weight'] }, /'0\.weight' would name two things/],
    ['one name for input and output', { inputNames: ['output'] }, /'output' would name two things/],
  ])('%s', async (_, options, message) => {
    await expect(exportOnnx(linear(), zeros([2, 3]), options)).rejects.toThrow(message);
  });

  it('to run inside a step', async () => {
    const model = linear();
    const x = zeros([2, 3]);
    let inside: Promise<unknown>[] = [];
    step(() => {
      inside = [exportOnnx(model, x)];
    });
    capture(() => {
      inside.push(exportOnnx(model, x));
    })();
    for (const one of inside) await expect(one).rejects.toThrow(/not inside a step or a captured function/);
  });
});

describe('exportOnnx leaves', () => {
  it('the mode of every module as it was', async () => {
    const model = new nn.Sequential(new nn.Linear(3, 2), new nn.Dropout(), new nn.ReLU()).train();
    model[1]?.eval();
    await exportOnnx(model, zeros([2, 3]));
    await expect(exportOnnx(model, zeros([2, 4]))).rejects.toThrow(/features/);
    expect(model.modules().map(({ training }) => training)).toEqual([true, true, false, true]);
  });

  it('weights, statistics and GPU memory as they were', async () => {
    const model = new nn.Sequential(new nn.Conv2d(3, 4, 3), new nn.BatchNorm2d(4), new nn.ReLU(), new nn.Flatten());
    const x = randn([1, 3, 6, 6]);
    const state = async () => Promise.all(Object.values(model.stateDict()).map(async (one) => [...(await one.data())]));
    const before = await state();
    const first = await exportOnnx(model, x);
    await sync();
    const { buffers, bytes } = stats();
    const second = await exportOnnx(model, x);
    await sync();
    expect({ buffers: stats().buffers, bytes: stats().bytes }).toEqual({ buffers, bytes });
    expect(second).toEqual(first);
    expect(await state()).toEqual(before);
  });
});
