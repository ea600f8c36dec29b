/** A product that is read itself and by what was fused with it: it runs once, and the bits are those of what is not fused. */
import * as k from 'kindling';
import { randn, type Tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { describe, expect, test } from 'vitest';

interface Model {
  readonly leaves: readonly Tensor[];
  /** Everything that is looked at. */
  readonly run: () => readonly Tensor[];
}

const leaf = (...shape: number[]): Tensor => randn(shape, { requiresGrad: true });

/** A ReLU of a convolution, pooled, with both of them read besides. Half of its values are 0, some of either sign. */
function skips(besides: (y: Tensor, z: Tensor) => readonly Tensor[]): Model {
  const x = leaf(3, 2, 7, 8);
  const [weight, bias] = [leaf(4, 2, 3, 3), leaf(4)];
  const run = () => {
    const y = F.conv2d(x, weight, bias, { padding: 1 });
    const z = k.relu(y);
    return [F.maxPool2d(z, 2), ...besides(y, z)];
  };
  return { leaves: [x, weight, bias], run };
}

function perceptron(besides: (y: Tensor, z: Tensor) => readonly Tensor[]): Model {
  const [x, first, bias, second] = [leaf(6, 5), leaf(9, 5), leaf(9), leaf(4, 9)];
  const run = () => {
    const y = F.linear(x, first, bias);
    const z = k.relu(y);
    return [F.linear(z, second), ...besides(y, z)];
  };
  return { leaves: [x, first, bias, second], run };
}

const READERS: Record<string, (y: Tensor, z: Tensor) => readonly Tensor[]> = {
  'nobody else': () => [],
  'the ReLU': (_, z) => [k.sigmoid(z)],
  'the product': (y) => [k.sigmoid(y)],
  both: (y, z) => [y.mul(2), z.mul(3)],
  'the product, after the ReLU was overwritten elsewhere': (y, z) => [k.noGrad(() => z.mul(1).copy_(y)), y.add(1)],
  'whoever keeps them': (y, z) => [y, z],
};

/** Values and gradients, as bits. */
async function bits(tensors: readonly (Tensor | null)[]): Promise<number[][]> {
  const data = await Promise.all(tensors.map((one) => one?.data() ?? new Float32Array()));
  return data.map((values) => [...new Uint32Array(new Float32Array(values).buffer)]);
}

function both({ leaves, run }: Model): readonly Tensor[] {
  for (const one of leaves) one.grad = null;
  const values = run();
  const loss = values.reduce((total, value, i) => total.add(value.mul(i + 1).sum()), k.zeros([]));
  loss.backward();
  return [...values, ...leaves.map(({ grad }) => (grad as Tensor).mul(1))];
}

describe.each([
  ['a convolution', skips],
  ['a linear layer', perceptron],
] as const)('%s is read by', (_, make) => {
  test.each(Object.keys(READERS))('%s', async (name) => {
    k.manualSeed(7);
    const model = make(READERS[name] as (y: Tensor, z: Tensor) => readonly Tensor[]);
    // Outside of steps nothing is fused.
    const wanted = await bits(both(model));
    const inStep = k.step(() => both(model));
    expect(await bits(inStep)).toEqual(wanted);
    const captured = k.capture(() => both(model));
    for (let i = 0; i < 3; i++) expect(await bits(captured())).toEqual(wanted);
  });

  test('hooks, and gradients that are kept', async () => {
    k.manualSeed(8);
    const seen: Tensor[] = [];
    const model = make((y, z) => {
      k.registerHook(y, (g) => void seen.push(k.keep(g.mul(1))));
      z.retainGrad();
      return [k.sigmoid(z)];
    });
    const wanted = await bits(both(model));
    const first = await bits(seen.splice(0));
    expect(await bits(k.step(() => both(model)))).toEqual(wanted);
    expect(await bits(seen.splice(0))).toEqual(first);
  });
});
