/** A perceptron of two layers, trained: what kindling costs where convolutions are left out. */
import { capture, init, type Tensor, tensor } from 'kindling';
import { Linear, ReLU, Sequential } from 'kindling/nn';
import { crossEntropy } from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';

await init();
const model = new Sequential(new Linear(2, 8), new ReLU(), new Linear(8, 2));
const optimizer = new Adam(model.parameters(), { lr: 1e-2 });
const train = capture((x: Tensor, y: Tensor) => {
  optimizer.zeroGrad();
  const loss = crossEntropy(model(x), y);
  loss.backward();
  optimizer.step();
  return loss;
});
const x = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const y = tensor([0, 1, 1, 0], { dtype: 'i32' });
for (let t = 0; t < 300; t++) console.log(await train(x, y).item());
