/** Layers: how they begin, run, count and refuse, as PyTorch's do. */
import { capture, full, manualSeed, ones, randn, step, type Tensor, tensor } from 'kindling';
import * as nn from 'kindling/nn';
import { describe, expect, it } from 'vitest';

describe('layers', () => {
  it('in a Sequential run in order, and are indexed', async () => {
    const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(4, 2), new nn.ReLU());
    expect([model.length, [...model].length]).toEqual([3, 3]);
    expect(model[1]).toBeInstanceOf(nn.Linear);
    model.loadStateDict({
      '1.weight': tensor([
        [1, 2, 3, 4],
        [-1, 0, 0, 0],
      ]),
      '1.bias': tensor([0.5, 0.5]),
    });
    expect(await model.forward(ones([1, 2, 2])).array()).toEqual([[10.5, 0]]);
    expect(() => new nn.ModuleList([new nn.ReLU()]).forward()).toThrow(/no forward/);
  });

  it('outlive the step that makes them', async () => {
    const model = step(() => new nn.Linear(3, 3));
    const x = randn([2, 3]);
    step(() => model.forward(x).sum().backward());
    expect(await model.weight.grad?.data()).toHaveLength(9);
  });

  it('batch normalisation counts batches, in training alone', async () => {
    const bn = new nn.BatchNorm2d(2);
    const x = randn([4, 2, 3, 3]);
    bn.forward(x);
    bn.forward(x);
    bn.eval().forward(x);
    expect(await bn.numBatchesTracked?.item()).toBe(2);
    const mean = await x.mean({ dim: [0, 2, 3] }).data();
    const running = await bn.runningMean?.data();
    for (const [i, value] of mean.entries()) expect(running?.[i]).toBeCloseTo(value * (0.1 + 0.09), 5);
  });

  it("start as PyTorch's", async () => {
    manualSeed(2);
    const most = async (x: Tensor | null): Promise<number> => Math.max(...((await x?.data()) ?? []).map(Math.abs));
    // [layer, bound of the weight, bound of the bias]: uniform, so that the largest of many comes near it.
    const layers = [
      [new nn.Conv1d(16, 64, 5), 1 / Math.sqrt(80), 1 / Math.sqrt(80)],
      [new nn.Conv2d(8, 64, [3, 5], { groups: 2 }), 1 / Math.sqrt(60), 1 / Math.sqrt(60)],
      // The fan in of a transposed weight is that of the gradient.
      [new nn.ConvTranspose2d(64, 128, 3, { groups: 2 }), 1 / Math.sqrt(576), 1 / Math.sqrt(576)],
    ] as const;
    for (const [{ weight, bias }, ofWeight, ofBias] of layers) {
      for (const [largest, bound] of [
        [await most(weight), ofWeight],
        [await most(bias), ofBias],
      ] as const) {
        expect(largest).toBeLessThanOrEqual(bound);
        expect(largest).toBeGreaterThan(0.9 * bound);
      }
    }
    const attention = new nn.MultiheadAttention(32, 4);
    const bound = Math.sqrt(6 / (32 + 96));
    expect(await most(attention.inProjWeight)).toBeGreaterThan(0.9 * bound);
    expect(await most(attention.inProjWeight)).toBeLessThanOrEqual(bound);
    expect([await most(attention.inProjBias), await most(attention.outProj.bias)]).toEqual([0, 0]);
    const rows = (await new nn.Embedding(50, 40, { paddingIdx: -2 }).weight.array()) as number[][];
    expect(rows[48]?.every((value) => value === 0)).toBe(true);
    const others = rows.filter((_, i) => i !== 48).flat();
    expect(others.reduce((sum, value) => sum + value, 0) / others.length).toBeCloseTo(0, 1);
    expect(others.reduce((sum, value) => sum + value * value, 0) / others.length).toBeCloseTo(1, 1);
  });

  it('attention drops weights in training alone', async () => {
    const x = randn([6, 2, 4]);
    const attention = new nn.MultiheadAttention(4, 2, { dropout: 0.5 });
    const weights = async (): Promise<number[]> => {
      const [, made] = attention.forward(x, x, x, { averageAttnWeights: false });
      return [...((await made?.data()) ?? [])];
    };
    const zeroes = (await weights()).filter((value) => value === 0).length;
    expect(zeroes).toBeGreaterThan(40);
    expect(zeroes).toBeLessThan(104);
    attention.eval();
    expect((await weights()).every((value) => value > 0)).toBe(true);
  });

  it('upsample in captured steps', async () => {
    const upsample = new nn.Upsample({ scaleFactor: [2, 1.5] });
    const run = capture((x: Tensor) => upsample.forward(x));
    for (let i = 0; i < 3; i++) {
      const y = run(full([1, 1, 2, 2], i));
      expect(await y.array()).toEqual([[Array(4).fill([i, i, i])]]);
    }
  });

  it('refuse what does not fit', () => {
    expect(() => new nn.Conv2d(3, 4, 3, { groups: 2 })).toThrow('Conv2d: groups 2 must divide 3 and 4 channels');
    expect(() => new nn.GroupNorm(3, 4)).toThrow('GroupNorm: 3 groups do not divide 4 channels');
    expect(() => new nn.Embedding(4, 2, { paddingIdx: 4 })).toThrow('paddingIdx 4 is outside a table of 4 rows');
    expect(() => new nn.MultiheadAttention(6, 4)).toThrow('MultiheadAttention: 4 heads do not divide embedDim 6');
    const image = ones([2, 4, 3, 3]);
    expect(() => new nn.BatchNorm1d(4).forward(image)).toThrow(
      'BatchNorm1d: wants 2 or 3 dimensions, got [2, 4, 3, 3]',
    );
    expect(() => new nn.BatchNorm2d(4).forward(ones([2, 4]))).toThrow('BatchNorm2d: wants 4 dimensions, got [2, 4]');
    expect(() => new nn.InstanceNorm2d(3, { affine: true }).forward(image)).toThrow(
      'instanceNorm: input [2, 4, 3, 3] wants weight [4], got [3]',
    );
    expect(() => new nn.InstanceNorm2d(4).forward(ones([2, 4, 1, 1]))).toThrow('more than one value per channel');
    expect(() => new nn.MaxPool1d(2).forward(image)).toThrow('maxPool1d: wants shape [N, C, L] or [C, L]');
    expect(() => new nn.Upsample({}).forward(image)).toThrow('interpolate: give one of size and scaleFactor');
    expect(() => new nn.Upsample({ size: [2] }).forward(image)).toThrow('has 2 spatial dimensions');
    expect(() => new nn.Upsample({ scaleFactor: 0.2 }).forward(image)).toThrow('none of which can be left empty');
    const attention = new nn.MultiheadAttention(4, 2);
    const x = ones([3, 2, 4]);
    expect(() => attention.forward(x, x, ones([3, 2, 5]))).toThrow('wants [L, N, 4] or [L, 4] thrice, got [3, 2, 4]');
    expect(() => attention.forward(x, x, x, { attnMask: ones([3, 2]) })).toThrow(
      'wants attnMask [3, 3] or [4, 3, 3] of bool or f32, got [3, 2] of f32',
    );
    const short = ones([2, 4]).to('bool');
    expect(() => attention.forward(x, x, x, { keyPaddingMask: short })).toThrow('wants keyPaddingMask [2, 3]');
  });

  it('losses pass their options on', async () => {
    const logits = tensor([
      [1, 2, 0],
      [0, 0, 3],
    ]);
    const classes = tensor([1, 2], { dtype: 'i32' });
    const weighted = new nn.CrossEntropyLoss({ weight: tensor([1, 0, 2]), reduction: 'sum' });
    expect(await weighted.forward(logits, classes).item()).toBeCloseTo(2 * Math.log(1 + 2 * Math.exp(-3)), 5);
    expect(Object.keys(weighted.stateDict())).toEqual(['weight']);
    const huber = new nn.HuberLoss({ delta: 2, reduction: 'none' });
    expect(await huber.forward(tensor([1, 4]), tensor([0, 0])).array()).toEqual([0.5, 6]);
  });
});
