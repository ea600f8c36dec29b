/** The study's network, trained: the smallest program in kindling. */
import { capture, init, type Tensor, tensor } from 'kindling';
import { Conv2d, Flatten, Linear, MaxPool2d, type Module, ReLU, Sequential } from 'kindling/nn';
import { crossEntropy } from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';

await init();
const model: Module = new Sequential(
  new Conv2d(3, 32, 3),
  new ReLU(),
  new MaxPool2d(2),
  new Conv2d(32, 64, 3),
  new ReLU(),
  new MaxPool2d(2),
  new Conv2d(64, 64, 3),
  new ReLU(),
  new Flatten(),
  new Linear(1024, 64),
  new ReLU(),
  new Linear(64, 10),
);
const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
const train = capture((x: Tensor, y: Tensor) => {
  optimizer.zeroGrad();
  const loss = crossEntropy(model(x), y);
  loss.backward();
  optimizer.step();
  return loss;
});
const x = tensor(Float32Array.from({ length: 64 * 3072 }, Math.random), { shape: [64, 3, 32, 32] });
const y = tensor(Int32Array.from({ length: 64 }, (_, i) => i % 10));
for (let t = 0; t < 100; t++) console.log(await train(x, y).item());
