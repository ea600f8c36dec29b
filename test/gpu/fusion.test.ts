/** What may be fused, and what no longer may. */
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { SGD } from 'kindling/optim';
import { describe, expect, test } from 'vitest';

const leaf = (data: k.Nested): k.Tensor => k.tensor(data, { requiresGrad: true });
const values = (tensor: k.Tensor | null | undefined) => (tensor as k.Tensor).array();

describe('fusion takes up what still holds', () => {
  const kernel = () => leaf([[[[2]]]]);
  const image = () =>
    k.tensor([
      [
        [
          [1, -1],
          [3, -4],
        ],
      ],
    ]);
  const matrix = () =>
    leaf([
      [2, 0],
      [0, 2],
    ]);

  test('an input that an inner step freed, or that was disposed of', async () => {
    const conv = (x: k.Tensor) => F.conv2d(x, kernel());
    const product = (x: k.Tensor) => F.linear(x.reshape(2, 2), matrix());
    for (const make of [conv, product]) {
      const wanted = await image().mul(4).relu().reshape(-1).array();
      expect(
        await k
          .step(() =>
            k
              .step(() => make(image().mul(2)))
              .relu()
              .reshape(-1),
          )
          .array(),
      ).toEqual(wanted);
      const disposed = k.step(() => {
        const x = image().mul(2);
        const y = make(x);
        x.dispose();
        return y.relu().reshape(-1);
      });
      expect(await disposed.array()).toEqual(wanted);
    }
    const pooled = k.step(() =>
      F.maxPool2d(
        k.step(() => conv(image().mul(2)).relu()),
        2,
      ),
    );
    expect(await pooled.array()).toEqual([[[[12]]]]);
    // The loss of log-probabilities, whose logits are gone.
    const target = k.tensor([0, 1], { dtype: 'i32' });
    const run = (inner: <T>(body: () => T) => T) =>
      k.step(() =>
        F.nllLoss(
          inner(() => k.logSoftmax(product(image()), 1)),
          target,
        ),
      );
    expect(await run(k.step).item()).toBeCloseTo(await run((body) => body()).item(), 4);
  });

  test('inputs, the product or the mask overwritten', async () => {
    const zero = k.zeros([1, 1, 2, 2]);
    const over = (hit: (x: k.Tensor, y: k.Tensor) => k.Tensor) =>
      k.step(() => {
        const x = image();
        const y = F.conv2d(x, kernel());
        const target = hit(x, y).detach();
        target.copy_(zero);
        return F.maxPool2d(y.relu(), 2);
      });
    expect(await over((x) => x).item()).toBe(6);
    expect(await over((_, y) => y).item()).toBe(0);
    // ReLU's mask goes with the gradient of the convolution behind it, whose weight was written after the ReLU.
    const [x, w] = [
      leaf([
        [
          [
            [1, -1],
            [3, -4],
          ],
        ],
      ]),
      leaf([[[[2]]]]),
    ];
    k.step(() => {
      const h = x.relu();
      w.copy_(Float32Array.of(3));
      F.conv2d(h, w).sum().backward();
    });
    expect(await values(x.grad)).toEqual([
      [
        [
          [3, 0],
          [3, 0],
        ],
      ],
    ]);
    k.step(() => {
      const h = x.relu();
      const y = F.conv2d(h, w.detach()).sum();
      h.detach().copy_(zero);
      expect(() => y.backward()).toThrow(/^relu: /);
    });
  });

  test('a ReLU that is a leaf has the gradient of its own, a leaf that came of it by detach too', async () => {
    const negative = () =>
      k.tensor([
        [
          [
            [-1, -2],
            [-3, -4],
          ],
        ],
      ]);
    for (const wrap of [(body: () => void) => body(), (body: () => void) => k.step(body)]) {
      for (const make of [
        () => k.relu(negative()),
        () => k.noGrad(() => k.relu(negative())),
        () => negative().relu().detach(),
      ]) {
        const h = k.keep(make()).requiresGrad_();
        wrap(() => F.maxPool2d(h, 2).sum().backward());
        expect(await values(h.grad)).toEqual([
          [
            [
              [1, 0],
              [0, 0],
            ],
          ],
        ]);
      }
    }
  });

  test('a convolution reshaped before its ReLU is pooled in its new shape', async () => {
    const x = k.keep(k.arange(0, 32).sub(11.5).reshape([1, 1, 4, 8]));
    const w = k.keep(k.tensor([[[[1]]]]));
    const body = () => F.maxPool2d(k.relu(F.conv2d(x, w).reshape(1, 1, 8, 4)), 2);
    expect(await k.step(body).array()).toEqual(await F.maxPool2d(k.relu(x.reshape(1, 1, 8, 4)), 2).array());
  });

  test('a gradient that moves to where an older one lay is written after that was read', async () => {
    const w = leaf([2, 3]);
    const optimizer = new SGD([w], { lr: 1 });
    const [x, g] = [k.keep(k.tensor([5, 7])), k.keep(k.tensor([1, 10]))];
    w.mul(x).backward(x);
    const run = () => {
      const y = w.mul(x);
      const old = w.grad;
      optimizer.zeroGrad();
      y.backward(g);
      return [y, old as k.Tensor];
    };
    const [y, old] = k.step(run);
    expect(await values(y)).toEqual([10, 21]);
    expect(await values(old)).toEqual([25, 49]);
    expect(await values(w.grad)).toEqual([5, 70]);
    // Twice in one step, with the optimizer between.
    k.step(() => {
      for (const factor of [1, 2]) {
        optimizer.zeroGrad();
        w.mul(x).backward(g.mul(factor));
        optimizer.step();
      }
    });
    expect(await values(w)).toEqual([2 - 5 - 10, 3 - 70 - 140]);
  });
});
