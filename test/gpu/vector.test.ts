/** Parameters as one vector, and back. */
import { type Tensor, tensor, zeros } from 'kindling';
import { Linear, parametersToVector, vectorToParameters } from 'kindling/nn';
import { expect, test } from 'vitest';

test('parametersToVector and vectorToParameters are each other’s inverse, in the order of the parameters', async () => {
  const [a, b] = [new Linear(3, 2), new Linear(3, 2)];
  const vector = parametersToVector(a.parameters());
  expect(vector.shape).toEqual([8]);
  expect(await vector.array()).toEqual([
    ...((await a.weight.array()) as number[][]).flat(),
    ...((await (a.bias as Tensor).array()) as number[]),
  ]);
  vectorToParameters(vector, b.parameters());
  expect(await b.weight.array()).toEqual(await a.weight.array());
  vector.detach().copy_(zeros([8]));
  expect(await b.bias?.array()).toEqual(await a.bias?.array());
  expect(b.weight.isLeaf && b.weight.requiresGrad).toBe(true);
});

test('gradients pass through parametersToVector', async () => {
  const model = new Linear(2, 2);
  parametersToVector(model.parameters())
    .mul(tensor([1, 2, 3, 4, 5, 6]))
    .sum()
    .backward();
  expect(await model.weight.grad?.array()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(await model.bias?.grad?.array()).toEqual([5, 6]);
});

test('a vector of another size is refused before anything is written', async () => {
  const model = new Linear(2, 2);
  const before = await model.weight.array();
  expect(() => vectorToParameters(zeros([7]), model.parameters())).toThrow(
    'the parameters have 6 entries, the vector is [7]',
  );
  expect(() => vectorToParameters(zeros([6, 1]), model.parameters())).toThrow('the vector is [6, 1]');
  expect(await model.weight.array()).toEqual(before);
  expect(() => parametersToVector([])).toThrow('there are no parameters');
});
